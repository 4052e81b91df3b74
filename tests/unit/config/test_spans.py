"""Where tags stand in a text, and the text without them."""

import pytest
from hypothesis import given
from tests.unit.config.builders import Given
from tests.unit.strategies import QUICK, texts

from esprestack.config.spans import escaped, masked, spans
from esprestack.errors import ConfigError

TEXT = """\
{{/* Go's */}}a: {{- env "A" "}}" -}} # {# Jinja's
#} b
c: '{% raw %}{{{% endraw %}' {{ x +}}
{%- set y = 1 %}
"""


def test_spans_are_the_tags_with_their_braces() -> None:
    assert [TEXT[span.start : span.end] for span in spans(TEXT, "f")] == [
        "{{/* Go's */}}", '{{- env "A" "}}" -}}', "{# Jinja's\n#}", "{% raw %}", "{% endraw %}", "{{ x +}}",
        "{%- set y = 1 %}",
    ]  # fmt: skip


def test_a_masked_text_has_digits_for_values_and_blanks_for_what_says_nothing() -> None:
    assert masked(TEXT, "f") == (
        "              a: 11111111111111111111 #           \n"
        "   b\n"
        "c: '111111111{{111111111111' 11111111\n"
        "                \n"
    )


def test_a_masked_text_has_every_place_of_the_text() -> None:
    assert len(masked(TEXT, "f")) == len(TEXT)
    assert masked("a: 1\r\n{# x\r\n#}b: 2\r\n", "f") == "a: 1\r\n    \r\n  b: 2\r\n"


def test_statements_whose_result_only_rendering_knows_are_named_all_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        masked(
            "a: 1\n{% for x in y %}\n- x\n{% endfor %}\n  {%- if z %}\n{% endif %}\n{% macro m() %}{% endmacro %}", "f"
        )
    assert [(str(problem.where), problem.what.split("`")[1]) for problem in error.value.problems] == [
        ("f:2:1", "{% for %}"),
        ("f:5:3", "{% if %}"),
        ("f:7:1", "{% macro %}"),
    ]


@QUICK
@given(texts())
def test_an_escaped_text_is_rendered_to_itself(text: str) -> None:
    assert Given().text(escaped(text)) == text
