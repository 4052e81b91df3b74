"""Any text at all as a config: `validate --offline` ends soon, with findings or an error of ours, and keeps secrets.

What it once failed on stands as an example at each test.
"""

import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel
from tests.unit.config.builders import Given
from tests.unit.strategies import ANY_CHARACTER, NASTY, QUICK

from esprestack.config import keys, model
from esprestack.errors import EsprestackError, Problem
from esprestack.jobs import validate
from esprestack.run import Run, Settings
from esprestack.secrets import Vault

SECRETS = {"TOKEN": 'hunter22 "it\'s": {so}\n- &secret *indeed', "PIN": "7301948256"}
ENVIRON = {"STAGE": "prod", "EMPTY": "", "AWS_SECRET_ACCESS_KEY": "nobody-may-see-this"}
VARIABLES = {"TEAM": "batch", "LINES": "one\n  two: [\n"}
HIDDEN = ("hunter22", "&secret *indeed", "7301948256", "nobody-may-see-this")

YAML, JSON = "ecschedule.yaml", "ecschedule.json"
FUZZ = settings(QUICK, deadline=2000, max_examples=15, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("configs")
    findings(folder, "{% if 1 %}cluster: a{% endif %}")  # what is heavy is imported now, and not by the first example
    return folder


def findings(folder: Path, text: str, name: str = YAML) -> list[Problem]:
    """What `esprestack validate --offline` says of a file with this text."""
    (folder / name).write_text(text, "utf-8", newline="")
    settings = Settings(folder, (name,), environ=ENVIRON, secrets=SECRETS, variables=VARIABLES, offline=True)
    try:
        return validate(Run(settings, Vault()), offline=True)
    except EsprestackError as error:
        return list(error.problems)


def check(folder: Path, text: str, name: str = YAML) -> None:
    said = "\n".join(map(str, findings(folder, text, name)))
    assert not [value for value in HIDDEN if value in said]


def mostly(usual: SearchStrategy[str], odd: SearchStrategy[str]) -> SearchStrategy[str]:
    """Of all that is odd a file seldom gets beyond the first."""
    return st.integers(0, 7).flatmap(lambda number: usual if number else odd)


# -- templates -------------------------------------------------------------------------------------------------

NAMES = (
    "env", "must_env", "secret", "var", "json_escape", "plugin", "ssm", "ssm_list", "secretsmanager_arn", "cfn_output",
    "cfn_export", "tfstate", "tfstatef", "range", "dict", "namespace", "nothing", "loop", "self", "x",
)  # fmt: skip
TEXTS = (
    "TOKEN", "PIN", "STAGE", "AWS_SECRET_ACCESS_KEY", "EMPTY", "TEAM", "LINES", "none", "", "%s", "a['%s']", "it's", "\\",
    "\\x41", "\\uf100", "}}", "{{", "%}", "#}", "\n", "\uf100\uf110\uf101", "x" * 3000, "{0.__class__}", "%1000000d", "{:*^99}",
)  # fmt: skip
NUMBERS = ("0", "1", "-1", "5", "1.5", "9" * 20, "1e999", "0x10", "010")
FILTERS = (
    "default('x')", "upper", "trim", "join(',')", "replace('a', 'b')", "int", "float", "tojson", "list", "first", "last",
    "format('a')", "truncate(3)", "wordwrap(1)", "indent(9)", "sort", "length", "json_escape", "must_env", "secret", "e", "abs",
    "center(80)", "batch(2)", "map('upper')", "select", "round", "attr('__class__')", "string", "nothing", "dictsort", "items",
    "groupby('a')", "sum", "min", "xmlattr", "filesizeformat", "striptags", "title", "unique", "reverse", "slice(0)", "urlencode",
)  # fmt: skip
OPERATORS = ("~", "+", "*", "**", "%", "//", "/", "-", "==", "<", "in", "is", "and", "if", ".", "|")
MEMBERS = ("upper()", "format(1)", "__class__", "join([1])", "x", "split()", "items()", "rfind('a')")


def quoted(*quotes: str) -> SearchStrategy[str]:
    return st.builds(lambda quote, text: f"{quote}{text}{quote}", st.sampled_from(quotes), st.sampled_from(TEXTS))


def go_calls(within: SearchStrategy[str]) -> SearchStrategy[str]:
    argument = quoted('"', "`") | st.sampled_from(NUMBERS) | within.map("({})".format)
    call = st.builds("{} {}".format, st.sampled_from(NAMES), st.lists(argument, max_size=3).map(" ".join))
    return st.lists(call, min_size=1, max_size=3).map(" | ".join)


def jinja_calls(within: SearchStrategy[str]) -> SearchStrategy[str]:
    several = st.lists(within, max_size=2).map(", ".join)
    value = quoted("'", '"') | st.sampled_from(NUMBERS) | within | several.map("[{}]".format)
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(NAMES), st.lists(value, max_size=3).map(", ".join)),
        st.builds("{} | {}".format, value, st.sampled_from(FILTERS)),
        st.builds("({} {} {})".format, value, st.sampled_from(OPERATORS), value),
        st.builds("{}[{}]".format, value, value),
        st.builds("{}.{}".format, value, st.sampled_from(MEMBERS)),
    )


