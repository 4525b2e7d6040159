"""Files of time series: the format of a table and the roles of its columns are inferred and reported."""

from .options import CovariateColumns, ReadOptions
from .read_table import read_table
from .reader import FileTable, read_file
from .related_files import read_forecast, read_future

__all__ = ["CovariateColumns", "FileTable", "ReadOptions", "read_file", "read_forecast", "read_future", "read_table"]
