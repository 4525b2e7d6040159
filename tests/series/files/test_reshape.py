"""Wide tables: dates or months as columns, and columns that are series."""

from __future__ import annotations

import pandas as pd
import pytest

import unrolled as un
from tables import DAYS, stamps, values
from unrolled.series.files import ReadOptions, read_file


def test_tables_of_years_by_months_become_long(file):
    months = "JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC"
    rows = (",".join([str(year), *(str(12 * k + m) for m in range(12))]) for k, year in enumerate(range(2000, 2003)))
    table = read_file(file(f"YEAR,{months}", *rows))
    assert values(table) == list(range(36))
    assert stamps(table).tolist() == list(pd.date_range("2000-01-01", periods=36, freq="MS"))


def test_dates_across_make_each_row_a_series(file):
    table = read_file(file("country,2020-01,2020-02,2020-03", "NA,1,2,3", "DE,4,5,6"))
    assert table.frame["series"].tolist() == ["NA"] * 3 + ["DE"] * 3  # Namibia is not missing
    assert values(table) == [1, 2, 3, 4, 5, 6]
    newer = read_file(file("country,2020-04,2020-05,2020-06", "NA,1,2,3", "DE,4,5,6"), prefer=table.columns)
    assert newer.frame["series"].equals(table.frame["series"])


def test_columns_become_series_on_request_or_if_names_differ_in_a_number(file):
    rows = [f"{day},{k},{k + 10},{k + 20}" for k, day in enumerate(DAYS)]
    numbered = file("date,store_1,store_2,store_3", *rows, name="numbered.csv")
    assert read_file(numbered).frame["series"].nunique() == 3
    with pytest.raises(un.DataError, match=r"several columns hold numbers: 'store_1'"):
        read_file(numbered, ReadOptions(wide=False))
    path = file("date,north,south,west", *rows)
    with pytest.raises(
        un.DataError, match=r"several columns hold numbers: 'north', .* `wide=True` takes each as a series"
    ):
        read_file(path)
    assert read_file(path, ReadOptions(wide=True)).frame["series"].nunique() == 3
    table = read_file(path, ReadOptions(target="north,west"))
    assert table.frame["series"].unique().tolist() == ["north", "west"]
    assert values(table)[20:22] == [20, 21]


def test_notes_on_several_columns_are_one(file):
    names = ["north", "south", "west", "east"]
    rows = [f"{day};{';'.join(f'${k},{n}5' for n in range(4))}" for k, day in enumerate(DAYS)]
    notes = read_file(file(";".join(["date", *names]), *rows), ReadOptions(wide=True)).notes
    assert "columns 'north', 'south', 'west' and 1 more: currency signs removed" in notes
    assert sum("currency" in note for note in notes) == 1


def test_totals_across_are_left_out(file):
    months = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"
    rows = (",".join([str(2000 + k), *(str(12 * k + m) for m in range(12)), "10.0"]) for k in range(3))
    table = read_file(file(f"Year,{months},Annual", *rows))
    assert values(table) == list(range(36))
    assert "column 'Annual' is left out, as a total of the others" in table.notes


def test_a_total_of_series_is_left_out(file):
    rows = [f"{day};{k},5;{k % 3},0;{k + k % 3},5" for k, day in enumerate(DAYS)]
    for total, series in (("Summe", {"Nord", "Ost"}), ("West", {"Nord", "Ost", "West"})):
        table = read_file(file(f"Tag;Nord;Ost;{total}", *rows), ReadOptions(wide=True))
        assert table.series == series
        said = "column 'Summe' is left out, as a total of the others; change with `target`"
        assert (said in table.notes) == (total == "Summe")
    other = [row.rpartition(";")[0] + ";9,0" for row in rows]
    assert "Summe" in read_file(file("Tag;Nord;Ost;Summe", *other), ReadOptions(wide=True)).series
    named = ReadOptions(target="Nord,Ost,Summe")
    assert "Summe" in read_file(file("Tag;Nord;Ost;Summe", *rows), named).series


@pytest.mark.parametrize("word", ["Promedio", "Total general", "Mean"])
def test_totals_below_years_are_left_out(file, word):
    months = ";".join(["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"])
    rows = [";".join([str(2000 + k), *(f"{12 * k + m},5" for m in range(12))]) for k in range(3)]
    total = ";".join([word, *["7,5"] * 12])
    table = read_file(file(f"Año;{months}", *rows, total, "Fuente: propia" + 12 * ";"))
    assert values(table) == [k + 0.5 for k in range(36)]
    assert f"line 5 ({word!r}) is left out, as a total below the table" in table.notes
    assert "1 remark below the table dropped" in table.notes


