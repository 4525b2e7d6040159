"""Ctrl-C during a forecast or a backtest: the results so far are kept, and no file is half written."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import unrolled as un
from shell import AIR, ENVIRONMENT, QUICK, Watched, inside, shell
from unrolled.cli.csv_form import readable
from unrolled.forecasting.model import training

OUTPUTS = ["forecast.csv", "model.safetensors", "report.html", "run.toml"]


LONG = ("forecast", AIR, "--horizon", 6, "--steps", 100_000, "--ensemble", 1, "--hidden", 4, "--out", "out")


def assert_whole(folder: Path) -> list[str]:
    """The names of the outputs in a folder, each of which is complete."""
    names = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    assert set(names) <= set(OUTPUTS)
    if "forecast.csv" in names:
        rows = pd.read_csv(folder / "forecast.csv")
        assert len(rows) == 6
        assert rows.notna().all(axis=None)
    if "model.safetensors" in names:
        assert un.load(folder / "model.safetensors").horizon == 6
    if "report.html" in names:
        page = (folder / "report.html").read_text()
        data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL).group(1)
        assert len(json.loads(data)["series"]) == 1
        assert page.rstrip().endswith("</html>")
    return names


def test_results_so_far_are_kept_and_written(tmp_path):
    running = Watched(*LONG, cwd=tmp_path)
    running.wait_for("training without the held-out end")
    running.interrupt()
    done = running.leave()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert "note: interrupted: the networks have not seen the last" in done.err
    assert assert_whole(tmp_path / "out") == OUTPUTS
    text = (tmp_path / "out" / "forecast.csv").read_text()
    assert done.out == text
    # pandas before 3 reads numbers with an error in the last bit, float does not
    written = pd.read_csv(io.StringIO(text), dtype=str).drop(columns="Month").map(float)
    again = readable(un.load(tmp_path / "out" / "model.safetensors").predict(level=[80, 95]))
    pd.testing.assert_frame_equal(again.drop(columns="Month"), written, check_exact=True)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signals_that_end_a_process_keep_the_results_as_well(name, tmp_path):
    running = Watched(*LONG, cwd=tmp_path)
    running.wait_for("training without the held-out end")
    for _ in range(2):  # a service manager or a terminal may send it more than once
        running.process.send_signal(getattr(signal, name))
    done = running.leave()
    assert done.code == 128 + getattr(signal, name)
    assert "Traceback" not in done.err
    assert assert_whole(tmp_path / "out") == OUTPUTS


def test_the_end_of_a_terminal_keeps_the_results(tmp_path):
    """The terminal is gone when the messages are printed, and then SIGHUP arrives."""
    running = Watched(*LONG, cwd=tmp_path)
    running.wait_for("training without the held-out end")
    running.hang_up()
    running.process.send_signal(signal.SIGHUP)
    running.process.communicate(timeout=60)
    assert running.process.returncode == 128 + signal.SIGHUP
    assert assert_whole(tmp_path / "out") == OUTPUTS


def test_ignored_signals_stay_ignored(tmp_path):
    """As after `nohup`, and for jobs in the background of a script."""
    code = (
        "import signal, sys, runpy\n"
        "for number in (signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)\n"
        "from unrolled.nn.training import loop\n"
        "import os\n"
        "close = loop._close_epoch\n"
        "def closed(*arguments):\n"
        "    for number in (signal.SIGHUP, signal.SIGINT): os.kill(os.getpid(), number)\n"
        "    return close(*arguments)\n"
        "loop._close_epoch = closed\n"
        "sys.argv[0] = 'unrolled'\n"
        "runpy.run_module('unrolled', run_name='__main__')\n"
    )
    words = ["forecast", AIR, "--horizon", 6, *QUICK, "--out", "out"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert (done.returncode, "interrupted" in done.stderr) == (0, False)
    assert assert_whole(tmp_path / "out") == OUTPUTS


def test_an_interrupt_of_the_second_training_keeps_the_comparison(tmp_path):
    shorter = [20_000 if word == 100_000 else word for word in LONG]
    running = Watched(*shorter, cwd=tmp_path)
    running.wait_for("training on all rows")
    running.interrupt()
    done = running.leave()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert "held out: the last" in done.err
    assert "have not seen" not in done.err
    assert assert_whole(tmp_path / "out") == OUTPUTS
    assert "# the run was interrupted" in (tmp_path / "out" / "run.toml").read_text("utf-8")


def test_a_second_run_into_a_folder_is_refused_while_the_first_one_runs(tmp_path):
    running = Watched(*LONG, cwd=tmp_path)
    running.wait_for("training without the held-out end")
    second = shell("forecast", AIR, "--horizon", 3, *QUICK, "--out", "out", cwd=tmp_path)
    assert (second.code, second.out) == (2, "")
    assert second.err.endswith(
        "error: another run is writing to out. Wait until it has ended, or choose another folder with --out.\n"
    )
    assert list((tmp_path / "out").iterdir()) == []
    running.interrupt()
    assert running.leave().code == 130
    assert assert_whole(tmp_path / "out") == OUTPUTS


BACKTEST = ("backtest", AIR, "--horizon", 1, "--windows", 3, *QUICK, "--out", "rows.csv")


@pytest.fixture
def earlier(tmp_path) -> dict[str, bytes]:
    """The outputs of a whole backtest, by name, which are in the folder when the next one begins."""
    assert shell(*BACKTEST, cwd=tmp_path).code == 0
    return {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def backtest_with_signal(name: str, cutoff: int, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The same backtest, with a signal at the beginning of the training for this cutoff."""
    code = (
        "import os, runpy, signal, sys\n"
        "from unrolled.forecasting import cross_validation\n"
        "fit, calls = cross_validation.fit, []\n"
        "def interrupted(*arguments, **options):\n"
        "    calls.append(1)\n"
        f"    if len(calls) == {cutoff}: os.kill(os.getpid(), signal.{name})\n"
        "    return fit(*arguments, **options)\n"
        "cross_validation.fit = interrupted\n"
        "sys.argv[0] = 'unrolled'\n"
        "runpy.run_module('unrolled', run_name='__main__')\n"
    )
    words = [sys.executable, "-c", code, *map(str, BACKTEST)]
    return subprocess.run(words, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_in_a_backtest_keeps_the_cutoffs_that_were_reached(name, earlier, tmp_path):
    done = backtest_with_signal(name, 3, tmp_path)
    assert done.returncode == 128 + getattr(signal, name)
    assert "Traceback" not in done.stderr
    assert "2 cutoffs before the interrupt" in done.stderr
    rows = (tmp_path / "rows.csv").read_bytes()
    assert rows.splitlines() == earlier["rows.csv"].splitlines()[:3]  # the heading and two cutoffs
    repeats = (tmp_path / "rows.toml").read_text("utf-8")
    assert f"# sha256 {hashlib.sha256(rows).hexdigest()}  rows.csv\n" in repeats
    assert "# the run was interrupted" in repeats
    assert {path.name for path in tmp_path.iterdir()} == {*earlier}


def test_a_signal_before_the_first_cutoff_of_a_backtest_leaves_the_earlier_files(earlier, tmp_path):
    done = backtest_with_signal("SIGTERM", 1, tmp_path)
    assert (done.returncode, done.stdout) == (143, "")
    assert done.stderr.endswith("interrupted.\n")
    assert "Traceback" not in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == earlier


def test_an_interrupt_of_a_search_ends_only_the_search(tmp_path):
    quick = ("--steps", 50, "--ensemble", 3, "--hidden", 4, "--out", "out")
    running = Watched("forecast", AIR, "--horizon", 6, "--cell", "auto", "--budget", "1h", *quick, cwd=tmp_path)
    running.wait_for("searching")
    running.interrupt()
    done = running.leave()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert "note: automatic choice" in done.err
    assert "interrupt" in done.err
    assert "held out" in done.err  # the forecast itself is a whole one
    assert assert_whole(tmp_path / "out") == OUTPUTS


@pytest.mark.parametrize("wait_s", [0.0, 0.0005, 0.06])
def test_a_second_interrupt_ends_at_once_and_leaves_no_partial_files(tmp_path, wait_s):
    running = Watched(*LONG, cwd=tmp_path)
    running.wait_for("training without the held-out end")
    running.interrupt()
    time.sleep(wait_s)
    running.interrupt()
    done = running.leave()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert_whole(tmp_path / "out")
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "out"])
    assert not (tmp_path / "out").exists() or any((tmp_path / "out").iterdir())  # an empty folder is gone again


