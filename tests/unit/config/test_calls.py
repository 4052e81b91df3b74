"""Files of calls only are rendered without Jinja, and come out as Jinja would render them."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.config.builders import Given

from esprestack.config.calls import Call, read_call

GIVEN = Given(env={"A": "a", "B": ""}, secrets={"S": "it's secret"}, variables={"V": "v"})


@pytest.mark.parametrize(
    ("expression", "call"),
    [
        ("must_env('A')", Call("must_env", ("A",))),
        (" must_env `A` ", Call("must_env", ("A",))),
        ('env "A" `B` "c"', Call("env", ("A", "B", "c"))),
        ("env('A', 'B', 'c',)", Call("env", ("A", "B", "c"))),
        ("ssm('x', 0)", Call("ssm", ("x", 0))),
        ("must_env (env `A` `B`)", Call("must_env", (Call("env", ("A", "B")),))),
        ("must_env('A') | json_escape", Call("json_escape", (Call("must_env", ("A",)),))),
        ("must_env `A` | json_escape", Call("json_escape", (Call("must_env", ("A",)),))),
        ("'x' | plugin('y')", Call("plugin", ("x", "y"))),
    ],
)
def test_calls_are_read_in_both_syntaxes(expression: str, call: Call) -> None:
    assert read_call(expression) == call


@pytest.mark.parametrize(
    "expression",
    ["A", "'a'", "1", "env('A') ~ 'b'", "env(name='A')", "env(A)", "env('A')[0]", "a.b()", "env(*['A'])", "env('a\\n')",
     "env(1.5)", "env(True)", "not env('A')", "env('A', [1])", "if x", "env(", "range .X", "f(" * 500 + ")" * 500, "env(\n'A'"],
)  # fmt: skip
def test_anything_else_is_left_to_jinja(expression: str) -> None:
    assert read_call(expression) is None


NAMES = st.sampled_from(["'A'", '"B"', "'c d'", "'ü'", '"it\'s"', "''"])
CALLS = st.recursive(
    st.builds("env({})".format, st.lists(NAMES, min_size=1, max_size=3).map(", ".join)),
    lambda inner: st.one_of(
        st.builds("env({}, {})".format, NAMES, inner),
        st.builds("{} | json_escape".format, inner),
        st.builds("json_escape({})".format, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=50)
@given(st.lists(CALLS, max_size=4))
def test_the_result_is_jinjas(expressions: list[str]) -> None:
    text = "".join(f"k{number}: {{{{ {expression} }}}}\n" for number, expression in enumerate(expressions))
    direct = GIVEN.render(text)
    by_jinja = GIVEN.render(text + "{% if true %}{% endif %}")
    assert (direct.text, direct.marks) == (by_jinja.text, by_jinja.marks[: len(direct.marks)])


def test_misses_have_their_exact_places() -> None:
    rendered = GIVEN.render("a: {{ must_env('X') }} {{ must_env('X') }}\nb: {{ var `Y` }}")
    assert [str(miss.where) for miss in rendered.missing] == [
        "ecschedule.yaml:1:4",
        "ecschedule.yaml:1:24",
        "ecschedule.yaml:2:4",
    ]


def test_jinja_is_not_even_imported_for_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "esprestack.config.jinja_template", None)
    assert GIVEN.text('{{- must_env(`A`) -}}   {# a comment #}{{ env "B" "b" }}{{/* and Go\'s */}}') == "ab"