RIGHT_CALLS = st.sampled_from(
    [
        "env `STAGE` `dev`", 'must_env "STAGE"', 'secret "TOKEN"', "secret `PIN`", "secret (env `NONE` `PIN`)", "`PIN` | secret",
        'var "TEAM"', "ssm `/a` 0", "cfn_output `a` `b`", "env('NONE', 'dev')", "secret('TOKEN')", "secret('PIN') | json_escape",
        "var('LINES')", "var('LINES') | json_escape", "'%s:1' | format(env('STAGE', ''))", "['a', secret('PIN')] | join(',')", "x",
        "env('STAGE', '') == 'prod'", "ssm('/a')", "must_env('AWS_SECRET_ACCESS_KEY')", "must_env `NONE`", "1 + 1", "x | upper",
    ]
)  # fmt: skip
ANY_CALLS = st.recursive(quoted("'", '"', "`"), lambda within: go_calls(within) | jinja_calls(within), max_leaves=6)
CALLS = RIGHT_CALLS | ANY_CALLS
GO_CONTROL = (
    "if eq 1 2",
    "end",
    "range .Items",
    ".Name",
    "$x := 1",
    "with .",
    "define `x`",
    "template `x`",
    "else",
    "if (eq 1 1)",
)
STATEMENTS = (
    "endfor", "endif", "else", "raw", "endraw", "endset", "endmacro", "endcall", "endfilter", "break", "macro m(a, b=1)",
    "call m(1)", "filter upper", "set x", "include 'a'", "import 'a' as b", "extends 'a'", "block b", "endblock", "do x", "trans", "",
    "for a, b in [(1, 2)]", "autoescape true", "with a=1", "for i in range(99999)", "for i in x recursive", "set x.y = 1", "elif 1",
    "set x =" + " " * 9,
)  # fmt: skip
BROKEN = (
    "{{", "}}", "{%", "%}", "{#", "#}", "{{}}", "{%%}", "{{-}}", "{{--}}", "{{ ' }}", "{{ ` }}", "{{ ( }}", "{{ ) }}", "{# a", "{{/* a",
    "{#}", "{{/*/}}",
)  # fmt: skip
COMMENTS = ("{# a #}", "{{/* a */}}", "{{- /* a\n*/ -}}", "{#- a\n -#}")
DASHES = st.sampled_from(["", "", "-"])
EXPRESSIONS = st.builds("{{{{{} {} {}}}}}".format, DASHES, CALLS, DASHES)
TAGS = mostly(
    st.one_of(
        EXPRESSIONS,
        st.sampled_from(COMMENTS),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, CALLS, EXPRESSIONS, EXPRESSIONS),
        st.builds("{{% for x in {} %}}{}{{% endfor %}}".format, CALLS, EXPRESSIONS),
        st.builds("{{% set x = {} %}}{}".format, CALLS, EXPRESSIONS),
        st.builds("{{% set x %}}{}{{% endset %}}{{{{ x }}}}".format, EXPRESSIONS),
        st.builds("{{% macro m(x) %}}{}{{% endmacro %}}{{{{ m({}) }}}}".format, EXPRESSIONS, CALLS),
        st.builds("{{% filter upper %}}{}{{% endfilter %}}".format, EXPRESSIONS),
        st.builds("{{% raw %}}{}{{% endraw %}}".format, EXPRESSIONS),
    ),
    st.one_of(
        st.sampled_from(BROKEN),
        st.sampled_from(GO_CONTROL).map("{{{{ {} }}}}".format),
        st.builds("{{%{} {} {}%}}".format, DASHES, st.sampled_from(STATEMENTS), DASHES),
    ),
)
FORMS = (
    "  description: {}", "  description: '{}'", '  description: "{}"', "  group: a{}b", "  taskCount: {}", "  role: {}", "  x: 1 # {}",
    "  containerOverrides: [{{name: app, command: [{}, a]}}]", "  tags: {{a: {}}}", "  taskOverride: {{cpu: {}}}", "  {}: 1", "{}",
    "- name: {}\n  scheduleExpression: rate(1 day)\n  taskDefinition: a", "plugins: [{{name: {}}}]", "region: {}", "extends: {}",
    "  launch_type: {}", "  disabled: {{until: {}}}", "  dead_letter_config: {{sqs: {}}}", "  referenceId: |\n    {}", "  allow: [{}]",
)  # fmt: skip
A_RULE = "cluster: batch\nrules:\n- name: report\n  scheduleExpression: rate(1 day)\n  taskDefinition: app\n"
LINES = st.builds(lambda form, tag: f"{form.format(tag)}\n", st.sampled_from(FORMS), TAGS)
TEMPLATES = st.lists(LINES, min_size=1, max_size=4).map(lambda lines: A_RULE + "".join(lines))


