"""The code in the documents runs, and their links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import unrolled as un

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "unrolled"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "docs/forecasting.md", "docs/recipes.md", "docs/files.md"]
)
def test_python_blocks_run_one_after_the_other(name, tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    program = tmp_path / "blocks.py"  # in a file, because dataclasses look up their module
    program.write_text("\n".join(blocks), "utf-8")
    done = subprocess.run([sys.executable, "-W", "error", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document):
    prose = re.sub(r"^```.*?^```|`[^`]*`", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", prose)
    missing = [t for t in targets if "://" not in t and not (document.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_in_backticks_exist(document):
    paths = re.findall(r"`((?:[a-z0-9_.]+/)+[a-z0-9_.]+\.(?:py|hpp|cpp))`", document.read_text("utf-8"))
    roots = (ROOT, ROOT / "native", ROOT / "src", SOURCE, *SOURCE.iterdir())
    assert not [path for path in paths if not any((root / path).exists() for root in roots)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_headings(document):
    prose = re.sub(r"^```.*?^```|`[^`]*`", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for name, heading in re.findall(r"\]\(([^):#]*\.md|)#([^)]+)\)", prose):
        target = (document.parent / name if name else document).read_text("utf-8")
        found = re.findall(r"^#+ (.+)$", target, re.MULTILINE)
        assert heading in [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found], heading


def program(path: Path):
    """A program outside the package, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_commands_agrees_with_their_help():
    tool = program(ROOT / "tools" / "document_commands.py")
    # else: python tools/document_commands.py
    assert tool.DOCUMENT.read_text("utf-8") == tool.document()


def glossary() -> list[tuple[str, list[str]]]:
    """The terms of the glossary, each with the content of its last column."""
    rows = re.findall(
        r"^\| (.+?) \|.*?\| ([^|]*) \|$", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE
    )
    return [(term, re.findall(r"`([^`]+)`", where)) for term, where in rows]


def module(where: str) -> Path:
    return ROOT / where if where.startswith("native/") else SOURCE / where


def test_the_modules_of_the_glossary_exist():
    places = {where for _, found in glossary() for where in found if "/" in where}
    assert len(places) > 40
    assert not [where for where in places if not module(where).exists()]


def test_the_names_of_the_glossary_are_defined_in_its_modules():
    names = {term.strip("`"): found[0] for term, found in glossary() if re.fullmatch(r"`[A-Z]\w+`", term)}
    assert len(names) > 15
    for name, where in names.items():
        assert re.search(rf"^class {name}\b", module(where).read_text("utf-8"), re.MULTILINE), name


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == un.__version__


def test_tables_of_speed_show_the_measured_results():
    tables = program(ROOT / "benchmarks" / "tables.py")
    results = tables.load()
    performance = (ROOT / "docs" / "performance.md").read_text("utf-8")
    for table in tables.TABLES:
        assert table(results) in performance
    for table in (tables.training, tables.stock):
        assert table(results) in (ROOT / "README.md").read_text("utf-8")
