"""Any data frame gives a result or an error of this library: columns of every type, in every role and library."""

from __future__ import annotations

import datetime
import decimal
import fractions
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import unrolled as un
from tables import LIBRARIES

N = 24
DAYS = pd.date_range("2024-01-01", periods=N)
Y = np.arange(N) + 1.0
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
ROLES: dict[str, dict[str, Any]] = {
    "ds": {},
    "y": {},
    "unique_id": {},
    "past": {"past_cols": ["x"]},
    "future": {"future_cols": ["x"]},
    "static": {"static_cols": ["x"]},
    "weight": {"weight_col": "x"},
}


def cells(*values: Any) -> list[Any]:
    """Some cells in turn."""
    return [values[k % len(values)] for k in range(N)]


def some_missing(values) -> list[Any]:
    return [None if k == 3 else value for k, value in enumerate(values)]


OBJECTS = {  # cells that every library can hold
    "float": [*map(float, Y)],
    "int": [*range(N)],
    "bool": cells(True, False),
    "missing": some_missing(map(float, Y)),
    "all missing": [None] * N,
    "nan": [float("nan")] * N,
    "infinite": cells(1.0, float("inf")),
    "decimal": [decimal.Decimal(k) for k in range(N)],
    "text": cells("a", "b"),
    "digits": [*map(str, range(N))],
    "date": [day.date() for day in DAYS],
    "datetime": DAYS.to_pydatetime().tolist(),
    "zoned": [day.to_pydatetime().replace(tzinfo=BERLIN) for day in DAYS],
    "far": [datetime.datetime(9000, 1, 1) + datetime.timedelta(days=k) for k in range(N)],
    "timedelta": [datetime.timedelta(days=k) for k in range(N)],
    "time": [datetime.time(k) for k in range(N)],
    "list": [[k] for k in range(N)],
    "dict": [{"a": k} for k in range(N)],
    "bytes": [b"%d" % k for k in range(N)],
}
PANDAS = {
    **OBJECTS,
    "float16": Y.astype("f2"),
    "int8": np.arange(N, dtype=np.int8),
    "uint64": np.arange(N, dtype=np.uint64) + 2**63,
    "Int64": pd.array(some_missing(range(N)), "Int64"),
    "Float32": pd.array(some_missing(range(N)), "Float32"),
    "boolean": pd.array(some_missing(cells(True, False)), "boolean"),
    "string": pd.array(some_missing(map(str, range(N))), "string"),
    "complex": Y + 1j,
    "category": pd.Categorical(cells("a", "b")),
    "category of dates": pd.Categorical(DAYS),
    "offset": DAYS.tz_localize("+02:00"),
    "seconds": DAYS.as_unit("s"),
    "NaT": some_missing(DAYS),
    "period": pd.period_range("2020-01", periods=N, freq="M"),
    "interval": pd.interval_range(0, N),
    "sparse": pd.arrays.SparseArray(Y),
    "arrow timestamps": pd.array(DAYS.to_pydatetime(), dtype=pd.ArrowDtype(pa.timestamp("us"))),
    "arrow lists": pd.array([[k] for k in range(N)], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    "tuple": [(k, 1) for k in range(N)],
    "set": [{k} for k in range(N)],
    "mixed": cells(1, "a", None, 2.5),
    "mixed dates": cells(pd.Timestamp("2024-01-01"), 1),
    "huge": [10**30 + k for k in range(N)],
    "object": [object() for _ in range(N)],
    "fraction": [fractions.Fraction(k, 3) for k in range(N)],
    "surrogate": ["a\ud800"] * N,
}
POLARS = {
    **OBJECTS,
    "category": pl.Series(cells("a", "b"), dtype=pl.Categorical),
    "enum": pl.Series(cells("a", "b"), dtype=pl.Enum(["a", "b"])),
    "uint64": pl.Series([2**63 + k for k in range(N)], dtype=pl.UInt64),
    "int128": pl.Series(range(N), dtype=pl.Int128),
    "array": pl.Series([[k, k] for k in range(N)], dtype=pl.Array(pl.Int64, 2)),
    "object": pl.Series([object() for _ in range(N)], dtype=pl.Object),
    "milliseconds": pl.Series(DAYS.to_pydatetime().tolist(), dtype=pl.Datetime("ms")),
}
ARROW = {
    **OBJECTS,
    "dictionary": pa.array(cells("a", "b")).dictionary_encode(),
    "uint64": pa.array([2**63 + k for k in range(N)], pa.uint64()),
    "decimal256": pa.array([decimal.Decimal(k) for k in range(N)], pa.decimal256(50, 2)),
    "string view": pa.array([*map(str, range(N))]).cast(pa.string_view()),
    "date64": pa.array([day.date() for day in DAYS], pa.date64()),
    "offset": pa.array(DAYS.tz_localize("UTC").to_pydatetime().tolist(), pa.timestamp("us", "+05:30")),
    "map": pa.array([[("a", k)] for k in range(N)], pa.map_(pa.string(), pa.int64())),
    "fixed binary": pa.array([b"ab"] * N, pa.binary(2)),
}
KINDS = {"pandas": PANDAS, "polars": POLARS, "pyarrow": ARROW}
EVERY_COLUMN = pytest.mark.parametrize(
    ("library", "kind"), [(library, kind) for library, kinds in KINDS.items() for kind in kinds]
)


def quick() -> un.Forecaster:
    return un.Forecaster(horizon=2, steps=1, ensemble=1, hidden=2, verbose=0)


def frame_of(library: str, **columns: Any) -> Any:
    base = {"ds": DAYS.to_pydatetime().tolist(), "y": Y.tolist()}
    return LIBRARIES[library](base | columns)


@pytest.fixture(scope="module", params=LIBRARIES)
def known(request):
    """A library, a forecaster that was fitted on one of its tables, and its forecast."""
    fc = quick().fit(frame_of(request.param))
    return request.param, fc, fc.predict()


def attempt(call: Callable[[], Any]) -> Any:
    """The result of a call; None after an error of the library."""
    try:
        return call()
    except un.UnrolledError:
        return None


@EVERY_COLUMN
@pytest.mark.parametrize("role", ROLES)
def test_a_column_of_any_type_gives_a_forecast_or_an_error_of_the_library(library, kind, role, tmp_path):
    frame = frame_of(library, **{role if role in ("ds", "y", "unique_id") else "x": KINDS[library][kind]})
    fc = attempt(lambda: quick().fit(frame, **ROLES[role]))
    if fc is None:
        return
    attempt(lambda: fc.predict(frame))
    fc.save(tmp_path / "model")
    loaded = un.load(tmp_path / "model")
    forecast = attempt(fc.predict)
    if forecast is not None:
        again = loaded.predict()
        assert again.equals(forecast)
        attempt(lambda: un.score(forecast, frame))


@pytest.mark.parametrize("role", ["ds", "y", "unique_id"])
def test_tables_of_any_type_are_predicted_validated_and_scored_or_refused(known, role):
    library, fc, forecast = known
    for values in KINDS[library].values():
        frame = frame_of(library, **{role: values})
        attempt(lambda frame=frame: fc.predict(frame))
        attempt(lambda frame=frame: un.score(forecast, frame))
        attempt(lambda frame=frame: un.by_frequency(frame))
        attempt(lambda frame=frame: quick().cross_validation(frame))


TABLE = pd.DataFrame({"ds": DAYS, "y": Y})
SHAPES = {
    "no rows": (TABLE[:0], "has no rows"),
    "no columns": (pd.DataFrame(), "has no rows"),
    "one row": (TABLE[:1], "no series has two different timestamps|no forecast row has a value|nothing to score"),
    "a column twice": (pd.concat([TABLE, TABLE[["y"]]], axis=1), "has two columns 'y'. Rename or drop one"),
    "a column twice in Arrow": (
        pa.Table.from_arrays([pa.array(DAYS), pa.array(Y), pa.array(Y)], ["ds", "y", "y"]),
        "two",
    ),
    "names of two levels": (pd.concat({"a": TABLE}, axis=1), "no column 'ds'"),
    "numbers as names": (TABLE.set_axis([0, 1], axis=1), "no column 'ds'"),
    "an index": (TABLE.set_index("ds"), "no column 'ds'"),
    "a lazy frame": (pl.DataFrame({"ds": [1, 2], "y": [1.0, 2.0]}).lazy(), r"Call its `\.collect\(\)`"),
    "a series": (TABLE["y"], "must be a data frame"),
    "an array": (np.zeros((2, 2)), "must be a data frame"),
    "nothing": (None, "must be a data frame"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_tables_of_other_shapes_are_refused_everywhere(shape):
    frame, message = SHAPES[shape]
    calls = [quick().fit, quick().cross_validation, lambda df: un.score(df, TABLE), lambda df: un.score(TABLE, df)]
    for call in calls:
        with pytest.raises(un.UnrolledError, match=message):
            call(frame)


def test_columns_without_a_name_are_left_alone():
    frame = TABLE.assign(x=1).set_axis(["ds", "y", None], axis=1)
    forecast = pd.DataFrame({"ds": DAYS[-2:], "GRU": Y[-2:]})
    assert un.score(forecast, frame).table.loc["GRU", "MAE"] == 0


@pytest.mark.parametrize(
    "ids",
    [
        ("a", "b"), ("007", "7"), (1, 2), (1, "a"), (1.5, 2.5), (1, 2.5), (True, False), (-1, 0), ("", " "),
        (np.int8(1), np.int8(2)), (np.float32(0.1), np.float32(0.2)), ("😀", "e\u0301"), ("None", "nan"),
    ],
    ids=repr,
)  # fmt: skip
def test_ids_keep_their_type_in_a_file(ids, tmp_path):
    kind = ids[0].dtype if isinstance(ids[0], np.generic) else object
    frame = pd.concat([TABLE.assign(unique_id=pd.Series([one] * N, dtype=kind)) for one in ids])
    fc = quick().fit(frame)
    forecast = fc.predict()
    assert list(dict.fromkeys(forecast["unique_id"])) == list(ids)
    assert [type(one) for one in forecast["unique_id"].astype(object)][::2] == [
        type(one) for one in pd.Series(ids, dtype=kind).astype(object)
    ]
    fc.save(tmp_path / "model")
    loaded = un.load(tmp_path / "model")
    assert loaded.predict().equals(forecast)
    assert loaded.predict(frame).equals(fc.predict(frame))
    assert loaded.predict_notes_ == []
    assert un.score(forecast.assign(ds=[*DAYS[-2:]] * 2), frame).matched == 4


@pytest.mark.parametrize(
    "one",
    [(1, 2), b"a", pd.Timestamp("2024-01-01"), decimal.Decimal(1), uuid.UUID(int=1), 2**70, None, float("nan"), [1]],
)
def test_other_ids_are_refused(one):
    frame = pd.concat([TABLE.assign(unique_id="a"), TABLE.assign(unique_id=pd.Series([one] * N, dtype=object))])
    with pytest.raises(
        un.DataError, match=r"column 'unique_id'.*(Convert the column to text|Fill it in or drop the row)"
    ):
        quick().fit(frame)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"past_cols": None}, "past_cols must be a list of column names; got None"),
        ({"static_cols": 5}, "static_cols must be a list of column names; got 5"),
        ({"baselines": 3}, "`baselines` must be a text or a list of texts; got 3"),
    ],
)
def test_arguments_of_other_types_are_refused(arguments, message):
    for call in (quick().fit, quick().cross_validation):
        with pytest.raises(un.InputError, match=message):
            call(TABLE, **arguments)


@pytest.mark.parametrize(
    "options",
    [
        {"id": 3},
        {"dates": 3},
        {"delimiter": 3},
        {"encoding": 3},
        {"header": 1.5},
        {"header": "a"},
        {"freq": 1.5},
        {"zone": 3},
    ],
    ids=repr,
)
def test_options_of_other_types_are_refused(options, tmp_path):
    TABLE.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(un.InputError, match=f"`{next(iter(options))}"):
        un.read_table(str(tmp_path / "table.csv"), **options)


def test_options_that_are_numbers_and_dates_are_read_as_texts(tmp_path):
    (tmp_path / "table.csv").write_text("y\n" + "\n".join(map(str, [-200, *range(1, 9)])))
    found = un.read_table(str(tmp_path / "table.csv"), na=-200, start=datetime.date(2024, 1, 1), freq="D")
    assert np.isnan(found["y"][0])
    assert found["ds"][0] == pd.Timestamp("2024-01-01")