@FUZZ
@given(text=TEMPLATES)
@example(text=A_RULE + "  group: {{ 1e999 | int }}\n")
@example(text=A_RULE + "  group: {{ (1e308 / 0.1)[0] }}\n")
@example(text=A_RULE + "  group: {{ 99999 | round(-999999999) }}\n")
@example(text=A_RULE + "  group: {% set" + " " * 60_000 + "x = 1 %}\n")
@example(text='extends: "{{ secret(`TOKEN`) }}"\n')
def test_any_template_is_rendered_or_refused(folder: Path, text: str) -> None:
    check(folder, text)


# -- YAML ------------------------------------------------------------------------------------------------------

RIGHT = (
    "a", "app:3", "FARGATE", "EC2", "true", "1", "256", "512", "1 vCPU", "3 GB", "ENABLED", "s3", "GPU", "memberOf", "spread", "cpu",
    "rate(1 hour)", "cron(0 10 ? * 1-5 *)", "cron(0 3 31 2 ? *)", "2026-12-31", "tfstate", "ssm", "no.tfstate", "schedule-over",
    "subnet-1", "sg-1", "arn:aws:iam::123456789012:role/a", "arn:aws:ecs:us-east-1:123456789012:cluster/a", "1.4.0", "FARGATE_SPOT",
    '"{{ secret `PIN` }}"', "\"{{ secret('TOKEN') }}\"", "a{{ secret('PIN') }}", "'{{ env `NONE` `x` }}'", '"{{ must_env `NONE` }}"',
    "{{ secret('PIN') }}", "'{{ ssm `a` }}'", "[a, b]", "{a: b}", "[]", "{}", "ecschedule.yaml", "us-east-1", "*a", "*b",
)  # fmt: skip
ODD = (
    "", "~", "null", "yes", "010", "0x1F", "1e999", "-0", ".inf", ".nan", "1_000", "9" * 400, "-" + "9" * 30, "2026-02-30", "=", "<<",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "*", "&", "!", "|", ">", "%", "@", "- a", "? a", ": a", "a: b", "[", "]",
    "{", "}", ",", "#", "'", '"', "---", "...", "a" * 600, "rate(1 days)", "at(2026-01-01T00:00:00)", ".", "../up.yaml", "s3://b/k",
    "arn:aws:iam::1:role/", "remote://", "http://[", "\\", "\t", "\x00", "\x1b", "\x85", "\u2028", "\ufeff", "\ud7ff", "\ue000",
    "\uf100\uf110\uf101", '"\\0"', '"\\uf100\\uf110\\uf101"', '"\\ud800"', "!!str a", "!!int a", "!!binary a", "!x a", "&a b", "! a",
    "!!map a", "&a [*a]", "&b {<<: *b}", "{{ nothing }}", "{{ secret('TOKEN') | truncate(3) }}", "{{ `AWS_SECRET_ACCESS_KEY` | must_env }}",
)  # fmt: skip
PARTS = {name: part for kind in (model.Config, model.RuleEntry) for names, part in keys.parts(kind) for name in names}
SCALARS = mostly(st.sampled_from(RIGHT), st.sampled_from(ODD) | st.text(ANY_CHARACTER, max_size=6))


