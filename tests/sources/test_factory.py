from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dissect_report.errors import ModelError, SegmenterError
from dissect_report.sources.factory import load_factory, source_digest


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return name


def test_a_file_is_found_relative_to_the_folder_and_can_import_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    write(tmp_path / "nets", "beside_me_1.py", "ANSWER = 42")
    write(tmp_path / "nets", "net.py", "import beside_me_1\ndef make():\n    return beside_me_1.ANSWER")
    before = list(sys.path)
    assert load_factory("nets/net.py:make", tmp_path)() == 42
    assert sys.path == before


def test_an_import_inside_the_factory_works_too(tmp_path: Path) -> None:
    write(tmp_path, "beside_me_2.py", "ANSWER = 43")
    write(tmp_path, "late.py", "def make():\n    import beside_me_2\n    return beside_me_2.ANSWER")
    assert load_factory("late.py:make", tmp_path)() == 43


def test_two_files_of_one_name_are_two_modules(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        write(tmp_path / str(number), "net.py", f"def make(): return {number}")
    made = [load_factory("net.py:make", tmp_path / str(number))() for number in (1, 2)]
    assert made == [1, 2]


def test_a_package_or_a_module_in_the_folder_is_imported_by_name(tmp_path: Path) -> None:
    assert load_factory("collections:OrderedDict", tmp_path)() == {}
    write(tmp_path, "module_in_the_folder.py", "def make(): return 'here'")
    assert load_factory("module_in_the_folder:make", tmp_path)() == "here"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def make(): raise KeyError('two\\nlines')", "bad.py:make fails: KeyError: 'two"),
        ("def make(): raise SystemExit(3)", "bad.py:make fails: SystemExit: 3"),
        ("1 / 0", "bad.py:make fails: ZeroDivisionError: division by zero"),
        ("def make(:", "bad.py:make fails: SyntaxError: "),
        (
            "import no_such_module_at_all",
            "ModuleNotFoundError: No module named 'no_such_module_at_all'",
        ),
        ("def mkae(): pass", "bad.py has no factory called 'make'; did you mean 'mkae'?"),
        ("make = 3", "has no factory called 'make'"),
    ],
)
def test_a_factory_that_fails_ends_in_one_line_with_its_own_words(
    tmp_path: Path, text: str, words: str
) -> None:
    write(tmp_path, "bad.py", text)
    with pytest.raises(SegmenterError) as caught:
        load_factory("bad.py:make", tmp_path, SegmenterError)()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("none.py:make", "none.py: no such file"),
        ("no_package_of_this_name.net:make", "no module is called 'no_package_of_this_name.net'"),
        ("make", "is not file.py:factory"),
        ("file.py:", "is not file.py:factory"),
        (":make", "is not file.py:factory"),
    ],
)
def test_a_source_that_is_not_there_is_named(tmp_path: Path, source: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        load_factory(source, tmp_path)


def test_the_digest_follows_the_code(tmp_path: Path) -> None:
    write(tmp_path, "net.py", "def make(): return 1")
    first = source_digest("net.py:make", tmp_path)
    write(tmp_path, "net.py", "def make(): return 2")
    assert first
    assert source_digest("net.py:make", tmp_path) != first
    assert source_digest("numpy:array", tmp_path) == "", "an installed package is known by its version"
