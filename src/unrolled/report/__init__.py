"""Reports and figures: what a forecast says, as a page, as Markdown and as pictures."""

from .report import Report, report_of
from .subject import Subject, facts

__all__ = ["Report", "Subject", "facts", "report_of"]
