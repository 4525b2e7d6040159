"""Outliers: single values far from the level and season around them.

The level at a row is a running median, which follows trends, random walks and lasting changes of level. The season is
a running median over the same position in neighbouring seasons. The remainder, in logarithms if these fit the series
better, is compared with its own spread, and must also be set apart from the usual remainders by a gap. The limit is
chosen so that most tables of mere noise have no outlier. Nothing is changed in the data.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from ..plurals import counted
from .frequency import Frequency
from .local_clock import LocalClock
from .panel import Panel
from .ragged import offsets_of, pieces_of, side_by_side

LEVEL_ROWS = 7  # behind a running median; also the seasons behind the median of a position
MIN_SEASONS = 3  # with fewer, a median over seasons would be drawn along by an outlier
MIN_LONGER_SEASONS = 2  # of a week of hours, whose effects beside those of the day are mostly small
MIN_ROWS_WITH_SEASON = 16  # with fewer, a season would fit their noise
PLACES_PER_SPAN = 8  # of a season at which its running median is computed
PASSES = 2  # the season is estimated without a trend, and the trend without that season
MIN_ROWS = LEVEL_ROWS  # of a series; with fewer, nothing tells an outlier from the noise
FALSE_ALARMS = 0.05  # of a table of normal noise whose spread is known
MARGIN, MARGIN_TIMES_ROWS = 1.3, 4.0  # for tails heavier than normal ones, and for a spread from few rows
GAP = 1.5  # an outlier is this many times as far as the next smaller distance, so that heavy tails have few
MIN_LOG_EVIDENCE = 4.0  # log-likelihood by which logarithms must fit better
DEGREES, MAX_SCORE = 3.0, 4.0  # of its t distribution; values this many spreads away do not count
SCALE_STEPS = 10  # towards the most likely scale of that distribution
SPREAD_SHARES = (0.5, 0.9)  # of the smallest deviations; each gives a spread, and the larger one counts
SPREAD_SCORES = np.array([NormalDist().inv_cdf((1 + share) / 2) for share in SPREAD_SHARES])
MAX_DECIMALS = 6  # of values that count as rounded
MAX_NAMED = 3  # outliers in a note
ROWS_AT_ONCE = 1 << 14  # whose neighbours are in memory at the same time
SORTING_NETWORK = (  # of seven values
    *((0, 6), (2, 3), (4, 5), (0, 2), (1, 4), (3, 6), (0, 1), (2, 5)),
    *((3, 4), (1, 2), (4, 6), (2, 3), (4, 5), (1, 2), (3, 4), (5, 6)),
)


class Outliers(NamedTuple):
    """The outliers of a panel."""

    rows: Array  # of the panel
    usual: Array  # the value that level and season give there, in units of the target
    excess: Array  # their distance from it in limits of their series, above 1


@np.errstate(over="ignore", invalid="ignore")  # of values near the limits of float64
def find_outliers(panel: Panel, season: int | None = None) -> Outliers:
    """The outliers among the observed values of a panel.

    Args:
        panel: S series.
        season: rows per season; 1: none; None: the shortest season of the frequency and, if this is a day, the week.
    """
    seasons = _seasons(panel.frequency) if season is None else (season,)
    found: list[Outliers] = [Outliers(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))]
    for series, rows, offsets in pieces_of(panel.offsets):
        y, first = panel.y[rows], panel.first[series]
        clock = LocalClock.of(panel.frequency, first, offsets, seasons[-1])
        expected = clock.rows(usual_values(clock.cells(y), clock.offsets, seasons))
        logs = _fit_logarithms(y, expected, offsets)
        remainder = y - expected
        if logs.any():
            own = slice(None) if logs.all() else np.repeat(logs, np.diff(offsets))
            some = LocalClock.of(panel.frequency, first[logs], offsets_of(np.diff(offsets)[logs]), seasons[-1])
            remainder[own] = np.log(y[own])
            in_logs = some.rows(usual_values(some.cells(remainder[own]), some.offsets, seasons))
            remainder[own] -= in_logs
            expected[own] = np.exp(in_logs)
            del in_logs  # a table may be one series of millions of rows
        excess = _excess(remainder, y, offsets, logs, len(panel.y))
        far = np.flatnonzero((excess > 0) & panel.observed[rows])
        for length in seasons:
            cells = far if clock.place is None else clock.place[far]
            far = far[~_recurs(clock.cells(remainder), clock.offsets, length, cells)]
        found.append(Outliers(rows.start + far, expected[far], excess[far]))
    return Outliers(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _seasons(frequency: Frequency) -> tuple[int, ...]:
    """The seasons of a frequency that are examined, the shorter one first."""
    week = frequency.seasons.get("week", 1)
    return (frequency.season, week) if week > frequency.season else (frequency.season,)


def outlier_notes(panel: Panel, outliers: Outliers) -> list[str]:
    """A note that names the largest outliers, if there are any."""
    count, named = len(outliers.rows), []
    for i in np.argsort(-outliers.excess, kind="stable")[:MAX_NAMED]:
        row, usual = outliers.rows[i], outliers.usual[i]
        k = int(np.searchsorted(panel.offsets, row, side="right")) - 1
        ordinal = panel.first[k] + row - panel.offsets[k]
        (stamp,) = panel.frequency.texts(np.array([ordinal]))
        of = "" if panel.ids[k] is None else f" of {panel.name(k)}"
        named.append(f"{panel.y[row]:.6g} at {stamp}{of} (usual there: {float(f'{usual:.3g}'):g})")
    if not count:
        return []
    used = "used as it is" if count == 1 else "used as they are, largest first"
    more = f", and {count - len(named)} more" if count > len(named) else ""
    return [f"{counted(count, 'outlier')}, {used}: {', '.join(named)}{more}"]


def usual_values(z: Array, offsets: Array, seasons: Sequence[int]) -> Array:
    """The level and the seasons around each row of series below one another, (n,)."""
    lengths, effects = np.diff(offsets), np.zeros(len(z))
    rest = z  # without the seasons before
    for number, season in enumerate(seasons):
        least = max(MIN_ROWS_WITH_SEASON, (MIN_LONGER_SEASONS if number else MIN_SEASONS) * season)
        enough = np.repeat(lengths >= least, lengths)
        if season == 1 or not enough.any():
            continue
        # an odd number of rows that holds every position of the season
        span = max(LEVEL_ROWS, season + 1 - season % 2)
        own = _level(rest, offsets, span)
        for k in range(PASSES):
            own = _common_to_seasons(np.subtract(rest, own, out=own), offsets, season)
            own[~enough] = 0
            if k < PASSES - 1:
                own = _level(np.subtract(rest, own, out=own), offsets, span)
        effects += own
        del own
        rest = z - effects
    level = _level(rest, offsets, LEVEL_ROWS)
    level += effects
    return level


def _fit_logarithms(y: Array, expected: Array, offsets: Array) -> Array:
    """Whether the logarithms of each series scatter more evenly around its usual values (n,) than its values, (S,).

    The likelihoods of t-distributed remainders are compared, as Box and Cox compare those of normal ones. Values far
    out do not count, so that an outlier does not choose the scale on which it is judged.
    """
    found = np.zeros(len(offsets) - 1, bool)
    for k, (begin, end) in enumerate(pairwise(offsets.tolist())):
        own = y[begin:end]
        lowest = own.min()
        if end - begin < MIN_ROWS or not 0 < lowest < own.max():
            continue
        plain = own - expected[begin:end]
        np.abs(plain, out=plain)
        near = plain <= MAX_SCORE * _spread(plain[plain > 0])
        plain_likelihood = _log_likelihood(plain[near])
        del plain
        # no usual value lies below all values, so that it has a logarithm
        log_distance = np.maximum(expected[begin:end], lowest)
        np.divide(own, log_distance, out=log_distance)
        np.abs(np.log(log_distance, out=log_distance), out=log_distance)
        evidence = _log_likelihood(log_distance[near]) - np.log(own[near]).sum() - plain_likelihood
        found[k] = evidence > MIN_LOG_EVIDENCE
    return found


def _log_likelihood(distance: Array) -> float:
    """Of t-distributed remainders at these distances (n,) on their most likely scale, up to a constant."""
    scale = _spread(distance[distance > 0])
    if not scale > 0:
        return -np.inf
    for _ in range(SCALE_STEPS):
        scale *= float(np.sqrt(_in_parts(partial(_weighted_squares, scale=scale), distance).mean()))
    return -float(_in_parts(partial(_log_terms, scale=scale), distance).sum())


def _weighted_squares(distance: Array, scale: float) -> Array:
    square = (distance / scale) ** 2
    return (DEGREES + 1) * square / (DEGREES + square)


def _log_terms(distance: Array, scale: float) -> Array:
    return np.log(scale) + (DEGREES + 1) / 2 * np.log1p((distance / scale) ** 2 / DEGREES)


def _in_parts(function: Callable[[Array], Array], values: Array, kind: type = float) -> Array:
    """A function of each value (n,), of so many at a time that what it needs in between takes little memory."""
    found: Array = np.empty(len(values), kind)
    for start in range(0, len(values), ROWS_AT_ONCE):
        found[start : start + ROWS_AT_ONCE] = function(values[start : start + ROWS_AT_ONCE])
    return found


def _level(z: Array, offsets: Array, span: int) -> Array:
    """The median of the `span` rows around each row, (n,). Within half a window of an end of its series, where there
    are not so many, the line through the outermost `span` rows takes its place."""
    if span == LEVEL_ROWS:
        level, half = np.full(len(z), np.nan), span // 2
        for start in range(half, len(z) - half, ROWS_AT_ONCE):
            stop = min(start + ROWS_AT_ONCE, len(z) - half)
            level[start:stop] = _in_order([z[start + k : stop + k] for k in range(-half, half + 1)])[half]
    else:
        level = _running_median(z, offsets, span)
    begin, end = offsets[:-1], offsets[1:]
    first, last = np.minimum(begin + span, end), np.maximum(end - span, begin)
    for starts, ends, outer in ((begin, first, slice(None, span // 2)), (last, end, slice(-(span // 2), None))):
        for some, values in side_by_side(z, starts, ends):
            line = _robust_line(values)
            cells = starts[some, None] + np.arange(values.shape[1])
            # a short series has no row with a whole window
            own = slice(None) if values.shape[1] < span else outer
            level[cells[:, own]] = line[:, own]
    return level


def _running_median(z: Array, offsets: Array, span: int) -> Array:
    """The median of the `span` rows around each row that has so many in its series, (n,); other rows are undefined.

    Over a long span it changes slowly, so that it is computed at a few places of each span, and interpolated.
    """
    begin, last = offsets[:-1], offsets[1:] - span  # of the windows of each series
    long_enough = last >= begin
    begin, last = begin[long_enough], last[long_enough]
    if not len(begin):
        return np.full(len(z), np.nan)
    stride = max(1, span // PLACES_PER_SPAN)
    counts = -(-(last - begin) // stride) + 1
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.minimum(np.repeat(begin, counts) + stride * number, np.repeat(last, counts))
    windows, medians = np.lib.stride_tricks.sliding_window_view(z, span), np.empty(len(places))
    at_once = max(1, ROWS_AT_ONCE // span)
    for start in range(0, len(places), at_once):
        chosen = windows[places[start : start + at_once]]
        medians[start : start + at_once] = np.partition(chosen, span // 2, axis=1)[:, span // 2]
    middles = (places + span // 2).astype(float)
    found = np.empty(len(z))
    for start in range(0, len(z), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(z)))
        found[rows[0] : rows[-1] + 1] = np.interp(rows, middles, medians)
    return found


def _robust_line(values: Array) -> Array:
    """A line through each row of (m, w) whose slope is the median of the slopes between rows half of w apart."""
    width = values.shape[1]
    if width == 1:
        return values
    apart, time = width // 2, np.arange(width) - (width - 1) / 2
    slope = np.median(values[:, apart:] - values[:, :-apart], axis=1)[:, None] / apart
    return np.median(values - slope * time, axis=1)[:, None] + slope * time


def _common_to_seasons(z: Array, offsets: Array, season: int) -> Array:
    """The median of each row and the rows at the same position in the nearest seasons of its series, (n,); of an even
    number of rows the value nearest to 0 between the middle two, so that one of two seasons can't make an effect."""
    found, half = np.empty(len(z)), LEVEL_ROWS // 2
    for start in range(0, len(z), ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, len(z))
        k = int(np.searchsorted(offsets, start, side="right")) - 1
        if start - half * season >= offsets[k] and stop + half * season <= offsets[k + 1]:  # the middle of a series
            around = [z[start + j * season : stop + j * season] for j in range(-half, half + 1)]
            found[start:stop] = _in_order(around)[half]
            continue
        rows = np.arange(start, stop)
        series = np.searchsorted(offsets, rows, side="right") - 1
        begin, length = offsets[series], (offsets[1:] - offsets[:-1])[series]
        number, position = np.divmod(rows - begin, season)
        count = (length - 1 - position) // season + 1  # of seasons with this position
        first = np.clip(number - half, 0, np.maximum(count - LEVEL_ROWS, 0))
        values = []
        for k in range(LEVEL_ROWS):
            known = first + k < count
            values.append(np.where(known, z[np.where(known, begin + position + (first + k) * season, 0)], np.inf))
        ordered, n = _in_order(values), np.minimum(count, LEVEL_ROWS)
        if n.min() == LEVEL_ROWS:
            found[rows] = ordered[half]
            continue
        low, high = (np.choose(k, ordered) for k in ((n - 1) // 2, n // 2))
        found[rows] = np.clip(0.0, low, high)
    return found


def _in_order(values: list[Array]) -> list[Array]:
    """Seven arrays (n,) with the seven values of each place in rising order.

    A sorting network takes a tenth of the time of sorting each place. Source: Knuth, "The Art of Computer
    Programming" 3, 5.3.4.
    """
    values = list(values)
    for a, b in SORTING_NETWORK:
        values[a], values[b] = np.minimum(values[a], values[b]), np.maximum(values[a], values[b])
    return values


def _excess(remainder: Array, y: Array, offsets: Array, logs: Array, total: int) -> Array:
    """The distance of each outlier in limits of its series, 0 for other values, (n,).

    Args:
        remainder: of the values, (n,), of their logarithms in the series in `logs` (S,) bool.
        y: the values, (n,).
        offsets: of the S series.
        logs: as above.
        total: the number of values in the table.
    """
    excess, distance = np.zeros(len(remainder)), np.abs(remainder)
    rounded = _resolution(y, offsets) / 2
    rounding_error = 1e-9 * (1 + np.where(logs, 0.0, np.maximum.reduceat(np.abs(y), offsets[:-1])))
    for k, (begin, end) in enumerate(pairwise(offsets.tolist())):
        if end - begin < MIN_ROWS:
            continue
        own, middle = distance[begin:end], np.median(y[begin:end])
        moved = own[own > rounding_error[k]]
        if middle == 0 and len(moved) < 2:
            continue  # a single event among zeros has nothing that it could be compared with
        # values in logarithms are positive
        least = rounded[k] / middle if logs[k] else rounded[k]
        limit = _limit(end - begin, total) * max(_spread(moved), least) + rounding_error[k]
        del moved
        ranked = np.sort(own)
        apart = (ranked[1:] > limit) & (ranked[1:] >= GAP * ranked[:-1])
        if apart.any():
            excess[begin:end] = np.where(own >= ranked[1:][apart.argmax()], own / limit, 0.0)
    return excess


def _spread(distance: Array) -> float:
    """The standard deviation that these distances would have in a normal distribution, (m,).

    Zeros are left out before, so that a series of mostly zeros is measured by its other values, and the largest
    distance is left out here, so that a constant series with one spike has no spread.
    """
    m = len(distance) - 1
    if m < 1:
        return 0.0
    places = [int(share * (m - 1)) for share in SPREAD_SHARES]
    return float((np.partition(distance, places)[places] / SPREAD_SCORES).max())


@cache
def _limit(n: int, total: int) -> float:
    """The largest usual distance in a series of n values among `total`, in standard deviations."""
    return (MARGIN + MARGIN_TIMES_ROWS / n) * NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * total))