@pytest.mark.parametrize("written", [0, 1, 2])
def test_an_interrupt_while_files_are_put_in_place_leaves_all_of_them(written, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    renamed = []

    def replace(temporary, path):
        renamed.append(path)
        if len(renamed) == written + 1:
            raise KeyboardInterrupt
        os.rename(temporary, path)

    monkeypatch.setattr(os, "replace", replace)
    done = inside("forecast", AIR, "--horizon", 6, *QUICK, "--out", "out/put", capsys=capsys)
    assert (done.code, done.out) == (130, "")
    assert done.err.endswith("\ninterrupted.\n")
    assert assert_whole(tmp_path / "out" / "put") == OUTPUTS


def test_an_interrupt_while_files_are_written_leaves_none_of_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    synced = []

    def sync(descriptor):
        synced.append(descriptor)
        if len(synced) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", sync)
    done = inside("forecast", AIR, "--horizon", 6, *QUICK, "--out", "out/put", capsys=capsys)
    assert (done.code, done.out) == (130, "")
    assert not (tmp_path / "out").exists()


def test_an_interrupt_of_the_prediction_still_writes_everything(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    predict = un.Forecaster.predict

    def interrupted(self, *args, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return predict(self, *args, **options)

    monkeypatch.setattr(un.Forecaster, "predict", interrupted)
    done = inside("forecast", AIR, "--horizon", 6, *QUICK, "--out", "out", capsys=capsys)
    assert done.code == 130
    assert "Traceback" not in done.err
    assert done.out == Path("out/forecast.csv").read_text()
    assert assert_whole(tmp_path / "out") == OUTPUTS


def test_a_second_interrupt_of_the_prediction_leaves_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def interrupted(self, *args, **options):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the second one should have ended it")

    monkeypatch.setattr(un.Forecaster, "predict", interrupted)
    done = inside("forecast", AIR, "--horizon", 6, *QUICK, "--out", "out", capsys=capsys)
    assert (done.code, done.out) == (130, "")
    assert done.err.endswith("interrupted.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["sales", "stock"])
def test_an_interrupted_demo_has_no_result(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fit = un.Network.fit

    def interrupted(self, *args, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return fit(self, *args, **options)

    monkeypatch.setattr(un.Network, "fit", interrupted)
    done = inside("demo", name, "--out", "demos", capsys=capsys)
    assert (done.code, done.err) == (130, "interrupted.\n")
    assert "because" not in done.out
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_during_imports_shows_no_traceback(tmp_path):
    """The module that imports the command line is slow here, and is interrupted."""
    program = (
        "import os, signal, sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from unrolled.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted.\n")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_after_the_end_of_a_command_shows_no_traceback(name, tmp_path):
    program = (
        "import os, signal, sys\n"
        "from unrolled import cli\n"
        "from unrolled.__main__ import main\n"
        "run = cli.main\n"
        "def late():\n"
        "    try:\n"
        "        run()\n"
        "    finally:\n"
        f"        os.kill(os.getpid(), signal.{name})\n"
        "cli.main = late\n"
        "sys.argv = ['unrolled', 'info']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (128 + getattr(signal, name), "")
    assert "unrolled" in done.stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_python_ends_changes_nothing(name, tmp_path):
    program = (
        "import atexit, os, signal, sys\n"
        f"atexit.register(lambda: os.kill(os.getpid(), signal.{name}))\n"
        "from unrolled.__main__ import main\n"
        "sys.argv = ['unrolled', 'info']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "unrolled" in done.stdout


def test_an_interrupt_in_the_import_of_a_data_class_keeps_the_exit_code(tmp_path):
    """Such imports execute a text, after which `python -m` ends itself by SIGINT although the command handled it."""
    (tmp_path / "program.py").write_text(
        "from unrolled import cli\n"
        "from unrolled.__main__ import main\n"
        "def handled():\n"
        "    try:\n"
        "        exec('raise KeyboardInterrupt')\n"
        "    except KeyboardInterrupt:\n"
        "        raise SystemExit(143)\n"
        "cli.main = handled\n"
        "main()\n"
    )
    assert subprocess.run([sys.executable, "-m", "program"], cwd=tmp_path, check=False).returncode == 143


def test_the_run_file_of_an_interrupted_run_does_not_call_its_networks_a_choice(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train = training.train
    trained = []

    def interrupted(*args, **options):
        trained.append(1)
        if len(trained) > 2:
            os.kill(os.getpid(), signal.SIGINT)
        return train(*args, **options)

    monkeypatch.setattr(training, "train", interrupted)
    done = inside("forecast", AIR, "--horizon", 6, "--steps", 4, "--hidden", 4, "--out", "out", capsys=capsys)
    assert done.code == 130
    text = Path("out/run.toml").read_text()
    assert re.search("# the run was interrupted with [12] networks?; a run of this file is not cut short", text)
    assert "chosen from the data: season = 12" in text
    assert "ensemble =" not in text
    assert "scaling =" not in text
