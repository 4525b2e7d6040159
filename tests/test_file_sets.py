"""Sets of files: whatever ends the process that writes them, afterwards all are old or all are new."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
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
        outcomes.append((found == OLD, message.partition(":")[0].split()[0] if message else ""))
        write_files(folder, OLD)
    assert {was_old for was_old, _ in outcomes} == {True, False}
    if isinstance(error, OSError):
        assert {start for _, start in outcomes} == {"", "can't"}


# --- files that can't be replaced -----------------------------------------------------------------------


def obstruct(monkeypatch, name: str, can_link: bool = True, can_undo: bool = True) -> None:
    """As if the file of this name were immutable or mounted."""
    replace, link, failed = os.replace, os.link, []

    def replace_others(source, target):
        if os.path.lexists(source) and (Path(target).name == name or (failed and not can_undo)):
            failed.append(target)
            raise OSError(16, "Device or resource busy", source, None, target)
        replace(source, target)

    def link_others(source, target):
        if Path(source).name == name or not can_link:
            raise OSError(1, "Operation not permitted")
        link(source, target)

    monkeypatch.setattr(os, "replace", replace_others)
    monkeypatch.setattr(os, "link", link_others)


@pytest.mark.parametrize("can_link", [True, False], ids=["with links", "without links"])
@pytest.mark.parametrize("name", NEW)
def test_a_file_that_cannot_be_replaced_leaves_all_earlier_files(name, can_link, folder, monkeypatch):
    (folder / "early").write_bytes(b"to be removed")
    before = contents_of(folder)
    for others in ({}, {"first": b"a file that was not there"}):
        with monkeypatch.context() as patch:
            obstruct(patch, name, can_link)
            with pytest.raises(
                un.InputError, match=rf"can't write \S*{name}: Device or resource busy\. Earlier files"
            ):
                write_files(folder, others | NEW, obsolete=["early", "absent"])
        assert contents_of(folder) == before
    write_files(folder, NEW, obsolete=["early"])
    assert contents_of(folder) == NEW


def test_earlier_files_that_cannot_be_put_back_are_by_the_next_run(folder, monkeypatch):
    with monkeypatch.context() as patch:
        obstruct(patch, "run.toml", can_undo=False)
        with pytest.raises(un.InputError, match=r"neither .* The next run with this folder tries it again\."):
            write_files(folder, NEW)
        with pytest.raises(un.InputError, match="Device or resource busy"):  # nothing is written beside the set
            write_bytes(folder / "model.bin", b"newest")
    write_bytes(folder / "other", b"")
    (folder / "other").unlink()
    assert contents_of(folder) in (OLD, NEW)


def test_a_kill_while_earlier_files_are_put_back_leaves_all_of_them_or_none(tmp_path, monkeypatch):
    obstruct(monkeypatch, "run.toml")
    k, outcomes = 0, []
    while True:
        k += 1
        folder = tmp_path / str(k)
        folder.mkdir()
        for name, content in OLD.items():
            (folder / name).write_bytes(content)
        child = os.fork()
        if child == 0:
            with pytest.MonkeyPatch.context() as patch:
                Counter(k, lambda: os._exit(9), True).install(patch)
                try:
                    write_files(folder, NEW)
                except un.InputError:
                    os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break
        finish_sets(folder)
        outcomes.append(contents_of(folder))
    assert len(outcomes) > 20
    assert all(found == OLD for found in outcomes)


# --- several processes and other folders ----------------------------------------------------------------


def test_the_files_of_two_writers_are_moved_one_set_after_the_other(folder, monkeypatch):
    """The second writer comes while the first one has moved one of its files."""
    replace, second = os.replace, threading.Thread(target=write_files, args=(folder, {**OLD, "a.csv": b"second"}))

    def replace_and_wait(source, target):
        replace(source, target)
        if Path(target).name == "a.csv" and not second.ident:
            second.start()
            second.join(0.5)

    monkeypatch.setattr(os, "replace", replace_and_wait)
    write_files(folder, NEW)
    second.join()
    assert contents_of(folder) == {**OLD, "a.csv": b"second"}


def test_a_set_of_a_killed_process_never_mixes_with_a_newer_one(folder):
    """Neither if its files can't be moved, nor if the newer set leaves some of its files out."""
    steps = number_of_steps(folder, OLD)
    for k in range(1, steps + 1):
        killed_at(k, True, folder, NEW)
        with pytest.MonkeyPatch.context() as patch:
            obstruct(patch, "run.toml")
            with pytest.raises(un.InputError):
                write_files(folder, dict.fromkeys(OLD, b"newer"))
        assert contents_of(folder) in (OLD, NEW)
        killed_at(k, True, folder, NEW)
        write_files(folder, {"a.csv": b"newer", "run.toml": b"newer"})
        found = contents_of(folder)
        assert found.pop("model.bin") in (OLD["model.bin"], NEW["model.bin"])
        assert found == {"a.csv": b"newer", "run.toml": b"newer"}
        write_files(folder, OLD)


