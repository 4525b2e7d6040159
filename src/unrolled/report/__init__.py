"""Reports and figures: what a forecast says, as a page, as Markdown and as pictures."""

from .content import ReportContent
from .report import Report

__all__ = ["Report", "ReportContent"]
