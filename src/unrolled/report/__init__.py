"""Reports and figures of forecasts, as HTML pages, Markdown and pictures."""

from .content import ReportContent
from .report import Report

__all__ = ["Report", "ReportContent"]
