"""ecschedule's and ecspresso's call syntax in Jinja's words, and what is refused."""

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.strategies import ANY_CHARACTER, QUICK

from esprestack.config.golang import GoSyntaxError, looks_like_a_call, refuse_control, to_jinja

# -- calls -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("go", "jinja"),
    [
        ("must_env `APP_FUGA`", "must_env('APP_FUGA')"),
        ('must_env "APP_FUGA"', "must_env('APP_FUGA')"),
        ("  must_env\t`A`  ", "must_env('A')"),
        ("must_env\n`A`", "must_env('A')"),
        ("must_env`A`", "must_env('A')"),
        ('env "A" "B" "default"', "env('A', 'B', 'default')"),
        ("env `A` ``", "env('A', '')"),
        ("must_env (env `A` `B`)", "must_env(env('A', 'B'))"),
        ("must_env(`A`)", "must_env('A')"),
        ("(must_env `A`)", "must_env('A')"),
        ("`A`", "'A'"),
        ("`A` | must_env", "must_env('A')"),
        ("`default` | env `A` `B`", "env('A', 'B', 'default')"),
        ("env `A` `B` | must_env | json_escape", "json_escape(must_env(env('A', 'B')))"),
        ("(`A` | must_env) | json_escape", "json_escape(must_env('A'))"),
        ("env (`A` | json_escape) `B`", "env(json_escape('A'), 'B')"),
        ("tfstatef `x.y['%s'].id` (must_env `SERVICE`)", "tfstatef('x.y[\\'%s\\'].id', must_env('SERVICE'))"),
        ("ssm `/app/list` 1", "ssm('/app/list', 1)"),
        ("f `a` -1 1.5", "f('a', -1, 1.5)"),
        ("f (true) `a`", "f(true, 'a')"),
        ("now `x` | f (g (h `y`))", "f(g(h('y')), now('x'))"),
    ],
)
def test_a_call_in_gos_syntax_means_a_call_in_jinjas(go: str, jinja: str) -> None:
    translated = to_jinja(go)
    assert normal(translated) == normal(jinja)


def normal(expression: str) -> str:
    """The expression with one kind of quotes and spaces; Jinja's calls are also Python's."""
    return ast.unparse(ast.parse(expression, mode="eval"))


@pytest.mark.parametrize(
    ("go", "text"),
    [
        (r'"a\nb"', "a\nb"),
        (r'"tab\tquote\"backslash\\"', 'tab\tquote"backslash\\'),
        (r'"\x41\101\u00e9\U0001F600"', "AAé😀"),
        ('"it\'s"', "it's"),
        ('`it\'s "both"`', 'it\'s "both"'),
        (r"`no \n escapes`", r"no \n escapes"),
        ("`two\nlines`", "two\nlines"),
        ("`{{ }} %} )`", "{{ }} %} )"),
        ('"é😀"', "é😀"),
    ],
)
def test_texts_mean_what_they_mean_in_go(go: str, text: str) -> None:
    assert ast.literal_eval(to_jinja(go)) == text


@QUICK
@given(st.text(ANY_CHARACTER))
def test_any_text_in_double_quotes_comes_through(text: str) -> None:
    assert ast.literal_eval(to_jinja(json.dumps(text, ensure_ascii=False))) == text


@QUICK
@given(st.text(ANY_CHARACTER.filter(lambda character: character != "`")))
def test_any_text_in_back_quotes_comes_through(text: str) -> None:
    assert ast.literal_eval(to_jinja(f"`{text}`")) == text


@QUICK
@given(st.text("fx `\"'()|\\1-.,\n{}%", max_size=40))
def test_what_cannot_be_translated_is_refused_and_nothing_else_happens(expression: str) -> None:
    try:
        to_jinja(expression)
    except GoSyntaxError as error:
        assert error.what
        assert error.todo


