"""Timestamps as texts: dates, times with offsets, and labels of years in the form of an example."""

import numpy as np
import pytest

from unrolled.series.stamp_texts import format_stamp, label_in_form


def test_midnight_is_left_out_and_a_zone_adds_the_offset():
    assert format_stamp(np.datetime64("2024-03-01", "ns")) == "2024-03-01"
    assert format_stamp(np.datetime64("2024-03-01T06:30", "ns")) == "2024-03-01 06:30:00"
    assert format_stamp(7) == "7"
    stamps = [np.datetime64(f"2025-10-26T0{hour}:00", "ns") for hour in (0, 1)]  # the hour that occurs twice
    texts = [format_stamp(stamp, "Europe/Berlin") for stamp in stamps]
    assert texts == ["2025-10-26 02:00:00+02:00", "2025-10-26 02:00:00+01:00"]


def test_labels_of_years_have_the_form_of_the_example():
    stamp = np.datetime64("2016-01-01", "ns")
    texts = [format_stamp(stamp, label=example) for example in ("1999", "FY99", "1999/00", "1999-2000")]
    assert texts == ["2016", "FY16", "2016/17", "2016-2017"]
    with pytest.raises(ValueError, match="'May 2016' is not the label of a year"):
        label_in_form(2016, "May 2016")
