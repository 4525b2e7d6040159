"""Every source file has a test file of the same place and name, or an exception with a reason is listed here."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE, TESTS = ROOT / "src" / "unrolled", ROOT / "tests"
WITHOUT_A_TEST_FILE = {
    "__init__.py": "tests/house and tests/properties use the public names",
    "__main__.py": "the commands of tests/integration run it",
    "version.py": "one constant",
    "loading.py": "tests/test_storage.py loads what it stores",
    "cli/__init__.py": "tests/cli/test_command_group.py runs it",
    "nn/losses/__init__.py": "tests/nn/losses/test_base.py asks for every loss by name",
    "nn/engines/native_program.py": "every test of the native engine passes its programs through it",
}
FILES = [
    str(path.relative_to(SOURCE))
    for path in sorted(SOURCE.rglob("*.py"))
    if path.name != "__init__.py" or path.read_text().count("\ndef ") + path.read_text().count("\nclass ")
]


def expected(name: str) -> Path:
    """The test file of a source file; the code of a package's __init__ is tested in a file named after it."""
    path = TESTS / name
    if path.name == "__init__.py":
        return path.parent / f"test_{path.parent.name}.py"
    return path.with_name(f"test_{path.name}")


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_a_test_file(name):
    assert expected(name).exists() != (name in WITHOUT_A_TEST_FILE), f"tests/{expected(name).relative_to(TESTS)}"


def test_the_exceptions_exist():
    assert set(WITHOUT_A_TEST_FILE) <= set(FILES)