def flow(pairs: list[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


def pairs_of(kind: type[BaseModel], depth: int = 3) -> SearchStrategy[list[tuple[str, str]]]:
    """Keys that a mapping of this kind has, mostly with values that they may have."""
    parts = {name: part for names, part in keys.parts(kind) for name in names} if depth else {}

    def values(name: str) -> SearchStrategy[str]:
        if name not in parts:
            return SCALARS
        within = pairs_of(parts[name], depth - 1).map(flow)
        return mostly(within | within.map("[{}]".format), SCALARS)

    pairs = st.one_of([st.tuples(st.just(name), values(name)) for name in (*keys.spellings(kind), "<<", "x-a")])
    return st.lists(pairs, max_size=5, unique_by=lambda pair: pair[0])


def with_needed(pairs: list[tuple[str, str]]) -> str:
    needed = {"name": "a", "scheduleExpression": "rate(1 day)", "taskDefinition": "app"}
    return flow(list((needed | dict(pairs)).items()))


RULES = st.lists(mostly(pairs_of(model.RuleEntry).map(with_needed), SCALARS), min_size=1, max_size=3)
CONFIGS = st.builds(
    lambda pairs, rules: (
        "x-shared: [&a {name: b, cpu: 1}, &b [a, b]]\n"
        + "".join(f"{key}: {value}\n" for key, value in ({"cluster": "batch"} | dict(pairs)).items() if key != "rules")
        + "".join(["rules:\n", *(f"- {rule}\n" for rule in rules)])
    ),
    pairs_of(model.Config),
    RULES,
)


@FUZZ
@given(text=CONFIGS)
@example(text='extends: "a\\0b"\n')
@example(text=f"extends: {'a' * 5000}\n")
def test_any_tree_is_read_or_refused(folder: Path, text: str) -> None:
    check(folder, text)


# -- any text --------------------------------------------------------------------------------------------------

DEEP = st.builds(
    lambda opening, depth, closing: opening * depth + closing * depth,
    st.sampled_from(["[", "{a: ", "- ", "{{", "{% if 1 %}", "? ", "(", '{"a":', "a:\n ", "!!x ", "{{ (", "'", "{#"]),
    st.sampled_from([1, 2, 40, 1000]),
    st.sampled_from(["]", "}", "", "}}", "{% endif %}", ")", ") }}"]),
)
PIECES = (
    *NASTY,
    *RIGHT,
    *ODD,
    "\r\n",
    "\r",
    "  ",
    "\n- ",
    "\n  ",
    "rules:",
    "cluster: a\n",
    "name: ",
    "%YAML 1.3\n",
    "---\n",
)
ANY_TEXT = st.lists(st.sampled_from(PIECES) | DEEP | TAGS | st.text(ANY_CHARACTER, max_size=5), max_size=8).map("".join)
ANY_JSON = st.recursive(
    st.sampled_from([*RIGHT, *ODD]) | st.integers() | st.floats() | st.booleans() | st.none() | TAGS,
    lambda within: st.lists(within, max_size=3) | st.dictionaries(st.sampled_from(sorted(PARTS)), within, max_size=4),
    max_leaves=12,
)


@FUZZ
@given(text=ANY_TEXT, name=st.sampled_from([YAML, JSON]))
@example(text='{"x-a": ' + "9" * 5000 + "}", name=JSON)
def test_any_text_is_read_or_refused(folder: Path, text: str, name: str) -> None:
    check(folder, text, name)


@FUZZ
@given(top=ANY_JSON, rule=ANY_JSON, ascii_only=st.booleans())
def test_any_json_is_read_or_refused(folder: Path, top: object, rule: object, ascii_only: bool) -> None:
    config = {"cluster": "a", "rules": [rule, {"name": "b", "taskDefinition": rule}], "defaults": top, "role": top}
    check(folder, json.dumps(config, ensure_ascii=ascii_only), JSON)


# -- what is made to take long ---------------------------------------------------------------------------------

NESTED = "{% set a = [1] %}" + "{% set a = [a, a, a, a] %}" * 20
NAMESPACES = "{% set a = namespace(a=1) %}" + "{% set a = namespace(a=[a, a, a, a]) %}" * 20
LONG = "{% set a = 'x' * 999999 %}"
LOOP = "{% for i in range(99999) %}"
TOO_MUCH = (
    "takes more than 300,000 steps", "grows beyond 5,000,000 characters", "a number given to `round` is larger than 1,000",
    "a width in `", "`sum` adds numbers, and no lists",
)  # fmt: skip


@pytest.mark.parametrize(
    "template",
    [
        NESTED + "{{ a }}",
        NESTED + "{{ a == 1 }}",
        NESTED + "{{ a | env('x') }}",
        NAMESPACES + "{{ a }}",
        LONG + "{{ '%s' % ([a] * 9) }}",
        LONG + "{{ '{}'.format([a] * 9) }}",
        LONG + "{{ ('%(a)s' * 99) % {'a': a} }}",
        LONG + "{{ ('%(a)s' * 99) | format(a=a) }}",
        LONG + "{{ ('{0}' * 99).format(a) }}",
        "{{ ('{0:>9999}' * 999).format(1) }}",
        "{{ '%((a))999999999d' % {'(a)': 1} }}",
        "{{ '{0[}]:>999999999}'.format({'}': 1}) }}",
        "{{ ([1] * 9999) | tojson(999) }}",
        LONG + "{{ a | wordwrap(1) }}",
        "{{ ('x ' * 9999) | wordwrap(1, true, 'y' * 9999) }}",
        "{{ ('<!---->' * 99999) | striptags }}",
        "{{ ('-a' * 399999) | title }}",
        LONG + "{{ a | sort | length }}",
        "{{ ('a' * 400000).rfind('ab' ~ 'a' * 200000) }}",
        "{{ 5 | round(-999999999) }}",
        "{{ ([[1] * 1500] * 30) | sum(start=[]) }}",
        "{{ range(2999) | map('string') | join('x' * 2000) }}",
        LONG + "{% set b = 'x' * 999999 %}" + LOOP + "{% if a is eq b %}{% endif %}{% endfor %}",
        LONG + LOOP + "{{ ['x' * 999999] | select('eq', a) | list }}{% endfor %}",
    ],
)
def test_a_template_that_is_made_to_take_long_is_refused_soon(folder: Path, template: str) -> None:
    began = time.process_time()
    (problem,) = findings(folder, f"{A_RULE}  group: {template}\n")
    assert time.process_time() - began < 2
    assert any(said in problem.what for said in TOO_MUCH)
    assert str(problem.where).startswith("ecschedule.yaml:6:")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("'cron(0 %s * * ? *)' | format(3)", "cron(0 3 * * ? *)"),
        ("'cron(0 %s * * ? *)' % 3", "cron(0 3 * * ? *)"),
        ("'cron(%(m)d %(h)02d * * ? *)' % {'m': 5, 'h': 3}", "cron(5 03 * * ? *)"),
        ("'cron({} {:02} * * ? *)'.format(5, 3)", "cron(5 03 * * ? *)"),
        ("'arn:aws:iam::123456789012:role/%s' | format('a')", "arn:aws:iam::123456789012:role/a"),
        ("'arn:aws:iam::{}:role/{}'.format(123456789012, 'a')", "arn:aws:iam::123456789012:role/a"),
        ("'arn:aws:iam::%s:role/a' | format(123456789012)", "arn:aws:iam::123456789012:role/a"),
        ("'role/NUMBER' | replace('NUMBER', 123456789012)", "role/123456789012"),
        ("'%d%%' % 100000", "100000%"),
        ("['a', 'b'] | map('upper') | join(' ' * 40)", "A" + " " * 40 + "B"),
    ],
)
def test_what_only_looks_too_large_is_rendered(template: str, text: str) -> None:
    """The numbers and stars of ARNs and schedules are no widths."""
    assert Given().text(f"{{{{ {template} }}}}") == text


