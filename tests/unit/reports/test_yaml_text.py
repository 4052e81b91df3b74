"""Documents as YAML: every reader gets back what was written, and people read it without quotes they don't need."""

import io
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.unit.config.builders import Given, load_untemplated, rules_of
from tests.unit.strategies import ANY_CHARACTER, QUICK, rules, schedules, texts

from esprestack.config.spans import escaped
from esprestack.config.words import to_words
from esprestack.plan.compare import Veil
from esprestack.plan.lookups import SecretLookups
from esprestack.reports.yaml_text import config_text, to_yaml
from esprestack.rule import Rule
from esprestack.secrets import Vault


def read_by_all(text: str) -> Any:
    """What a reader of YAML 1.1 and one of YAML 1.2 agree on."""
    older = yaml.safe_load(text)
    newer = YAML(typ="safe", pure=True).load(io.StringIO(text))
    assert older == newer
    return older


@settings(QUICK, max_examples=12)
@given(rules() | schedules())
def test_a_rule_in_words_is_the_same_to_every_reader(rule: Rule) -> None:
    document = {"cluster": "batch", "rules": [to_words(rule)]}
    text = to_yaml(document)
    assert read_by_all(text) == document
    assert rules_of(load_untemplated(text)) == [rule]


@QUICK
@given(rules() | schedules())
def test_a_dumped_rule_is_rendered_to_the_same(rule: Rule) -> None:
    words = SecretLookups(Veil(Vault(), patterns=())).written(to_words(rule))
    assert Given().rules(config_text({"cluster": "batch", "rules": [words]})) == [rule]


@QUICK
@given(st.text(ANY_CHARACTER, max_size=20) | texts(), st.text(ANY_CHARACTER, min_size=1, max_size=20))
def test_any_text_comes_back_wherever_it_stands(text: str, key: str) -> None:
    document = {"plain": text, "list": [text, "x"], key: {"deep": [{"deeper": text}]}}
    assert yaml.safe_load(to_yaml(document)) == document


@pytest.mark.parametrize(
    "text",
    ["on", "yes", "No", "y", "true", "012", "0o14", "1e3", "0x1F", "0b1", "1_000", "-_", "_.", "-5", "+1", ".5", "1.", "1.10", "._", ".inf",
     ".NaN", "2026-01-01", "2026-01-01T00:00:00Z", "~", "null", "", "12:30", "1:2:3.5", "=", "<<", "---", "...",
     " leading", "trailing ", "a: b", "a #b", "a:", "- a", "? a", "[a", "{a", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`",
     "'a'", '"a"', "#a", ",a", "tab\there", "\u2028", "\x85", "\ufeff", "\r\n"],
)  # fmt: skip
def test_what_a_reader_could_take_for_something_else_is_quoted(text: str) -> None:
    written = to_yaml({"key": text})
    assert read_by_all(written) == {"key": text}
    assert written.removeprefix("key: ")[0] in "'\""


@pytest.mark.parametrize(
    "text",
    ["rate(1 day)", "cron(0 3 ? * MON-FRI *)", "1.4.0", "10.0.0.1", "Asia/Tokyo", "app:12", "a#b", "s3://b/k", "--all",
     "-x", "2 GB", "1 vCPU", "ü ☕", "it's", 'say "x"', "arn:aws:iam::123456789012:role/starter", "a, b", "x{y}"],
)  # fmt: skip
def test_what_everybody_takes_for_a_text_has_no_quotes(text: str) -> None:
    assert to_yaml({"key": text}) == f"key: {text}\n"
    assert read_by_all(to_yaml({"key": text})) == {"key": text}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("one\ntwo\n", "key: |\n  one\n  two\n"),
        ("one\n\n  two", "key: |-\n  one\n\n    two\n"),
        ("one\n\n", 'key: "one\\n\\n"\n'),
        ("\none", 'key: "\\none"\n'),
        ("one \ntwo", 'key: "one \\ntwo"\n'),
        ("a\n\tb", 'key: "a\\n\\tb"\n'),
    ],
)
def test_a_text_of_several_lines_is_a_block_where_all_of_it_can_be_seen(text: str, written: str) -> None:
    assert to_yaml({"key": text}) == written
    assert read_by_all(written) == {"key": text}


def test_short_lists_of_texts_stand_in_one_line() -> None:
    assert to_yaml({"command": ["sh", "-c", "a: b", ""]}) == "command: [sh, -c, 'a: b', '']\n"
    long = ["x" * 60, "y" * 60]
    assert to_yaml({"command": long}) == f"command:\n- {long[0]}\n- {long[1]}\n"
    assert to_yaml({"rules": [], "tags": {}}) == "rules: []\ntags: {}\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('{{ secret("A") }}', """'{{ secret("A") }}'"""),
        ('it\'s {{ secret("A") }}', "'it''s {{ secret(\"A\") }}'"),
        ('a\t{{ secret("A") }}', '"a\\t{{ secret(`A`) }}"'),
        ("{{ `{{` }} x", "'{{ `{{` }} x'"),
    ],
)
def test_tags_come_out_as_they_stand_whatever_quotes_are_around_them(value: str, written: str) -> None:
    assert config_text({"key": value}) == f"key: {written}\n"


@QUICK
@given(texts())
def test_a_text_that_looks_like_a_template_is_escaped_so_that_it_comes_back(text: str) -> None:
    written = config_text({"key": escaped(text), text or "x": "value", "list": [escaped(text), "x"]})
    rendered = yaml.safe_load(Given().text(written))
    assert rendered == {"key": text, text or "x": "value", "list": [text, "x"]}


def test_the_escape_is_one_that_ecschedule_reads_too() -> None:
    assert escaped("{{ a }} {% b %} {# c #}") == "{{ `{{` }} a }} {{ `{%` }} b %} {{ `{#` }} c #}"
