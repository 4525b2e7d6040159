"""Answers of Yahoo Finance without a network."""

from __future__ import annotations

import pytest


@pytest.fixture
def web(monkeypatch):
    """yfinance with its HTTP transport replaced, without any cache shared with other runs."""
    import yfinance.cache
    import yfinance.data
    from curl_cffi.requests import Response, Session

    answers = {}

    def request(session, method, url, **options):
        for part, answer in answers.items():
            if part in url:
                if isinstance(answer, Exception):
                    raise answer
                response = Response()
                response.url, response.status_code = url, answer[0]
                response.content = answer[1]
                return response
        raise AssertionError(f"the test has no answer to {url}")

    monkeypatch.setattr(Session, "request", request)
    monkeypatch.setattr(yfinance.cache, "get_tz_cache", yfinance.cache._TzCacheDummy)
    monkeypatch.setattr(yfinance.cache, "get_cookie_cache", yfinance.cache._CookieCacheDummy)
    monkeypatch.setattr(yfinance.data.SingletonMeta, "_instances", {})
    yfinance.data.YfData.cache_get.cache_clear()
    answers["fc.yahoo.com"] = (404, b"")
    answers["getcrumb"] = (200, b"crumb")
    return answers
