"""Reports and figures: what a forecast says, as a page, as Markdown and as pictures."""

from .content import ReportContent, facts
from .report import Report, report_of

__all__ = ["Report", "ReportContent", "facts", "report_of"]