@pytest.mark.parametrize(
    ("go", "what"),
    [
        ("env `A`, `B`", "`,` is not understood in a call"),
        ("env `A` 'b'", "`'` is not understood in a call"),
        ("env `A` + `B`", "`+` is not understood in a call"),
        ("env (must_env `A`", "a parenthesis is never closed"),
        ("env `A`)", "`)` stands where the call should end"),
        ("`A` `B`", "a call begins with a function's name"),
        ("`A` |", "a call begins with a function's name"),
        ("| env `A`", "a call begins with a function's name"),
        ("env () `A`", "a call begins with a function's name"),
        ("must_env `A` | `B`", "a call begins with a function's name"),
    ],
)
def test_what_is_no_call_is_refused(go: str, what: str) -> None:
    with pytest.raises(GoSyntaxError) as error:
        to_jinja(go)
    assert error.value.what == what


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", [r'"a\d"', r'"\N{DASH}"', r'"\'"', r'"\x4"'])
def test_an_escape_that_go_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(GoSyntaxError) as error:
        to_jinja(f"env {text}")
    assert error.value.what == f"the text {text} has an escape that Go doesn't know"
    assert error.value.todo == "use back quotes"


# -- whose syntax it is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression", [" env `A` ", 'must_env "A"', "`A` | must_env", "env (must_env `A`)", "env(`A`)"]
)
def test_gos_calls_are_told_by_back_quotes_or_a_text_beside_a_name(expression: str) -> None:
    assert looks_like_a_call(expression)


@pytest.mark.parametrize(
    "expression",
    [
        'env("A")', "env('A', 'B')", '"a" ~ "b"', "name", "'x' if a else 'y'", 'not "a"', "items | join(',')",
        "range (3)", "a == 'b'", "x['key']", "- 1", "",
    ],
)  # fmt: skip
def test_all_else_is_jinja(expression: str) -> None:
    assert not looks_like_a_call(expression)


# -- control structures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "what", "todo"),
    [
        (" if .X ", "Go's `if` is not understood here", "write {% if … %}"),
        ("if eq (env `A`) `b`", "Go's `if` is not understood here", "write {% if … %}"),
        ("if (eq (env `A`) `b`)", "Go's `if` is not understood here", "write {% if … %}"),
        ("if not .X", "Go's `if` is not understood here", "write {% if … %}"),
        ("else", "Go's `else` is not understood here", "write {% else %} or {% elif … %}"),
        ("else if eq 1 2", "Go's `else` is not understood here", "write {% else %} or {% elif … %}"),
        (" end ", "Go's `end` is not understood here", "write {% endif %} or {% endfor %}"),
        ("range .Items", "Go's `range` is not understood here", "write {% for item in … %}"),
        ("range $i, $x := .Items", "Go's `range` is not understood here", "write {% for item in … %}"),
        ("with env `A`", "Go's `with` is not understood here", "write {% set name = … %}"),
        ("with (env `A`)", "Go's `with` is not understood here", "write {% set name = … %}"),
        ('define "x"', "Go's `define` is not understood here", "write {% macro name() %}"),
        ('template "x" .', "Go's `template` is not understood here", "write a macro call {{ name() }}"),
        ('block "x" .', "Go's `block` is not understood here", "write {% macro name() %}"),
        ("break", "Go's `break` is not understood here", "write a condition on the loop"),
        ("continue", "Go's `continue` is not understood here", "write a condition on the loop"),
        ("$x := env `A`", "Go's template variables are not understood here", "write {% set name = … %}"),
        ("$", "Go's template variables are not understood here", "write {% set name = … %}"),
        (".Name", "Go's fields (`.Name`) are not understood here", "use env, var or secret"),
        (".", "Go's fields (`.Name`) are not understood here", "use env, var or secret"),
    ],
)
def test_gos_control_structures_are_refused_with_jinjas_spelling(expression: str, what: str, todo: str) -> None:
    with pytest.raises(GoSyntaxError) as error:
        refuse_control(expression)
    assert (error.value.what, error.value.todo) == (what, todo)


@pytest.mark.parametrize(
    "expression",
    ["iffy", "end_date", "range(3)", "range (3)", "with_x", "else_", "template.name", "block | upper", "1"],
)
def test_names_that_only_begin_like_one_are_jinjas(expression: str) -> None:
    refuse_control(expression)