FOREIGN = {
    "outside": '[[null, "../victim"]]',
    "outside, as source": '[["../victim", "a.csv"]]',
    "absolute": '[[null, "/victim"]]',
    "a number": "[1]",
    "no list": "5",
    "null": "null",
    "an empty name": '[[null, ""]]',
    "a folder": '[[null, ".."]]',
    "no name": '[["a.csv", null]]',
    "one name": '[["a.csv"]]',
    "half of a character": '[[null, "\\ud800"]]',
    "a NUL": '[[null, "a\\u0000"]]',
    "deep": "[" * 9999,
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=list(FOREIGN))
def test_a_list_without_plain_names_changes_nothing_and_stops_no_one(text, tmp_path):
    (tmp_path / "victim").write_bytes(b"precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    un.Network([un.GRU(2)], 1).save(folder / "model")
    before = contents_of(folder)
    for name in (file_sets.ORDER, file_sets.UNDO):
        (folder / COMPLETE).mkdir()
        (folder / COMPLETE / "a.csv").write_bytes(b"a")
        (folder / COMPLETE / name).write_text(text)
        un.load(folder / "model")
        assert contents_of(folder) == before
    assert (tmp_path / "victim").read_bytes() == b"precious"


def a_link(path: Path) -> None:
    (path.parent.parent / "target").mkdir()
    (path.parent.parent / "target" / file_sets.ORDER).write_text('[[null, "a.csv"]]')
    path.symlink_to("../target")


def a_set(path: Path) -> None:
    path.mkdir()
    (path / file_sets.ORDER).write_text('[[null, "a.csv"]]')


@pytest.mark.parametrize("make", [os.mkfifo, Path.touch, a_link, a_set], ids=["pipe", "file", "link", "other user"])
@pytest.mark.parametrize("name", [COMPLETE, f"{WRITING}x"])
def test_what_others_have_under_the_hidden_names_is_left_alone(make, name, tmp_path, monkeypatch):
    if make is a_set:
        if name != COMPLETE:
            return
        user = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
        lstat = Path.lstat
        monkeypatch.setattr(
            Path, "lstat", lambda path: os.stat_result([*lstat(path)[:4], user + 2, *lstat(path)[5:]])
        )
    folder = tmp_path / "folder"
    folder.mkdir()
    net = un.Network([un.GRU(2)], 1)
    net.save(folder / "model")
    (folder / "a.csv").write_bytes(b"a")
    make(folder / name)
    un.load(folder / "model")
    if name == COMPLETE:
        with pytest.raises(un.InputError, match=rf"{COMPLETE} is not a folder of this user; remove it\. Earlier"):
            write_files(folder, NEW)
    else:
        write_files(folder, NEW | {"a.csv": b"a"})
    assert (folder / "a.csv").read_bytes() == b"a"
    assert os.path.lexists(folder / name)


def test_the_set_of_another_user_is_waited_for(folder, monkeypatch):
    lstat, looks = Path.lstat, []

    def lstat_of_another(path):
        looks.append(path)
        if len(looks) == 5:
            shutil.rmtree(path)  # by then its files have been moved
        found = lstat(path)
        return os.stat_result([*found[:4], found.st_uid + 1, *found[5:]])

    (folder / COMPLETE).mkdir()
    monkeypatch.setattr(Path, "lstat", lstat_of_another)
    write_files(folder, NEW)
    assert len(looks) >= 5
    assert contents_of(folder) == NEW


def test_files_are_written_without_a_thread(folder, monkeypatch):
    """As at a limit on processes or memory."""

    def fail(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    write_files(folder, NEW)
    assert contents_of(folder) == NEW


def test_the_next_load_finishes_a_set(folder):
    """A process was killed after its set was complete and one file had been moved."""
    net = un.Network([un.GRU(2)], 1)
    net.save(folder / "next.safetensors")
    hidden = folder / COMPLETE
    hidden.mkdir()
    os.rename(folder / "next.safetensors", hidden / "model.bin")
    (hidden / file_sets.ORDER).write_text('[["a.csv", "a.csv"], ["model.bin", "model.bin"]]')
    assert un.load(folder / "model.bin").layers == net.layers
    assert not hidden.exists()


def test_a_list_of_files_without_its_end_changes_nothing(folder):
    """As after a power failure, if the disk has lost what it had confirmed."""
    hidden, order = (
        folder / COMPLETE,
        json.dumps([(None, "run.toml"), ("a.csv", "a.csv"), ("model.bin", "model.bin")]),
    )
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


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)])
def test_only_files_are_replaced(make, folder):
    (folder / "model.bin").unlink()
    make(folder / "model.bin")
    with pytest.raises(un.InputError, match=r"can't write .*model\.bin: it is not a file\. Earlier files"):
        write_files(folder, NEW)
    assert (folder / "a.csv").read_bytes() == OLD["a.csv"]
    assert not (folder / "model.bin").is_file()


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
