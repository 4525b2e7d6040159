"""Opening prices for the stock demo: where they come from, and how they are cut and scaled.

They are the bundled ones, or those of a ticker from Yahoo Finance.
"""

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

from .base import windows

if TYPE_CHECKING:
    import pandas as pd

BUNDLED = Path(__file__).parent / "data" / "goog_2004_2008.csv"
BUNDLED_DAYS = 756  # three years of 252 trading days, as the text has
WINDOW, TRAINING_SHARE = 50, 0.8


class Prices(NamedTuple):
    name: str
    dates: Array  # (n,) datetime64[D], increasing
    open: Array  # (n,) the first price of each day, in dollars


class Scale(NamedTuple):
    """Min-max scaling: the training prices lie between 0 and 1."""

    low: float
    high: float

    @classmethod
    def of(cls, training: Array) -> Scale:
        return cls(float(training.min()), float(training.max()))

    def down(self, price: Array) -> Array:
        return (price - self.low) / (self.high - self.low)

    def up(self, scaled: Array) -> Array:
        return scaled * (self.high - self.low) + self.low


class Split(NamedTuple):
    """Prices ready for the network."""

    scale: Scale
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
            "Ask for a longer time between start and end."
        )
    scale = Scale.of(opening[:n])
    if scale.low == scale.high:
        raise un.DataError(
            f"all {n} training prices are {scale.low:g}: there is nothing to learn. Take another ticker."
        )
    scaled = scale.down(opening)
    return Split(scale, n, *windows(scaled[:n], WINDOW), *windows(scaled[n - WINDOW :], WINDOW))


def bundled() -> Prices:
    """The last three trading years of the bundled prices, 2005-10-13 to 2008-10-14."""
    import pandas as pd

    frame = pd.read_csv(BUNDLED, index_col="date", parse_dates=True)
    return from_frame("GOOG", frame["open"].iloc[-BUNDLED_DAYS:])


def from_frame(name: str, opening: pd.Series) -> Prices:
    """Prices from a column with dates as its index; days without a price are left out."""
    opening = opening.dropna().sort_index()
    return Prices(name, opening.index.to_numpy().astype("datetime64[D]"), opening.to_numpy(dtype=float))


def from_yahoo(ticker: str, start: str, end: str) -> Prices:
    """Daily opening prices of a ticker from Yahoo Finance, `start` included, `end` not.

    Raises:
        InputError: yfinance is not installed, or the ticker or a date is not written as it should be.
        DataError: Yahoo gave no prices: no network, unknown ticker, no trading days; the message says what it said.
    """
    # yfinance takes "A B" for two tickers and would send anything else on as part of an address
    if not re.fullmatch(r"[A-Za-z0-9.^=-]+", ticker):
        raise un.InputError(f"ticker must be one symbol such as GOOGL or BRK-B; got {ticker!r}.")
    first, last = day("start", start), day("end", end)
    if first >= last:
        raise un.InputError(f"start must lie before end; got start {first} and end {last}.")
    with warnings.catch_warnings(), yahoo_log() as said:
        try:
            import yfinance
        except ImportError:
            raise un.InputError(
                "prices by ticker come through yfinance, which is not installed: pip install 'unrolled[yahoo]'. "
                "Without a ticker the demo runs on bundled prices."
            ) from None
        # its warnings are about its own use of pandas, nothing a user could mend; importing it turns them on
        warnings.simplefilter("ignore")
        try:
            frame = yfinance.download(
                ticker,
                start=first.isoformat(),
                end=last.isoformat(),
                auto_adjust=False,  # adjusted prices of the past change with every later dividend; traded ones stay
                multi_level_index=False,
                progress=False,
                threads=False,
            )
        except Exception as error:  # whatever a web service breaks with, the user can do the same about it
            said.append(f"{type(error).__name__}: {error}")
            frame = None
    if frame is None or "Open" not in frame or frame["Open"].dropna().empty:
        reason = f" It said: {said[-1].removeprefix(f'[{ticker.upper()!r}]: ')}." if said else ""
        raise un.DataError(
            f"Yahoo Finance gave no prices for {ticker!r} from {first} to {last}.{reason} Check the network, the "
            "ticker and the dates; without a ticker the demo runs on bundled prices."
        )
    return from_frame(ticker.upper(), frame["Open"])


def day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise un.InputError(f"{name} must be a date such as 2020-04-01; got {text!r}.") from None


@contextmanager
def yahoo_log() -> Iterator[list[str]]:
    """What yfinance logs as errors meanwhile, instead of on the terminal: it logs where others raise."""
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
