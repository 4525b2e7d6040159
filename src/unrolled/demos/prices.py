"""Opening prices for the stock demo, bundled or from Yahoo Finance: reading, splitting and scaling."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import unrolled as un
from unrolled.arrays import Array

from .base import Scale, windows

if TYPE_CHECKING:
    import pandas as pd

BUNDLED = Path(__file__).parent / "data" / "goog_2004_2008.csv"
BUNDLED_DAYS = 756  # three years of 252 trading days
WINDOW, TRAINING_SHARE = 50, 0.8


class Prices(NamedTuple):
    name: str
    dates: Array  # (n,) datetime64[D], increasing
    open: Array  # (n,) the first price of each day, in dollars


class Split(NamedTuple):
    """Prices ready for the network."""

    scale: Scale  # with the training prices between 0 and 1
    n_training: int  # days
    x_train: Array  # (N, WINDOW, 1), scaled
    y_train: Array  # (N, 1), scaled
    x_test: Array
    y_test: Array


def split(opening: Array) -> Split:
    """The training part, the test part, and the scale of the training part."""
    n = ceil(TRAINING_SHARE * len(opening))
    if n <= WINDOW or n == len(opening):
        needed = next(k for k in range(WINDOW, 2 * WINDOW) if WINDOW < ceil(TRAINING_SHARE * k) < k)
        raise un.DataError(
            f"{len(opening)} prices are too few: windows of {WINDOW} days and a test part of 20 % need {needed}. "
            "Choose an earlier `start` or a later `end`."
        )
    scale = Scale.min_max(opening[:n])
    if not scale.unit:
        raise un.DataError(
            f"all {n} training prices are {scale.origin:g}: there is nothing to learn. Use another ticker."
        )
    scaled = scale.transform(opening)
    return Split(scale, n, *windows(scaled[:n], WINDOW), *windows(scaled[n - WINDOW :], WINDOW))


def bundled() -> Prices:
    """The last three trading years of the bundled prices, 2005-10-13 to 2008-10-14."""
    import pandas as pd

    frame = pd.read_csv(BUNDLED, index_col="date", parse_dates=True)
    return from_frame("GOOG", frame["open"].iloc[-BUNDLED_DAYS:])


def from_frame(name: str, opening: pd.Series) -> Prices:
    """Prices from a column with dates as its index; days without a price are dropped."""
    opening = opening.dropna().sort_index()
    return Prices(name, opening.index.to_numpy().astype("datetime64[D]"), opening.to_numpy(dtype=float))


def from_yahoo(ticker: str, start: str, end: str) -> Prices:
    """Daily opening prices of a ticker from Yahoo Finance, `start` included, `end` not.

    Raises:
        InputError: yfinance is not installed, or the ticker or a date is not written as it should be.
        DataError: Yahoo returned no prices: no network, unknown ticker, no trading days; with its message.
    """
    # yfinance reads "A B" as two tickers, and would pass anything else on as part of an address
    if not re.fullmatch(r"[A-Za-z0-9.^=-]+", ticker):
        raise un.InputError(f"`ticker` must be one symbol such as GOOGL or BRK-B; got {ticker!r}.")
    first, last = day("start", start), day("end", end)
    if first >= last:
        raise un.InputError(f"`start` must be before `end`; got {first} and {last}.")
    with warnings.catch_warnings(), yahoo_log() as said:
        try:
            import yfinance
        except ImportError:
            raise un.InputError(
                "the prices of a ticker need yfinance, which is not installed: pip install 'unrolled[yahoo]'. "
                "Without a ticker the demo uses bundled prices."
            ) from None
        # its warnings are about its own use of pandas, which users can't change; importing it turns them on
        warnings.simplefilter("ignore")
        try:
            frame = yfinance.download(
                ticker,
                start=first.isoformat(),
                end=last.isoformat(),
                auto_adjust=False,  # adjusted prices of the past change with every later dividend
                multi_level_index=False,
                progress=False,
                threads=False,
            )
        except MemoryError:
            raise
        except Exception as error:  # the remedy is the same for every failure of a web service
            said.append(f"{type(error).__name__}: {error}")
            frame = None
    if frame is None or "Open" not in frame or frame["Open"].dropna().empty:
        reason = f" Its message: {said[-1].removeprefix(f'[{ticker.upper()!r}]: ')}." if said else ""
        raise un.DataError(
            f"Yahoo Finance returned no prices for {ticker!r} from {first} to {last}.{reason} Check the network, the "
            "ticker and the dates; without a ticker the demo uses bundled prices."
        )
    return from_frame(ticker.upper(), frame["Open"])


def day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise un.InputError(f"`{name}` must be a date such as 2020-04-01; got {text!r}.") from None


@contextmanager
def yahoo_log() -> Iterator[list[str]]:
    """Collect the errors that yfinance logs meanwhile, instead of raising them, and keep them off the terminal."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage().strip())  # type: ignore[method-assign]
    logger = logging.getLogger("yfinance")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
