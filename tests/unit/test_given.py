"""What people hand over as text is parsed strictly, and never quoted where it may hold secrets."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.strategies import QUICK

from esprestack.errors import InputError
from esprestack.given import dotenv, lines, mapping

# -- mapping: GitHub's toJSON(secrets) and toJSON(vars) --------------------------------------------------------


@QUICK
@given(st.dictionaries(st.text(), st.text()))
def test_names_and_values_come_out_as_they_went_in(values: dict[str, str]) -> None:
    assert mapping(json.dumps(values), "secrets") == values


@pytest.mark.parametrize("text", ["", "  \n", "{}", "null"])
def test_nothing_given_is_no_error(text: str) -> None:
    assert mapping(text, "vars") == {}


def test_values_that_are_no_texts_become_json() -> None:
    assert mapping('{"A": 1, "B": true, "C": null, "D": ["x"]}', "vars") == {
        "A": "1",
        "B": "true",
        "C": "null",
        "D": '["x"]',
    }


@pytest.mark.parametrize("text", ['{"PW": "hunter22"', "PW=hunter22", "'hunter22'", '{"PW": "hunter22"} {}'])
def test_what_is_no_json_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(InputError) as error:
        mapping(text, "secrets")
    assert str(error.value) == 'secrets is no JSON (write an object: {"NAME": "value"})'
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


@pytest.mark.parametrize("text", ['["hunter22"]', '"hunter22"', "22", "true"])
def test_what_is_no_object_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(InputError) as error:
        mapping(text, "ESPRESTACK_VARS")
    assert str(error.value) == 'ESPRESTACK_VARS is no JSON object (write an object: {"NAME": "value"})'


@QUICK
@given(st.text())
def test_any_text_is_a_mapping_or_an_error_of_input(text: str) -> None:
    try:
        values = mapping(text, "secrets")
    except InputError as error:
        assert error.problems[0].what in ("secrets is no JSON", "secrets is no JSON object")
    else:
        assert all(isinstance(value, str) for value in values.values())


def test_json_that_is_nested_without_end_is_an_error_of_input() -> None:
    with pytest.raises(InputError):
        mapping("[" * 100_000, "secrets")


# -- dotenv ----------------------------------------------------------------------------------------------------


def read(folder: Path, text: str) -> dict[str, str]:
    file = folder / ".env"
    file.write_bytes(text.encode())
    return dict(dotenv(file))


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    text = """\
# what the demo needs
PLAIN=value
  SPACED  =  value with spaces  \t
export EXPORTED=yes

EMPTY=
EQUALS=a=b==
HASH=a#b
COMMENT=value # said why
SINGLE='it is # no comment'
DOUBLE="two\\nlines, a \\"quote\\" and a \\\\"
NOT_ESCAPED='a\\nb'
QUOTE=it's
"""
    assert read(tmp_path, text) == {
        "PLAIN": "value",
        "SPACED": "value with spaces",
        "EXPORTED": "yes",
        "EMPTY": "",
        "EQUALS": "a=b==",
        "HASH": "a#b",
        "COMMENT": "value",
        "SINGLE": "it is # no comment",
        "DOUBLE": 'two\nlines, a "quote" and a \\',
        "NOT_ESCAPED": "a\\nb",
        "QUOTE": "it's",
    }


def test_a_comment_may_follow_a_quoted_value(tmp_path: Path) -> None:
    assert read(tmp_path, "A='x y' # why\nB=\"x # y\" # why\n") == {"A": "x y", "B": "x # y"}


def test_an_escaped_backslash_before_an_n_is_no_line_break(tmp_path: Path) -> None:
    assert read(tmp_path, 'PATH_="C:\\\\new"\n') == {"PATH_": "C:\\new"}


def test_the_last_assignment_wins(tmp_path: Path) -> None:
    assert read(tmp_path, "A=1\nA=2\n") == {"A": "2"}


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffA=1\r\nB='2'\r\n") == {"A": "1", "B": "2"}


@pytest.mark.parametrize("line", ["just words", "1A=x", "=x", "A B=x", "A-B=x"])
def test_what_is_no_assignment_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, f"# first\nA=hunter22\n{line}\n")
    assert str(error.value) == f"{tmp_path}/.env:3:1: no assignment (write NAME=value)"


def test_a_file_that_is_not_there_is_an_error_of_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the env file can't be read"):
        dotenv(tmp_path / "missing.env")


def test_a_file_that_is_not_utf8_is_an_error_of_input(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(InputError, match="the env file can't be read"):
        dotenv(tmp_path / ".env")


@QUICK
@given(value=st.text("an\\\"' #=\n"))
def test_a_value_in_double_quotes_is_any_text(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert read(tmp_path_factory.getbasetemp(), f'A="{escaped}"\n') == {"A": value}


# -- lists -----------------------------------------------------------------------------------------------------


def test_a_list_has_one_entry_a_line() -> None:
    assert lines("a.yaml\n\n  jobs/*.yaml  \r\n# not this one\nb#c\n") == ("a.yaml", "jobs/*.yaml", "b#c")


@pytest.mark.parametrize("text", ["", "\n \n", "# nothing"])
def test_a_list_may_be_empty(text: str) -> None:
    assert lines(text) == ()
