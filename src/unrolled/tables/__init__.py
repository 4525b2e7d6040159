"""Files as people have them: what is in a table on disk is found out, said, and can be overruled."""

from .options import Beside, Reading
from .public import read_table
from .reader import Table, read, read_forecast, read_future

__all__ = ["Beside", "Reading", "Table", "read", "read_forecast", "read_future", "read_table"]