def _resolution(y: Array, offsets: Array) -> Array:
    """The unit to which all values of a series are rounded, 1, 0.1, ..., or 0, (S,)."""
    found = np.zeros(len(offsets) - 1)
    for decimals in range(MAX_DECIMALS, -1, -1):
        rounded = _in_parts(partial(_is_rounded, decimals=decimals), y, bool)
        found[np.logical_and.reduceat(rounded, offsets[:-1])] = 10.0**-decimals
    return found


def _is_rounded(values: Array, decimals: int) -> Array:
    """Whether each value has so many decimals at most."""
    scaled = values * 10.0**decimals
    return np.asarray(np.abs(scaled - np.rint(scaled)) <= 1e-12 * np.abs(scaled) + 1e-6)


def _recurs(remainder: Array, offsets: Array, season: int, rows: Array) -> Array:
    """Whether the value one season before or after deviates in the same direction at least half as far.

    It is known for the given rows, (m,) bool, of a remainder of (n,).
    """
    recurs = np.zeros(len(rows), bool)
    if season == 1 or season >= np.diff(offsets).max(initial=0):
        return recurs
    series, own = np.searchsorted(offsets, rows, side="right") - 1, remainder[rows]
    for there in (rows - season, rows + season):
        inside = (there >= offsets[series]) & (there < offsets[series + 1])
        other = remainder[np.where(inside, there, rows)]
        recurs |= inside & (np.sign(own) * other >= np.abs(own) / 2)
    return recurs
