"""A template is cut into pieces whose places in the file are known to the column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.config.builders import told
from tests.unit.strategies import QUICK

from esprestack.config.tags import Piece, cut
from esprestack.errors import ConfigError


def texts(template: str) -> list[tuple[str, str]]:
    """Kind and text of each piece that isn't empty, comments left out."""
    return [(piece.kind, piece.text) for piece in cut(template, "f") if piece.text and piece.kind != "comment"]


def places(template: str) -> list[tuple[str, int, int]]:
    """Text, line and column of each of them."""
    pieces = [piece for piece in cut(template, "f") if piece.text and piece.kind != "comment"]
    return [(piece.text, piece.line, piece.column) for piece in pieces]


def refused(template: str) -> str:
    with pytest.raises(ConfigError) as error:
        cut(template, "f")
    (problem,) = told(error)
    return problem


def test_text_without_tags_is_one_piece() -> None:
    assert cut("a: 1\nb: 2\n", "f") == [Piece("text", "a: 1\nb: 2\n", 1, 1)]
    assert cut("", "f") == []


def test_a_template_is_text_expressions_and_statements() -> None:
    assert texts("a: {{ x }}\n{% if y %}b{% endif %}") == [
        ("text", "a: "),
        ("expression", " x "),
        ("text", "\n"),
        ("statement", " if y "),
        ("text", "b"),
        ("statement", " endif "),
    ]


def test_every_piece_knows_its_line_and_column() -> None:
    assert places("a: {{ x }} b\nc: {{ y\n}} d {% z %}\ne") == [
        ("a: ", 1, 1),
        (" x ", 1, 4),
        (" b\nc: ", 1, 11),
        (" y\n", 2, 4),
        (" d ", 3, 3),
        (" z ", 3, 6),
        ("\ne", 3, 13),
    ]


# -- where a tag ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inner",
    [
        " 'a}}b' ",
        ' "a}}b" ',
        " `a}}b` ",
        r" 'it\'s }}' ",
        r" `a\` ",
        " {'a': {'b': 1}} ",
        " f({'a': '}'})['}}'] ",
        " [[1], [2]] ",
        " '{{' ",
        " '%}' ",
    ],
)
def test_braces_in_texts_and_brackets_do_not_end_a_tag(inner: str) -> None:
    assert texts(f"x{{{{{inner}}}}}y") == [("text", "x"), ("expression", inner), ("text", "y")]


def test_a_statement_ends_at_its_own_brace() -> None:
    assert texts("{% set x = '%}' %}y") == [("statement", " set x = '%}' "), ("text", "y")]
    assert texts("{% set x = {'a': 1} %}y") == [("statement", " set x = {'a': 1} "), ("text", "y")]


# -- white space -----------------------------------------------------------------------------------------------


def test_a_dash_cuts_white_space_and_line_breaks() -> None:
    assert places("a: \n\n  {{- x -}} \n\n  b") == [("a:", 1, 1), (" x ", 3, 3), ("b", 5, 3)]
    assert places("a\n{%- if x -%}\nb\n{%- endif %}\nc") == [
        ("a", 1, 1),
        (" if x ", 2, 1),
        ("b", 3, 1),
        (" endif ", 4, 1),
        ("\nc", 4, 13),
    ]


def test_line_breaks_that_are_cut_move_into_the_tag() -> None:
    """So the line numbers of Jinja stay those of the file."""
    (piece,) = [piece for piece in cut("a\n\n{{- x -}}\n\n\nb", "f") if piece.kind == "expression"]
    assert (piece.before, piece.after) == ("\n\n", "\n\n\n")


def test_two_tags_that_cut_the_same_text() -> None:
    assert texts("{{ x -}} \n {{- y }}") == [("expression", " x "), ("expression", " y ")]


def test_a_plus_keeps_white_space() -> None:
    assert texts("a {%+ if x %}") == [("text", "a "), ("statement", " if x ")]


def test_a_minus_sign_is_not_a_dash() -> None:
    assert texts("a {{ -1 }} b") == [("text", "a "), ("expression", " -1 "), ("text", " b")]


# -- comments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("comment", ["{# c #}", "{# {{ x }} {% y %} ' #}", "{#\n#}", "{{/* c */}}", "{{ /* }} ' */ }}"])
def test_comments_are_no_text(comment: str) -> None:
    assert texts(f"a {comment} b") == [("text", "a "), ("text", " b")]


@pytest.mark.parametrize("comment", ["{#- c -#}", "{{- /* c */ -}}"])
def test_comments_cut_white_space_as_tags_do(comment: str) -> None:
    assert places(f"a\n {comment}\n  b") == [("a", 1, 1), ("b", 3, 3)]


def test_text_after_a_comment_of_many_lines_knows_its_place() -> None:
    assert places("a\n{# 1\n2\n3 #} b {{ x }}") == [("a\n", 1, 1), (" b ", 4, 5), (" x ", 4, 8)]


# -- raw -------------------------------------------------------------------------------------------------------


def test_nothing_is_a_tag_between_raw_and_endraw() -> None:
    assert texts("{% raw %}a {{ x }} {# y #} {% z %}{% endraw %}b") == [
        ("statement", " raw "),
        ("text", "a {{ x }} {# y #} {% z %}"),
        ("statement", "endraw"),
        ("text", "b"),
    ]


def test_raw_blocks_cut_white_space_as_tags_do() -> None:
    assert places("{% raw -%}\n a {{ x }}\n{%- endraw -%}\n b") == [
        (" raw ", 1, 1),
        ("a {{ x }}", 2, 2),
        ("endraw", 3, 1),
        ("b", 4, 2),
    ]


# -- never closed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "place", "what"),
    [
        ("a: 1\nb: {{ x", "2:4", "{{"),
        ("a: 1\nb: {{ f('x' }}", "2:4", "{{"),
        ("a: {% if x }}", "1:4", "{%"),
        ("a: {# c", "1:4", "{#"),
        ("a: {{/* c }}", "1:4", "{{/*"),
        ("a: {{ 'x }}", "1:7", "'"),
        ('a: {{ "x }}', "1:7", '"'),
        ("a: {{ `x }}", "1:7", "`"),
        ("a: 1\n  {% raw %} x", "2:3", "{% raw %}"),
    ],
)
def test_what_is_never_closed_is_told_where_it_begins(template: str, place: str, what: str) -> None:
    todo = "close it; text that only looks like a template belongs between {% raw %} and {% endraw %}"
    assert refused(template) == f"f:{place}: `{what}` is never closed ({todo})"


# -- any text --------------------------------------------------------------------------------------------------

PARTS = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "+",
    " ",
    "\n",
    "a",
    "'",
    '"',
    "`",
    "\\",
    "(",
    ")",
    "/*",
    "*/",
    " raw ",
]


@QUICK
@given(st.lists(st.sampled_from([*PARTS, " endraw "])).map("".join))
def test_any_text_is_cut_or_told_to_be_never_closed(template: str) -> None:
    try:
        pieces = cut(template, "f")
    except ConfigError as error:
        assert all("is never closed" in problem.what for problem in error.problems)
        return
    lines = template.split("\n")
    for piece in pieces:
        if piece.kind == "text" and piece.text:
            first = piece.text.split("\n")[0]
            assert lines[piece.line - 1][piece.column - 1 :].startswith(first)
        elif piece.kind == "expression":
            assert lines[piece.line - 1][piece.column - 1 :].startswith("{{")
        elif piece.kind == "statement":
            assert lines[piece.line - 1][piece.column - 1 :].startswith("{%")
