"""Files as people have them: what is in a table on disk is found out, said, and can be overruled."""

from .options import Beside, Reading
from .others import read_forecast, read_future
from .public import read_table
from .reader import Table, read

__all__ = ["Beside", "Reading", "Table", "read", "read_forecast", "read_future", "read_table"]