def test_a_row_with_the_sums_of_dates_across_is_left_out(file):
    head, rows = "shop,2020-01,2020-02,2020-03", ("x,1,2,3", "y,4,,6")
    table = read_file(file(head, *rows, "Total,5,2,9"))
    assert table.series == {"x", "y"}
    assert "line 4 ('Total') is left out, as a total below the table" in table.notes
    assert read_file(file(head, *rows, "Total,5,3,9")).series == {"x", "y", "Total"}


@pytest.mark.parametrize("total", ["All", "Total"])
def test_a_column_with_the_sum_of_dates_across_is_no_id(file, total):
    path = file(f"sku,shop,2020-01,2020-02,2020-03,{total}", "a,x,1,2,3,6", "a,y,4,5,6,15", "b,x,7,8,9,24")
    for options in (ReadOptions(), ReadOptions(id="sku,shop")):
        table = read_file(path, options)
        assert table.frame["series"].unique().tolist() == ["a/x", "a/y", "b/x"]
        assert f"column {total!r} is left out, as a total of the others" in table.notes
    assert read_file(path, ReadOptions(id="sku,shop")).options.id == "sku,shop"
    short = file("sku,shop,2020-01,2020-02,2020-03", "a,x,1,2,3", "b,y,4,5,6")
    assert read_file(short, ReadOptions(id="shop")).series == {"x", "y"}


@pytest.mark.parametrize(
    ("names", "hours"),
    [
        ([f"H{k}" for k in range(1, 25)], range(24)),
        ([f"{k}h" for k in range(1, 25)], range(24)),
        ([f"{k}h" for k in range(24)], range(24)),
        ([f"{k:02}:00" for k in range(24)], range(24)),
        ([f"{k:02}:00-{k + 1:02}:00" for k in range(24)], range(24)),
        ([f"{k:02}:00" for k in range(8, 18)], range(8, 18)),
        ([f"{k} h" for k in range(8, 18)], range(8, 18)),
    ],
)
@pytest.mark.parametrize("total", ["", ";Total"])
def test_hours_across_may_have_many_names_and_a_total(file, names, hours, total):
    days = pd.date_range("2023-05-01", periods=20)
    rows = [[k * 31 % 17 + j for j in hours] for k in range(20)]
    lines = (
        f"{day:%d/%m/%Y};{';'.join(f'{x},5' for x in row)}" + (f";{sum(row)},0" if total else "")
        for day, row in zip(days, rows, strict=True)
    )
    table = read_file(file(f"Fecha;{';'.join(names)}{total}", *lines))
    assert stamps(table).tolist() == [day + pd.Timedelta(hour, "h") for day in days for hour in hours]
    assert values(table) == [x + 0.5 for row in rows for x in row]
    assert ("column 'Total' is left out, as a total of the others" in table.notes) == bool(total)


@pytest.mark.parametrize("names", [["1h", "6h", "24h"], ["1h", "2h", "3h"], ["08:00", "09:00", "13:00"]])
def test_durations_and_uneven_times_are_no_hours_across(refused, names):
    rows = (f"2023-01-{k:02},{k}.5,{k % 3}.5,{k % 5}.5" for k in range(1, 29))
    refused(f"date,{','.join(names)}", *rows, message="several columns hold numbers")


def test_tables_of_days_by_hours_become_long(file):
    hours = [f"H{k}" for k in (1, 2, "3A", "3B", *range(4, 25))]
    days = pd.date_range("2023-10-27", periods=4)  # of which the third has 25 hours in Berlin

    def cells(k):
        return [f"{100 * k + j}.5" if name != "3B" or k == 2 else "" for j, name in enumerate(h[1:] for h in hours)]

    path = file(";".join(["Tag", *hours]), *(f"{day:%d.%m.%Y};" + ";".join(cells(k)) for k, day in enumerate(days)))
    table = read_file(path, ReadOptions(zone="Europe/Berlin"))
    expected = pd.date_range("2023-10-27", "2023-10-30 23:00", freq="h", tz="Europe/Berlin")
    assert list(table.frame[table.columns.time]) == list(expected)
    assert values(table)[:4] == [0.5, 1.5, 2.5, 4.5]
