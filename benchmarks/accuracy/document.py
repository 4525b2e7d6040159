"""Make docs/accuracy.md and a table of the README from the results, benchmarks/results/accuracy/*.json.

python benchmarks/accuracy/document.py          # rewrites them; a test compares them with the results
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import record

ROOT = Path(__file__).parent.parent.parent
DOCUMENT, README = ROOT / "docs" / "accuracy.md", ROOT / "README.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
TITLES = {
    "m4-hourly": "M4 hourly",
    "cif2016": "CIF 2016",
    "m3-monthly": "M3 monthly",
    "m3-alone": "M3, single series",
    "etth1": "ETTh1",
    "air-passengers": "AirPassengers",
    "kept-aside": "Sets kept aside",
    "neuralforecast": "Training compared with NeuralForecast's LSTM, M4 hourly",
    "statistical": "Statistical methods (statsforecast)",
}
MEASURES = {
    "smape": ("sMAPE", ".3f"),
    "mase": ("MASE", ".3f"),
    "owa": ("OWA", ".3f"),
    "msis": ("MSIS", ".2f"),
    "coverage": ("coverage of 95 %", ".1f"),
    "mse": ("MSE", ".3f"),
    "mae": ("MAE", ".3f"),
    "wall_s": ("wall s", ".1f"),
    "command_wall_s": ("command, s", ".2f"),
}
FACTS = {
    "settings": "settings of Forecaster",
    "files": "files",
    "series": "series",
    "origins": "origins",
    "season": "season",
    "cell": "cell",
    "window": "window",
    "segment": "segment",
    "hidden": "hidden",
    "views": "views",
    "networks": "networks",
    "batch_size": "batch",
    "steps": "steps",
    "pretrained": "share of the pretrained network",
    "seeds": "seeds",
}


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={inner!r}" for name, inner in value.items()) or "none given"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def accuracy(content: dict[str, Any]) -> str:
    """The errors, then the settings: one line for each choice of settings and each horizon."""
    rows = content["rows"]
    used = [name for name in MEASURES if any(name in row["median"] for row in rows)]
    lines, facts = [], []
    for row in rows:
        where = [row.get("data", row["choice"]), str(row["horizon"])]
        lines.append([f"unrolled, {where[0]}", where[1], *cells(row["median"], used)])
        if row is rows[0] or "data" in row:
            lines += [[name, where[1], *cells(own, used)] for name, own in row["baselines"].items()]
        facts.append([*where, *(shown(row.get(name)) for name in FACTS), str(row["machine"]["threads"])])
    head = ["", "horizon", *(MEASURES[name][0] for name in used)]
    return (
        f"{markdown(head, lines)}\n\nMedians over the seeds. {machines(rows)}\n\n"
        f"{markdown(['', 'horizon', *FACTS.values(), 'threads'], facts)}"
    )


def cells(scores: dict[str, float], used: Sequence[str]) -> list[str]:
    return [format(scores[name], MEASURES[name][1]) if name in scores else "" for name in used]


def machine(facts: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return f"{facts['cpu']}, {facts['threads']} threads, load average {facts['load_average']:.1f}; {versions}."


def machines(rows: Sequence[dict[str, Any]]) -> str:
    return " ".join(dict.fromkeys(machine(row["machine"]) for row in rows))


def statistical(content: dict[str, Any]) -> str:
    used = ["smape", "mase", "wall_s"]
    rows = [[row["data"], row["method"], str(row["season"]), *cells(row, used)] for row in content["rows"]]
    head = ["", "method", "season", *(MEASURES[name][0] for name in used)]
    return f"{markdown(head, rows)}\n\n{machines(content['rows'])}"


def neuralforecast(content: dict[str, Any]) -> str:
    used = ["wall_s", "smape"]
    rows = [[row["contestant"], *cells(row["median"], used)] for row in content["rows"]]
    sizes = ", ".join(f"{name} {content[name]}" for name in ("window", "hidden", "batch", "steps", "horizon"))
    threads = ", ".join(f"{name} {count}" for name, count in content["threads"].items())
    return (
        f"{markdown(['', *(MEASURES[name][0] for name in used)], rows)}\n\n"
        f"Medians of {len(content['seeds'])} turns; {sizes}; threads: {threads}. {machine(content['machine'])}"
    )


RENDERERS = {"statistical": statistical, "neuralforecast": neuralforecast}


def tables(folder: Path = record.RESULTS) -> str:
    """A section for each file of results, in the order of `TITLES`, tests before validations."""
    sections = []
    for name, title in TITLES.items():
        for validation in (False, True):
            path = record.file_of(folder, name, validation)
            if path.exists():
                render = RENDERERS.get(name, accuracy)
                split = "over the last horizon of the training parts" if validation else "over the test parts"
                sections.append(f"### {title}, {split}\n\n{render(record.load(path))}")
    return "\n\n".join(sections)


def rewritten(document: str, folder: Path = record.RESULTS) -> str:
    """The document with its tables from the results."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables(folder)}\n\n{END}{rest.split(END)[1]}"


# the usual measure of each data set, and published figures, which are quoted and not measured here
PUBLISHED = {
    "m4-hourly": ("owa", "ES-RNN, the competition's winner: 0.440"),
    "cif2016": ("smape", "ETS 11.88, best recurrent network 10.23"),
    "m3-monthly": ("smape", "Theta 13.85, ETS 14.14, recurrent networks 14.3 to 14.7"),
    "etth1": ("mse", "SegRNN .368/.408/.444/.446, PatchTST .414/.460/.501/.500"),
    "air-passengers": ("smape", ""),
}


CONTEST = ("neuralforecast", True)  # on the training part


def summary(folder: Path = record.RESULTS) -> str:
    """One line for each data set: defaults, tuned settings and published figures."""
    lines = []
    for name, (measure, others) in PUBLISHED.items():
        rows = record.load(record.file_of(folder, name, False))["rows"]
        reached = {
            choice: "/".join(cells(row["median"], [measure])[0] for row in rows if row["choice"] == choice)
            for choice in ("defaults", "tuned")
        }
        ahead = "/".join(dict.fromkeys(str(row["horizon"]) for row in rows))
        lines.append([TITLES[name], ahead, MEASURES[measure][0], reached["defaults"], reached["tuned"], others])
    contest = {row["contestant"]: row["median"] for row in record.load(record.file_of(folder, *CONTEST))["rows"]}
    ours, theirs = (contest[f"{name}, one training"] for name in ("unrolled", "NeuralForecast"))
    return (
        f"{markdown(['data', 'horizon', 'measure', 'defaults', 'tuned', 'published'], lines)}\n\n"
        "Training an LSTM on windows of M4 hourly and forecasting the end of the training part takes "
        f"{ours['wall_s']:.1f} s, and sMAPE is {ours['smape']:.1f}.\nNeuralForecast takes "
        f"{theirs['wall_s'] / ours['wall_s']:.0f} times as long for an LSTM of the same size on the same windows, "
        f"and sMAPE is {theirs['smape']:.1f}\n(`make bench-neuralforecast`)."
    )


def readme(text: str, folder: Path = record.RESULTS) -> str:
    """The README with its summary from the results."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{summary(folder)}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