@pytest.mark.parametrize(
    "template",
    [
        "['a'] | map('upper')",
        "[1] | select",
        "[1] | reverse",
        "env ~ 'a'",
        "'%s' % env",
        "'{}'.format(env)",
        "'%s' | format(env)",
    ],
)
def test_what_would_leave_its_address_is_refused(folder: Path, template: str) -> None:
    (problem,) = findings(folder, f"{A_RULE}  group: {{{{ {template} }}}}\n")
    unmade = "a list that is still to be made is no text: add `| list` or `| join`"
    assert problem.what.removeprefix("the template fails: ") in (unmade, "`env` is a function that isn't called")


def test_links_in_a_circle_are_no_file(folder: Path) -> None:
    (folder / "circle.yaml").symlink_to("circle.yaml")
    (problem,) = findings(folder, "extends: circle.yaml\n")
    assert problem.what == "`extends: circle.yaml`: there is no such file"


LETTERS = "abcdefghi"
MERGES = "".join(
    f"{letter}: &{letter} {{<<: [{', '.join([f'*{below}'] * 10)}]}}\n" for below, letter in itertools.pairwise(LETTERS)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"cluster: a\na: &a {{x: 1}}\n{MERGES}", "`i` is not a key of the config"),
        ("".join(f"key{number}: 1\n" for number in range(1000)), "`key999` is not a key of the config"),
        ("".join(f"# {{{{ must_env('A{number}') }}}}\n" for number in range(1000)), "the environment variable `A999` is not set"),
        ("{% if 1 %}" + "".join(f"{{{{ must_env('A{number}') }}}}\n" for number in range(300)) + "{% endif %}", "`A299` is not set"),
    ],
    ids=["merges", "keys", "misses", "misses in Jinja"],
)  # fmt: skip
def test_a_file_that_is_made_to_take_long_is_read_soon(folder: Path, text: str, said: str) -> None:
    began = time.process_time()
    problems = findings(folder, text)
    assert time.process_time() - began < 2
    assert any(said in problem.what for problem in problems)
