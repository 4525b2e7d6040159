"""`unrolled inspect`: the description of a table."""

from __future__ import annotations

import json

import pytest

from shell import QUICK, inside

DAYS = [f"{day:02}.01.2024" for day in range(1, 31)]


SHOPS = ["Filiale;Tag;Umsatz;Wetter"] + [f"{s};{day};{k},5;-200" for s in "ab" for k, day in enumerate(DAYS)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shops.csv").write_text("\n".join(SHOPS))
    return tmp_path


def test_inspect_prints_what_it_infers(place, capsys):
    done = inside("inspect", "shops.csv", capsys=capsys)
    assert (done.code, done.err) == (0, "")
    for words in (
        "2 series · daily · 2024-01-01 … 2024-01-30 · 30 periods each",
        "target 'Umsatz' · 60 values · 0 gaps · season 7",
        "note: column 'Umsatz': commas read as decimal points",
        "unrolled forecast shops.csv --horizon 6",
    ):
        assert words in done.out


def test_json_has_everything_and_its_command_works(place, capsys):
    found = json.loads(inside("inspect", "shops.csv", "--target", "Umsatz", "--json", capsys=capsys).out)
    roles = {column["name"]: column["role"] for column in found["columns"]}
    assert roles == {"Filiale": "id", "Tag": "time", "Umsatz": "target", "Wetter": None}
    assert (found["series"], found["frequency"], found["gaps"], found["error"]) == (2, "daily", 0, None)
    assert found["command"] == "unrolled forecast shops.csv --horizon 6 --target Umsatz"
    done = inside(*found["command"].split()[1:], *QUICK, capsys=capsys)
    assert done.code == 0, done.err
    assert "2 series · daily · 2024-01-01 … 2024-01-30 · 60 values · target 'Umsatz'" in done.err
    assert "note: column 'Umsatz': commas read as decimal points" in done.err


def test_missing_options_are_reported_below_the_inferred_facts(place, capsys):
    (place / "two.csv").write_text("\n".join(["date,a,b", *(f"2024-01-{k:02},{k},{k % 3}" for k in range(1, 20))]))
    done = inside("inspect", "two.csv", capsys=capsys)
    assert done.code == 2
    assert "numbers" in done.out
    assert done.err.startswith("error: two.csv: several columns hold numbers: 'a', 'b'")
    assert json.loads(inside("inspect", "two.csv", "--json", capsys=capsys).out)["columns"][0]["role"] == "time"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["no.csv"], "there is no file no.csv"),
        (["same.csv"], "two columns are called 'a'"),
        (["shops.csv", "--dates", "%G/%V"], "--dates %G/%V is not a format of dates"),
    ],
)
def test_json_is_printed_for_a_file_that_is_no_table(options, said, place, capsys):
    (place / "same.csv").write_text("date,a,a\n2024-01-01,1,2\n2024-01-02,2,3\n")
    done = inside("inspect", *options, "--json", capsys=capsys)
    found = json.loads(done.out)
    assert (done.code, found["file"], found["columns"]) == (2, options[0], [])
    assert said in found["error"]
    assert said in done.err


@pytest.mark.parametrize(
    ("rows", "said"), [(2, "has 2 periods; a forecast needs 5"), (4, "has 4 periods"), (5, None)]
)
def test_the_command_is_printed_only_if_it_works(rows, said, place, capsys):
    (place / "few.csv").write_text("\n".join(["day,y", *(f"2024-01-{k:02},{k % 3}" for k in range(1, rows + 1))]))
    done = inside("inspect", "few.csv", capsys=capsys)
    assert f"1 series · daily · 2024-01-01 … 2024-01-{rows:02}" in done.out
    if said is not None:
        assert (done.code, said in done.err, "unrolled forecast" in done.out) == (2, True, False)
    else:
        command = done.out.strip().splitlines()[-1].split()
        assert inside(*command[1:], *QUICK, capsys=capsys).code == 0


def test_a_model_reads_newer_tables_the_same_way(place, capsys):
    assert inside("forecast", "shops.csv", "-H", 2, *QUICK, "--out", "m", capsys=capsys).code == 0
    done = inside("predict", "m/model.safetensors", "shops.csv", "--delimiter", ";", capsys=capsys)
    assert done.code == 0, done.err
    assert len(done.out.strip().split("\n")) == 1 + 2 * 2
