"""Timestamps that miss a regular grid by a small part of a period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import unrolled as un
from unrolled.series.columns import Columns
from unrolled.series.files import read_file
from unrolled.series.from_frame import read_panel
from unrolled.series.jitter import grid_distances

COLUMNS = Columns("unique_id", "ds", "y")


def with_jitter(stamps, largest, rng):
    """These timestamps with a jitter of at most so many nanoseconds; the second one has it all."""
    moves = rng.integers(-largest, largest + 1, len(stamps))
    moves[1] = largest
    return stamps + pd.to_timedelta(moves, unit="ns")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("largest", [1, 10**8, 15 * 10**9])
@pytest.mark.parametrize(("freq", "name"), [("h", "hourly"), ("D", "daily"), ("30min", "every 30 minutes")])
def test_jitter_is_removed_with_a_note(rng, freq, name, largest, zone):
    grid = pd.date_range("2023-03-20", periods=60, freq=freq, tz=zone)
    panel = read_panel(pd.DataFrame({"ds": with_jitter(grid, largest, rng), "y": range(60)}), COLUMNS)
    instants = grid.as_unit("ns") if zone is None else grid.as_unit("ns").tz_convert(None)
    assert (panel.frequency.name, len(panel.y)) == (name, 60)
    assert (panel.frequency.instants(panel.first[0] + np.arange(60)) == instants.to_numpy()).all()
    assert sum("moved by less than 1 % of a period, such as 2023-03-" in note for note in panel.notes) == 1


def test_series_of_a_file_may_have_jitter_and_gaps(rng, tmp_path):
    hours = pd.date_range("2023-01-01", periods=80, freq="h").delete([5, 6, 40])
    rows = [f"{k},{t},1" for k in "ab" for t in with_jitter(hours, 10**8, rng).strftime("%Y-%m-%d %H:%M:%S.%f")]
    (tmp_path / "table.csv").write_text("\n".join(["id,time,y", *rows]))
    table = read_file(str(tmp_path / "table.csv"))
    panel = read_panel(table.frame, table.columns)
    assert (panel.frequency.name, panel.ids, panel.lengths.tolist()) == ("hourly", ["a", "b"], [80, 80])


def test_a_newer_table_is_moved_to_the_grid_of_the_training(rng):
    hours = pd.date_range("2023-01-01", periods=60, freq="h")
    trained = read_panel(pd.DataFrame({"ds": hours, "y": range(60)}), COLUMNS).frequency
    newer = pd.DataFrame({"ds": with_jitter(hours[-2:], 10**8, rng), "y": [1, 2]})
    panel = read_panel(newer, COLUMNS, trained)
    assert trained.stamps(panel.first + np.arange(2)).tolist() == hours[-2:].as_unit("ns").to_numpy().tolist()


@pytest.mark.parametrize("steps", [[60, 61, 59], [33, 33, 34], [1000, 1100]])
def test_other_timestamps_stay_as_they_are(steps):
    seconds = np.cumsum(np.tile(steps, 20))
    stamps = np.datetime64("2024-01-01", "ns") + seconds * np.timedelta64(10**9, "ns")
    assert not grid_distances(stamps, np.zeros(len(stamps), int)).astype(int).any()


def test_a_larger_jitter_is_called_irregular():
    moves = pd.to_timedelta(np.arange(60) % 2 * 300, unit="s")
    table = pd.DataFrame({"ds": pd.date_range("2023-01-01", periods=60, freq="h") + moves, "y": range(60)})
    with pytest.raises(un.DataError, match=r"irregular: 54 of 60 do not lie on a common grid .* Round them, or agg"):
        read_panel(table, COLUMNS)
