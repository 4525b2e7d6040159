"""CSV outputs: decimal commas, and the digits of forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from shell import AIR, QUICK, table
from unrolled.cli.csv_form import CsvForm, as_csv, readable

COMMA = CsvForm(decimal=",")


def test_decimal_commas_come_with_semicolons_and_a_byte_order_mark():
    frame = pd.DataFrame({"id": ["a;b", "c"], "y": [1.5, -2.25], "n": [1, 2]})
    assert as_csv(frame, COMMA) == 'id;y;n\n"a;b";1,5;1\nc;-2,25;2\n'
    assert as_csv(frame, CsvForm()) == "id,y,n\na;b,1.5,1\nc,-2.25,2\n"
    assert (COMMA.encoding, CsvForm().encoding) == ("utf-8-sig", "utf-8")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([123.456789, 9.87654321], [123.457, 9.877]),  # six digits of the largest value
        ([1234567.89, 12.3], [1234568, 12]),  # never fewer than those before the point
        ([1.23456789e-7, -5e-8], [1.23457e-7, -5e-8]),
        ([-0.00001, 54321.0], [0, 54321]),
        ([np.nan, 0.1234567], [np.nan, 0.123457]),
        ([0.0, 0.0], [0, 0]),
    ],
)
def test_forecasts_keep_six_digits_of_the_scale(values, expected):
    found = readable(pd.DataFrame({"LSTM": values}))["LSTM"].to_numpy(float, na_value=np.nan)
    np.testing.assert_array_equal(found, expected)
    assert not np.signbit(found[expected == 0]).any()


def test_narrow_intervals_keep_more_digits():
    frame = pd.DataFrame({"LSTM": [1e6 + 0.12345], "LSTM-lo-80": [1e6 + 0.12211], "LSTM-hi-80": [1e6 + 0.12389]})
    assert readable(frame).iloc[0].tolist() == [1000000.12345, 1000000.12211, 1000000.12389]


def test_each_series_has_digits_of_its_own():
    frame = pd.DataFrame({"id": ["a", "a", "b"], "LSTM": [1000.12345, 1.12345, 1.123456789]})
    assert readable(frame)["LSTM"].tolist() == [1000.12, 1.12, 1.12346]


def test_whole_numbers_are_written_without_a_point():
    frame = pd.DataFrame({"LSTM": [102.0, np.nan], "hi": [110.5, 3.0]})
    assert as_csv(readable(frame), COMMA).splitlines()[1:] == ["102;110,5", ";3,0"]
    assert as_csv(readable(pd.DataFrame({"LSTM": [1e300, 1.0]})), COMMA).splitlines()[1:] == ["1e+300", "1,0"]


def test_outputs_with_decimal_commas_are_read_back(command, tmp_path):
    words = ("-H", 12, *QUICK, "--out-decimal", ",")
    done = command("forecast", AIR, *words, "--out", "comma")
    written = (tmp_path / "comma" / "forecast.csv").read_bytes()
    assert written.decode("utf-8-sig") == done.out
    assert written.startswith(b"\xef\xbb\xbfMonth;")
    plain = command("predict", "comma/model.safetensors").out
    rows = pd.read_csv("comma/forecast.csv", sep=";", decimal=",")
    pd.testing.assert_frame_equal(rows, table(plain))
    (tmp_path / "plain.csv").write_text(plain)
    later = pd.DataFrame({"Month": rows["Month"], "#Passengers": np.arange(400, 412)})
    later.to_csv("later.csv", index=False)
    assert command("score", "comma/forecast.csv", "later.csv").out == command("score", "plain.csv", "later.csv").out
    errors = command("score", "plain.csv", "later.csv", "--out-decimal", ",").out
    assert errors.splitlines()[0].startswith("model;sMAPE")


def test_whole_forecasts_have_no_point(command):
    for row in command("forecast", AIR, "-H", 2, *QUICK, "--integer", "--out", "-").out.splitlines()[1:]:
        assert all(cell.isdigit() for cell in row.split(",")[1:])
