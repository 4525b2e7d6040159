"""Sets of files: whatever ends the process that writes them, afterwards all are old or all are new."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import unrolled as un
from steps import Counter
from unrolled import file_sets
from unrolled.file_sets import COMPLETE, WRITING, finish_sets, locked, write_bytes, write_files

OLD = {"a.csv": b"old a", "model.bin": b"old model", "run.toml": b"old run"}
NEW = {"a.csv": b"new a", "model.bin": b"new model", "run.toml": b"new run"}


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def folder(tmp_path):
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def number_of_steps(folder, contents):
    with pytest.MonkeyPatch.context() as patch:
        counter = Counter(0, None, False)
        counter.install(patch)
        write_files(folder, contents)
    return counter.calls


def killed_at(k: int, after: bool, folder: Path, contents) -> None:
    """Write in a child process that ends without any cleaning up at its k-th step."""
    child = os.fork()
    if child == 0:
        with pytest.MonkeyPatch.context() as patch:
            Counter(k, lambda: os._exit(9), after).install(patch)
            write_files(folder, contents)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("contents", [NEW, {"a.csv": b"new a"}], ids=["three files", "one file"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_files(after, contents, tmp_path):
    outcomes = []
    whole = {name: {OLD[name], content} for name, content in contents.items()}
    with tempfile.TemporaryDirectory() as other:
        steps = number_of_steps(Path(other), contents)
    assert steps > 5
    for k in range(1, steps + 1):
        folder = tmp_path / str(k)
        folder.mkdir()
        for name, content in OLD.items():
            (folder / name).write_bytes(content)
        killed_at(k, after, folder, contents)
        assert all((folder / name).read_bytes() in known for name, known in whole.items())
        finish_sets(folder)
        found = contents_of(folder)
        assert found in (OLD, OLD | contents)
        outcomes.append(found == OLD)
    assert outcomes == sorted(outcomes, reverse=True)  # first old, from some step on new
    assert {True, False} == set(outcomes)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["^C", "full"])
def test_an_error_at_any_step_leaves_the_old_or_the_new_files(error, folder):
    def fail():
        raise error

    outcomes = []
    for k in range(1, number_of_steps(folder, OLD) + 1):
        with pytest.MonkeyPatch.context() as patch:
            Counter(k, fail, False).install(patch)
            message = ""
            try:
                write_files(folder, NEW)
            except (un.InputError, KeyboardInterrupt) as stopped:
                message = str(stopped)
        unchanged = all((folder / name).read_bytes() == content for name, content in OLD.items())
        finish_sets(folder)
        found = contents_of(folder)
        assert found in (OLD, NEW)
        assert "No space left on device. Earlier files are unchanged." not in message or unchanged
        assert "The next run with this folder tries it again." not in message or found == NEW
        outcomes.append((found == OLD, message.partition(":")[0].split()[0] if message else ""))
        write_files(folder, OLD)
    assert {was_old for was_old, _ in outcomes} == {True, False}
    if isinstance(error, OSError):
        assert {start for _, start in outcomes} == {"", "can't", "the"}


def test_the_next_load_finishes_a_set(folder):
    """A process was killed after its set was complete and one file had been moved."""
    net = un.Network([un.GRU(2)], 1)
    net.save(folder / "next.safetensors")
    hidden = folder / f"{COMPLETE}x"
    hidden.mkdir()
    os.rename(folder / "next.safetensors", hidden / "model.bin")
    (hidden / file_sets.ORDER).write_text('["+a.csv", "+model.bin"]')
    assert un.load(folder / "model.bin").layers == net.layers
    assert not hidden.exists()


def test_a_list_of_files_without_its_end_changes_nothing(folder):
    """As after a power failure, if the disk has lost what it had confirmed."""
    hidden, order = folder / f"{COMPLETE}x", json.dumps(["-run.toml", "+a.csv", "+model.bin"])
    for length in range(len(order)):
        hidden.mkdir()
        for name, content in NEW.items():
            (hidden / name).write_bytes(content)
        (hidden / file_sets.ORDER).write_text(order[:length])
        finish_sets(folder)
        assert contents_of(folder) == OLD


def test_names_with_line_breaks_are_written_together(folder):
    write_files(folder, {"a\nb": b"1", "c": b"2"}, obsolete=list(OLD))
    assert contents_of(folder) == {"a\nb": b"1", "c": b"2"}


def test_obsolete_files_are_removed_with_the_others(folder):
    write_files(folder, {"a.csv": b"new a"}, obsolete=["model.bin", "absent"])
    assert contents_of(folder) == {"a.csv": b"new a", "run.toml": b"old run"}


def test_leftovers_of_killed_processes_are_removed_and_those_of_living_ones_stay(folder):
    (folder / f"{WRITING}dead").mkdir()
    (folder / f"{WRITING}dead" / "a.csv").write_bytes(b"half")
    with file_sets._hidden_folder(folder) as living:
        write_files(folder, NEW)
        assert living.exists()
        assert not (folder / f"{WRITING}dead").exists()
    assert contents_of(folder) == NEW


def test_a_second_run_is_refused_while_the_first_one_writes(folder):
    code = """if True:
        import sys, time, pathlib
        from unrolled.file_sets import locked
        with locked(pathlib.Path(sys.argv[1]), ""):
            print("locked", flush=True)
            time.sleep(60)
    """
    first = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE)
    try:
        assert first.stdout.readline() == b"locked\n"
        with pytest.raises(un.InputError, match=r"another run is writing to .*\. Wait until it has ended, or pay\."):
            locked(folder, "pay").__enter__()
        first.kill()  # a lock does not outlive its process
        first.wait()
        with locked(folder, "pay"):
            pass
    finally:
        first.kill()
        first.stdout.close()
        first.wait()


def test_a_folder_is_not_replaced_by_a_file(folder):
    (folder / "model.bin").unlink()
    (folder / "model.bin").mkdir()
    with pytest.raises(un.InputError, match=r"can't write .*model\.bin: Is a directory\. Earlier files"):
        write_files(folder, NEW)
    assert (folder / "a.csv").read_bytes() == OLD["a.csv"]


def test_names_of_the_greatest_length_can_be_written(tmp_path):
    write_bytes(tmp_path / ("n" * 255), b"x")
    assert contents_of(tmp_path) == {"n" * 255: b"x"}


def test_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    write_bytes(tmp_path / "written", b"")
    assert (tmp_path / "written").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_without_locks_files_are_written_and_leftovers_stay(folder, monkeypatch):
    """A file system without locks can't tell leftovers from the folders of living processes."""

    def refuse(descriptor, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(file_sets, "flock", refuse)
    (folder / f"{WRITING}other").mkdir()
    write_files(folder, NEW)
    assert (folder / f"{WRITING}other").exists()
    shutil.rmtree(folder / f"{WRITING}other")
    assert contents_of(folder) == NEW


def test_many_writers_of_one_folder_lose_nothing(tmp_path):
    """Four processes replace one set while another reads it: each file is whole at any time."""
    code = (
        "import sys; from unrolled.file_sets import write_files\n"
        "for k in range(30): write_files(sys.argv[1], {n: (sys.argv[2] * 9999).encode() for n in ('a', 'b')})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, tmp_path, letter]) for letter in "wxyz"]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        for name in ("a", "b"):
            if (tmp_path / name).exists():
                found = (tmp_path / name).read_bytes()
                assert len(found) == 9999
                assert len(set(found)) == 1
                reads += 1
        time.sleep(0.001)
    assert [writer.wait() for writer in writers] == [0] * 4
    assert reads
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
