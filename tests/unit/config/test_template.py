"""Templates: what they look up, what they must not do, and that every place is one in the source file."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.config.builders import Given, a_config, told
from tests.unit.strategies import ANY_CHARACTER, QUICK

from esprestack.config.asking import json_escape
from esprestack.config.source import Source
from esprestack.errors import ConfigError
from esprestack.secrets import RESERVED

GIVEN = Given(
    env={"STAGE": "prod", "NAME": "STAGE", "EMPTY": ""},
    secrets={"PW": "hunter22", "ONE": "1"},
    variables={"TEAM": "red", "LINES": "one\n  two: [\n", "QUOTED": 'a "quote"\n'},
)


def text(template: str) -> str:
    return GIVEN.text(template)


def refused(template: str) -> list[str]:
    """All that is said about a template that can't be rendered."""
    with pytest.raises(ConfigError) as error:
        GIVEN.render(template)
    return told(error)


def missing(template: str) -> list[str]:
    """What a template that was rendered didn't get: place and problem, without the advice."""
    return [f"{miss.where}: {miss.what}".removeprefix("ecschedule.yaml:") for miss in GIVEN.render(template).missing]


# -- calls -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ env('STAGE', 'dev') }}", "prod"),
        ('{{ env("NONE", "dev") }}', "dev"),
        ("{{ env('NONE', 'EMPTY', 'STAGE', 'dev') }}", "prod"),
        ("{{ env('NONE', 5) }}", "5"),
        ("{{ must_env('STAGE') }}", "prod"),
        ("{{ must_env(must_env('NAME')) }}", "prod"),
        ("{{ 'STAGE' | must_env }}", "prod"),
        ("{{ 'STAGE' | env('dev') }}", "prod"),
        ("{{ var('TEAM') }}", "red"),
        ("{{ var('team') | upper }}", "RED"),
        ("{{ secret('PW') }}", "hunter22"),
        ("{{ var('QUOTED') | json_escape }}", 'a \\"quote\\"\\n'),
        ("{{ json_escape(var('QUOTED')) }}", 'a \\"quote\\"\\n'),
        # as in ecschedule and ecspresso
        ("{{ must_env `STAGE` }}", "prod"),
        ('{{ must_env "STAGE" }}', "prod"),
        ('{{ env "NONE" "EMPTY" "dev" }}', "dev"),
        ("{{ env `NONE` `dev` }}", "dev"),
        ("{{must_env `STAGE`}}", "prod"),
        ("{{ must_env (must_env `NAME`) }}", "prod"),
        ("{{ must_env (env `NONE` (must_env `NAME`)) }}", "prod"),
        ("{{ `STAGE` | must_env }}", "prod"),
        ("{{ `NAME` | must_env | must_env }}", "prod"),
        ("{{ var `QUOTED` | json_escape }}", 'a \\"quote\\"\\n'),
        ("{{ secret `PW` }}", "hunter22"),
        ("a {{- must_env `STAGE` -}} b", "aprodb"),
        ("{{/* a Go comment */}}x", "x"),
    ],
)
def test_calls_in_jinjas_and_in_gos_syntax(template: str, expected: str) -> None:
    assert text(template) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% for x in ['a', 'b'] %}{{ loop.index }}{{ x }} {% endfor %}", "1a 2b "),
        ("{% if must_env('STAGE') == 'prod' %}big{% else %}small{% endif %}", "big"),
        ("{% set n = 3 %}{{ n * 2 }}", "6"),
        ("{% set n = namespace(a=1) %}{% set n.a = 2 %}{{ n.a }}", "2"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m('a') }}{{ m('b') }}", "<a><b>"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{{ range(3) | join(',') }}", "0,1,2"),
        ("{{ 'a}}b' }}{{ {'x': {'y': 1}}['x']['y'] }}", "a}}b1"),
        ("a{# comment #}b", "ab"),
        ("a\n", "a\n"),
        ("${{ github }} is not ours: {% raw %}${{ secrets.X }}{% endraw %}", None),
    ],
)
def test_the_rest_of_jinja_works_too(template: str, expected: str | None) -> None:
    if expected is None:
        assert refused(template) != []
    else:
        assert text(template) == expected


def test_text_without_tags_stays_as_it_is() -> None:
    for plain in ("", "a: {b: [c]}\n", "100 %\n", "# {\n", "é😀\u2028\n\n"):
        assert text(plain) == plain


@pytest.mark.parametrize(
    ("given_text", "escaped"),
    [("plain", "plain"), ('a "b"', 'a \\"b\\"'), ("a\\b\n\t", "a\\\\b\\n\\t"), ("é😀'", "é😀'"), ("", "")],
)
def test_json_escape_makes_what_stands_between_the_quotes(given_text: str, escaped: str) -> None:
    assert json_escape(given_text) == escaped


@QUICK
@given(st.text(st.characters(exclude_categories=("Cs", "Co"))))
def test_any_variable_comes_through_as_it_is(value: str) -> None:
    given_ = Given(variables={"V": value})
    assert given_.text("[{{ var('V') }}] {{ var `V` }}") == f"[{value}] {value}"


# -- Go's control structures -----------------------------------------------------------------------------------


def test_gos_control_structures_are_refused_with_place_and_jinjas_spelling() -> None:
    template = """\
rules:
{{ range .Rules }}
- name: {{ .Name }}
  {{- if eq (env `STAGE` ``) `prod` }}
  disabled: true {{ else }} x {{ end }}
{{- end }}
{{ with $x := env `A` `` }}{{ $x }}{{ end }}
"""
    assert refused(template) == [
        "2:1: Go's `range` is not understood here (write {% for item in … %})",
        "3:9: Go's fields (`.Name`) are not understood here (use env, var or secret)",
        "4:3: Go's `if` is not understood here (write {% if … %})",
        "5:18: Go's `else` is not understood here (write {% else %} or {% elif … %})",
        "5:31: Go's `end` is not understood here (write {% endif %} or {% endfor %})",
        "6:1: Go's `end` is not understood here (write {% endif %} or {% endfor %})",
        "7:1: Go's `with` is not understood here (write {% set name = … %})",
        "7:28: Go's template variables are not understood here (write {% set name = … %})",
        "7:36: Go's `end` is not understood here (write {% endif %} or {% endfor %})",
    ]


def test_a_call_that_go_would_not_understand_either_is_told_at_its_place() -> None:
    (problem,) = refused("a: 1\nb: {{ env `A`, `B` }} {{ env (`A` }}")
    assert problem.startswith("2:23: `{{` is never closed (close it; ")
    assert refused("a: 1\nb: {{ env `A`, `B` }} {{ env `A`) }}") == [
        '2:4: `,` is not understood in a call (write name "text" `text` 1 (call …))',
        "2:23: `)` stands where the call should end (check the parentheses)",
    ]


# -- names and syntax ------------------------------------------------------------------------------------------

KNOWN = "known are dict, env, json_escape, must_env, namespace, plugin, range, secret, var; texts need quotes"


def test_all_undefined_names_are_told_at_once() -> None:
    assert refused("a: {{ STAGE }}\nb: {{ envv('A') }} {{ x.y }}\n{% if foo %}{% endif %}{{ musst_env `A` }}") == [
        f"1:4: `STAGE` is not defined ({KNOWN})",
        "2:4: `envv` is not defined (did you mean `env`?)",
        f"2:20: `x` is not defined ({KNOWN})",
        f"3:1: `foo` is not defined ({KNOWN})",
        "3:24: `musst_env` is not defined (did you mean `must_env`?)",
    ]


def test_names_on_one_line_are_told_apart() -> None:
    assert [problem.split(" ")[0] for problem in refused("{{ stage_x }} {{ stage }}")] == ["1:1:", "1:15:"]
    assert [problem.split(" ")[0] for problem in refused("{{ 'stage' }} {{ stage }}")] == ["1:15:"]


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("a\n{{ 1 +\n}}", "2:1"),
        ("a\n  {% if %}{% endif %}", "2:3"),
        ("a\n{% fro x in y %}", "2:1"),
        ("{% for x in [1] %}\n", "1:1"),
        ("a\n{{ 'x' | nothing }}", "2:1"),
        ("a\n{{ 'x' is nothing }}", "2:1"),
        ("a\n{{ }}", "2:1"),
        ("a\n{% endfor %}", "2:1"),
    ],
)
def test_broken_syntax_is_told_at_the_tag(template: str, place: str) -> None:
    (problem,) = refused(template)
    assert problem.startswith(f"{place}: broken template: ")


UNDEFINED = "set it, or give it a default with `| default('…')`"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("a: 1\nb: {{ 1 / 0 }}", "2:4: the template fails: division by zero"),
        ("a: 1\nb: {{ 'a' + 1 }}", '2:4: the template fails: can only concatenate str (not "int") to str'),
        (
            "{% set x = {} %}\nb: {{ x.y }}",
            "2:4: the template fails: 'dict object' has no attribute 'y' "
            "(set it, or give it a default with `| default('…')`)",
        ),
    ],
)
def test_what_fails_while_it_runs_is_told_at_the_tag(template: str, problem: str) -> None:
    assert refused(template) == [problem]


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'abc' | truncate(1) }}",
        "{% filter truncate(1) %}abc{% endfilter %}",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ " + "1+" * 3000 + "1 }}",
        "{{ `a` " + "(" * 2000 + "`b`" + ")" * 2000 + " }}",
        "{% for x in [1] %}" * 25 + "x" + "{% endfor %}" * 25,
        "{% if true %}" * 120 + "x" + "{% endif %}" * 120,
        "{{ " + "9" * 5000 + " }}",
        r'{{ "\uf102\uf119\uf119\uf104" }}',
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ env(*5) }}",
        "{{ [1, 'a'] | sort }}",
        "{{ 'x'.encode('nothing') }}",
        "{% block a %}{% endblock %}{% block a %}{% endblock %}",
    ],
    ids=lambda template: template[:25],
)
def test_whatever_goes_wrong_in_a_template_is_an_error_of_config(template: str) -> None:
    with pytest.raises(ConfigError):
        GIVEN.load(a_config(f"description: '{template}'"))


PARTS = [
    "{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "'", '"', "`", "(", ")", "|", "env", "secret('PW')", "x",
    "if true", "endif", "set x = 1", "set x", "endset", "raw", "endraw", "for x in 'ab'", "endfor", "a: ", "1", ",",
]  # fmt: skip


@QUICK
@given(st.text() | st.lists(st.sampled_from(PARTS), max_size=25).map("".join))
@example("{{ '' }}{{")
def test_any_text_is_rendered_or_an_error_of_config(template: str) -> None:
    try:
        rendered = GIVEN.render(template)
    except ConfigError as error:
        assert error.problems
        return
    lines = template.count("\n") + 1
    for number, line in enumerate(rendered.text.split("\n"), 1):
        for column in (1, len(line) + 1):
            assert 1 <= rendered.locate(number, column).line <= lines


# -- what templates may not do ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "''.__class__.__mro__[1].__subclasses__()",
        "'' | attr('__class__')",
        "''['__class__']",
        "env.__globals__",
        "must_env.__code__",
        "secret.__closure__",
        "namespace.__init__.__globals__",
        "'{0.__class__}'.format(1)",
        "'{x.__class__}'.format_map({'x': 1})",
        "[].append(1)",
        "[1] | map(attribute='__class__') | first",
    ],
)
def test_a_template_cannot_reach_into_the_program(expression: str) -> None:
    (problem,) = refused(f"a: 1\nb: {{{{ {expression} }}}}")
    assert problem.startswith("2:4: the template fails: ")
    assert "unsafe" in problem or "has no attribute" in problem


@pytest.mark.parametrize(
    "tag",
    [
        "include 'secrets.yaml'",
        "import 'x' as x",
        "from 'x' import y",
        "extends 'base.yaml'",
        "include ['a', 'b'] ignore missing",
    ],
)
def test_a_template_cannot_read_other_files(tag: str) -> None:
    assert refused(f"a: 1\n  {{% {tag} %}}") == [
        "2:3: a template may not read other files (put everything into this file)"
    ]


@pytest.mark.parametrize("name", ["lipsum", "cycler", "joiner", "config", "request", "self_", "__builtins__", "open"])
def test_a_template_knows_no_other_names(name: str) -> None:
    (problem,) = refused(f"{{{{ {name} }}}}")
    assert problem.startswith(f"1:1: `{name}` is not defined")


@pytest.mark.parametrize("name", ["env", "must_env", "secret", "var", "json_escape", "range"])
def test_a_function_that_is_not_called_is_refused(name: str) -> None:
    """Its text would be an address in memory, another one in each run."""
    with pytest.raises(ConfigError):
        GIVEN.render(f"a: {{{{ {name} }}}}")


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(100) %}{{ 'x' * 99999 }}{% endfor %}",
    ],
)
def test_output_that_has_run_away_is_stopped(template: str) -> None:
    (problem,) = refused(template)
    assert "the rendered config grows beyond 5,000,000 characters (look for a loop" in problem


def test_a_range_without_end_is_stopped() -> None:
    (problem,) = refused("a\n{% for i in range(1000000000) %}{% endfor %}")
    assert problem.startswith("2:1: the template fails: Range too big")


# -- missing values --------------------------------------------------------------------------------------------


def test_all_that_is_missing_is_told_at_once_with_its_place() -> None:
    template = """\
cluster: {{ must_env('CLUSTER') }}
rules:
- name: a
  description: "{{ var('WHO') }} and {{ secret `NONE` }} and {{ must_env "GITHUB_TOKEN" }}"
{% for x in ['X', 'Y'] %}
  {{ x }}: {{ must_env(x) }}
{% endfor %}
"""
    assert missing(template) == [
        "1:10: the environment variable `CLUSTER` is not set",
        "4:17: the variable `WHO` is not given",
        "4:38: the secret `NONE` is not given",
        "4:62: templates may not read the environment variable `GITHUB_TOKEN`: it can hold credentials",
        "6:12: the environment variable `X` is not set",
        "6:12: the environment variable `Y` is not set",
    ]


def test_the_same_miss_at_one_place_is_told_once() -> None:
    assert missing("{% for x in range(9) %}{{ must_env('A') }}{% endfor %}{{ must_env('A') }}") == [
        "1:24: the environment variable `A` is not set",
    ]


def test_the_same_miss_at_two_places_is_told_twice() -> None:
    assert missing("{{ var('A') }}\n {{ var('A') }}") == [
        "1:1: the variable `A` is not given",
        "2:2: the variable `A` is not given",
    ]


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("{{ must_env('STAGE') }} {{ must_env('STAG') }}", "1:25"),
        ("{{ env('NO', 'x') }} {{ must_env('NO') }}", "1:22"),
        ("{{ var('TEAM') }}: {{ must_env('TEAM') }}", "1:20"),
        ("a {{ 'é😀' }} {{ must_env('NO') }}", "1:14"),
        ("{{ env('A',\n'B') }} {{ must_env(\n'NO') }}", "2:9"),
        ("{% if must_env('STAGE') %}{% if must_env('NO') %}{% endif %}{% endif %}", "1:27"),
        ("{% set x %}\n a {{ must_env('NO') }}\n{% endset %}", "2:4"),
        ("{% macro m() %}\n a {{ must_env('NO') }}\n{% endmacro %}\n{{ m() }}", "2:4"),
        ("{% filter upper %}\n a {{ must_env('NO') }}\n{% endfilter %}", "2:4"),
        ("{# 1\n2\n3 #}\n{{ must_env('NO') }}", "4:1"),
        ("{{/* 1\n2\n3 */}}\n{{ must_env `NO` }}", "4:1"),
        ("{#- 1\n2\n3 -#}\n\n\n{{ must_env('NO') }}", "6:1"),
        ("a\n\n  {{- '' -}}\n\n\n{{ must_env('NO') }}", "6:1"),
        ("{% raw -%}\n\n{{ x }}\n{%- endraw -%}\n\n{{ must_env('NO') }}", "6:1"),
        ("{{ must_env\n  `STAGE` }}\n{{ must_env `NO` }}", "3:1"),
        ("{{ env `NONE` `1\n2\n` }}\n{{ must_env `NO` }}", "4:1"),
        ("{{ must_env('NAME') | must_env }}\n{{ 'NO' | must_env }}", "2:1"),
    ],
)
def test_a_miss_is_told_at_its_own_tag(template: str, place: str) -> None:
    (miss,) = GIVEN.render(template).missing
    assert str(miss.where) == f"ecschedule.yaml:{place}"


def test_calls_with_too_many_or_too_few_arguments_are_told_too() -> None:
    assert missing("{{ must_env() }} {{ secret('A', 'B') }} {{ env() }} {{ var(*['A', 'B']) }}") == [
        "1:1: `must_env` can't be called with 0 argument(s)",
        "1:18: `secret` can't be called with 2 argument(s)",
        "1:41: `env` needs a name",
        "1:53: `var` can't be called with 2 argument(s)",
    ]


def test_an_argument_with_a_name_is_told_without_our_insides() -> None:
    with pytest.raises(ConfigError) as error:
        GIVEN.load(a_config("description: {{ env(name='A') }}"))
    assert "_Renderer" not in str(error.value)
    assert "`env`" in str(error.value)


@pytest.mark.parametrize(
    "change", ["| upper", "| replace('a', 'b')", ".upper()", "| int", "| length", ".split(',')[0]"]
)
def test_a_miss_that_is_changed_is_still_only_a_miss(change: str) -> None:
    template = a_config(f"group: {{{{ must_env('NO') {change} }}}}", "descripton: x")
    assert [problem.partition(" (")[0] for problem in GIVEN.problems(template)] == [
        "6:10: the environment variable `NO` is not set",
        "7:3: `descripton` is not a key of a rule",
    ]


def test_the_rest_of_the_file_is_checked_in_the_same_run() -> None:
    template = a_config("taskCount: {{ must_env('COUNT') }}", "descripton: x", "launch_type: FARGAT")
    assert [problem.partition(" (")[0] for problem in GIVEN.problems(template)] == [
        "6:14: the environment variable `COUNT` is not set",
        "7:3: `descripton` is not a key of a rule",
        "8:16: `launch_type` must be `EC2`, `FARGATE` or `EXTERNAL`, not `FARGAT`",
    ]


def test_a_miss_hides_no_other_problem_of_its_line() -> None:
    template = a_config("descripton: {{ must_env('WHO') }}")
    assert [problem.partition(" (")[0] for problem in GIVEN.problems(template)] == [
        "6:15: the environment variable `WHO` is not set",
        "6:3: `descripton` is not a key of a rule",
    ]


def test_a_miss_is_the_only_problem_of_its_value() -> None:
    template = """\
cluster: {{ must_env('CLUSTER') }}
rules:
- name: {{ must_env('A') }}
  scheduleExpression: {{ must_env('B') }}
  taskDefinition: {{ must_env('C') }}
  taskCount: {{ must_env('D') }}
  disabled: {{ must_env('E') }}
  launch_type: {{ must_env('F') }}
  containerOverrides: {{ must_env('G') }}
- name: {{ must_env('H') }}
  scheduleExpression: rate(1 day)
  taskDefinition: reports
  targetId: x{{ must_env('I') }}
  tags: {a: "{{ must_env('J') }}"}
"""
    found = GIVEN.problems(template)
    assert [problem.partition("`")[2].partition("`")[0] for problem in found] == ["CLUSTER", *"ABCDEFGHIJ"]


def test_a_miss_in_json_is_the_only_problem_too() -> None:
    template = '{"cluster": "{{ must_env("A") }}", "rules": [{"taskCount": {{ must_env("B") }}}]}'
    found = GIVEN.problems(template, "ecschedule.json")
    assert [problem.partition(" (")[0] for problem in found][:2] == [
        "1:14: the environment variable `A` is not set",
        "1:60: the environment variable `B` is not set",
    ]
    assert [problem for problem in found if "broken JSON" in problem] == []


def test_a_miss_is_told_even_where_the_text_around_it_is_broken() -> None:
    assert [problem.partition(" (")[0] for problem in GIVEN.problems("a: {{ must_env('NO') }}\nb: [\n")] == [
        "1:4: the environment variable `NO` is not set",
        "3:1: broken YAML: while parsing a flow node did not find expected node content",
    ]


def test_a_miss_is_told_even_where_the_template_fails_later() -> None:
    assert [problem.partition(" (")[0] for problem in refused("a: {{ must_env('NO') }}\nb: {{ 1 / 0 }}")] == [
        "1:4: the environment variable `NO` is not set",
        "2:4: the template fails: division by zero",
    ]


# -- places in the source --------------------------------------------------------------------------------------


def places(template: str) -> list[str]:
    """Where the word `here` stands in the rendered text, said in places of the source."""
    rendered = GIVEN.render(template)
    return [
        str(rendered.locate(number, column + 1)).removeprefix("ecschedule.yaml:")
        for number, line in enumerate(rendered.text.split("\n"), 1)
        for column in range(len(line))
        if line.startswith("here", column)
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        # as it is
        ("here\n  here", ["1:1", "2:3"]),
        ("é😀 here {{ 'é' }} é here", ["1:4", "1:21"]),
        # on the right of an expression that is longer or shorter than its value
        ("a: {{ 'x' }} here", ["1:14"]),
        ("{{ 'a' }}{{ 'much longer than before' * 3 }} here {{ '' }} here", ["1:46", "1:60"]),
        ("{{ 'a' }} here\n{{ 'b' }} here", ["1:11", "2:11"]),
        # what an expression puts in is where the expression is
        ("a: {{ 'here' }} here", ["1:4", "1:17"]),
        ("a: {{ 'x here' }}\nhere", ["1:4", "2:1"]),
        ("{{ 'a\n here\n here' }} here\nhere", ["1:1", "1:1", "3:11", "4:1"]),
        ("a\n{{ var('LINES') }}here\nhere", ["2:19", "3:1"]),
        # loops that repeat lines
        ("{% for x in [1, 2] %}\nhere\n  a: {{ x }} here\n{% endfor %}\nhere", ["2:1", "3:14"] * 2 + ["5:1"]),
        ("{% for x in [1, 2] %}here {% endfor %}here", ["1:22", "1:22", "1:39"]),
        ("{% for x in [] %}\nhere\n{% else %}\n here{% endfor %}\nhere", ["4:2", "5:1"]),
        # branches
        ("{% if false %}\na\n{% elif true %}\n here\n{% else %}\nb\n{% endif %}here", ["4:2", "7:12"]),
        # white space that is cut
        ("a\n\n  {{- ' here' -}}\n\n here", ["3:3", "5:2"]),
        ("a:\n{%- if true %}\n here\n{%- endif %}\nhere", ["3:2", "5:1"]),
        ("a: 1\n   {#- c -#}   \n  here\nhere", ["3:3", "4:1"]),
        # comments
        ("{# one\n two #}here\nhere", ["2:8", "3:1"]),
        ("a {# c #} here", ["1:11"]),
        ("{{/* one\n two */}} here\nhere", ["2:11", "3:1"]),
        # raw blocks
        ("{% raw %}here {{ here }}\n here{% endraw %} here\nhere", ["1:10", "1:18", "2:2", "2:19", "3:1"]),
        ("{% raw -%}\n  here {{\n{%- endraw %}\nhere", ["2:3", "4:1"]),
        # set and macro blocks: their text is where it is put in
        ("{% set x = 'here' %}\n{{ x }} here\nhere", ["2:1", "2:9", "3:1"]),
        ("{% set x %}\n here\n{% endset %}\na: {{ x }} here\nhere", ["4:4", "4:12", "5:1"]),
        ("{% macro m(x) %}\n here {{ x }}\n{% endmacro %}\na: {{ m('here') }} here\nhere",
         ["4:4", "4:4", "4:20", "5:1"]),
        ("{% set x | upper %}\n a\n{% endset %}here", ["3:13"]),
        ("{% macro m() %}{{ caller() }}{% endmacro %}\n{% call m() %}\n here\n{% endcall %}\nhere", ["2:1", "5:1"]),
        ("a\n\n{% filter lower %}\n HERE\n{% endfilter %}here", ["3:1", "5:16"]),
        ("{# 1\n2 #}{% filter lower %}HERE{% endfilter %}", ["2:5"]),
        # more than one line in a tag
        ("{{ env('NONE',\n 'x') }} here\nhere", ["2:10", "3:1"]),
        ("{{ env `NONE`\n `x` }} here\nhere", ["2:9", "3:1"]),
    ],
)  # fmt: skip
def test_places_are_those_of_the_source(template: str, expected: list[str]) -> None:
    assert places(template) == expected


@settings(QUICK, max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            ["\n", "\n  ", " ", "a: b", "é", "{{ 'x' }}", "{{ 'x\ny' }}", "{{- 'x' -}}", "{# c\n#}", "{#- c -#}",
             "{% if true %}", "{%- endif -%}", "{% raw %}{{{% endraw %}", "{% set q %}\n{% endset %}"]
        )
    )
)  # fmt: skip
def test_any_literal_text_is_found_where_it_stands(parts: list[str]) -> None:
    template = "".join(part + f" @{number}@ " for number, part in enumerate(parts))
    template += "{% endif %}" * (parts.count("{% if true %}") - parts.count("{%- endif -%}"))
    try:
        rendered = GIVEN.render(template)
    except ConfigError:
        return
    lines = template.split("\n")
    for row, line in enumerate(rendered.text.split("\n"), 1):
        for mark in (f"@{number}@" for number in range(len(parts))):
            if mark in line:
                where = rendered.locate(row, line.index(mark) + 1)
                assert lines[where.line - 1][where.column - 1 :].startswith(mark)


def test_problems_of_the_model_are_told_at_the_source() -> None:
    template = """\
{# Rules of the shop,
   one for each town. #}
cluster: batch
rules:
{%- for town in ['tokyo', 'osaka'] %}
- name: feed-{{ town }}
  scheduleExpression: rate(1 day)
  taskDefinition: {{ env `TASK` `feeds` }}
  taskCount: {{ loop.index0 * 11 }}
  tags: { town: {{ town }}, team: {{ var('TEAM') }}, list: [x] }
{%- endfor %}
- name: feed-{{ 'tokyo' }}
  descripton: {{ env('NONE', 'x') }}
"""
    assert GIVEN.problems(template)[0] == "9:14: `taskCount` must be at most 10, not 11"
    assert set(GIVEN.places(template)) == {"9:14", "10:60", "12:3", "13:3", "12:9"}


def test_broken_yaml_after_templating_is_told_at_the_source() -> None:
    assert GIVEN.places("{# 1\n#}a: b\nc: {{ var('LINES') }}\nd: e\n") == ["3:4"]
    assert GIVEN.places("{% for x in [1, 2] %}\na{{ x }}: b: c\n{% endfor %}") == ["2:12"]
    assert GIVEN.places("a: {{ 'long' * 9 }} b: c\n") == ["1:22"]


# -- secrets ---------------------------------------------------------------------------------------------------

YAML_TEXT = st.text(ANY_CHARACTER, max_size=40)


@QUICK
@given(YAML_TEXT)
@example('it\'s: "x"\n# {a} {{ b }}\n')
@example("")
@example("\uf100\uf110\uf101")
def test_any_secret_comes_through_exactly_and_leaves_masked(value: str) -> None:
    given_ = Given(secrets={"PW": value})
    template = a_config(
        "tags:",
        "  plain: {{ secret('PW') }}",
        "  single: '{{ secret(\"PW\") }}'",
        '  double: "{{ secret(`PW`) }}"',
        "  within: postgres://app:{{ secret `PW` }}@db/x",
        "  block: |-",
        "    {{ secret('PW') }}",
    )
    (rule,) = given_.rules(template)
    assert rule.target
    tags = dict(rule.target.tags)
    opened = {key: given_.vault.open(text) for key, text in tags.items()}
    assert opened == {
        "plain": value,
        "single": value,
        "double": value,
        "within": f"postgres://app:{value}@db/x",
        "block": value,
    }
    shown = given_.vault.mask("\n".join(tags.values()))
    assert shown == "(secret)\n(secret)\n(secret)\n(secret)\npostgres://app:(secret)@db/x"


@QUICK
@given(YAML_TEXT)
def test_any_secret_comes_through_json_exactly(value: str) -> None:
    given_ = Given(secrets={"PW": value})
    loaded = given_.load('{"cluster": "{{ secret("PW") }}", "rules": []}', "ecschedule.json")
    assert given_.vault.open(loaded.config.cluster) == value


@pytest.mark.parametrize(
    "expression", ["secret('PW')[:2]", "secret('PW')[1:]", "secret('PW')[1]", "(secret('PW') | string)[:1]"]
)
def test_a_secret_that_was_cut_is_an_error(expression: str) -> None:
    assert GIVEN.problems(a_config(f"description: x {{{{ {expression} }}}}")) == [
        "6:16: a secret was changed by a filter and can't be opened any more (use secret('NAME') as it is)"
    ]


@pytest.mark.parametrize(
    "change",
    [
        "| urlencode",
        "| tojson",
        "| list",
        "| length",
        "| upper",
        "| replace('h', 'x')",
        "| reverse",
        "| truncate(2, true, '', 0)",
        "| first",
        "| int",
        "| base64",
        ".upper()",
        ".encode('utf8')",
        ".replace('h', 'x')",
    ],
)
def test_a_secret_that_a_filter_would_change_is_an_error(change: str) -> None:
    """What is filtered is the seal: the task would get another value than its author thinks."""
    with pytest.raises(ConfigError):
        GIVEN.load(a_config("description: >-", f"  {{{{ secret('PW') {change} }}}}"))


@pytest.mark.parametrize("same", ["| default('x')", "| string", "| trim", "~ ''", "| safe"])
def test_what_leaves_a_secret_as_it_is_may_be_done_to_it(same: str) -> None:
    assert text(f"{{{{ secret('PW') {same} }}}}") == "hunter22"


def test_a_secret_may_be_put_into_a_text() -> None:
    assert text("{% set pw = secret('PW') %}{{ ['a', pw] | join('-') }}") == "a-hunter22"
    assert text("{{ 'postgres://app:%s@db' | format(secret('PW')) }}") == "postgres://app:hunter22@db"
    assert text("{{ 'x:' ~ secret('PW') ~ secret('ONE') }}") == "x:hunter221"


def test_a_secret_is_no_key() -> None:
    found = GIVEN.problems(a_config("tags:", "  a: x", "  {{ secret('PW') }}: x"))
    assert found == ["8:5: a secret can't be a key (use it as a value)"]


@pytest.mark.parametrize(
    "line",
    [
        "taskCount: {{ secret('PW') }}",
        "launch_type: {{ secret('PW') }}",
        "name2: {{ secret('PW') }}",
        "targetId: {{ secret('PW') }}",
        "disabled: '{{ secret('PW') }}'",
        "tags: {{ secret('PW') }}",
        "command: [ {{ secret('PW') }}",
        "{{ secret('PW') }}: x",
        "{{ 1 + secret('PW') }}",
        "{{ secret('PW').nothing }}",
        "{{ secret(secret('PW')) }}",
        "{{ secret('PW') | nothing }}",
        "{{ must_env(secret('PW')) }}",
    ],
)
def test_no_secret_stands_in_an_error(line: str) -> None:
    with pytest.raises(ConfigError) as error:
        GIVEN.load(a_config(line))
    assert "hunter22" not in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        r'description: "\uF100\uF110\uF101"',
        r'description: "{{ "\uf100\uf110\uf101" }}"',
    ],
)
def test_an_escape_forges_no_seal(line: str) -> None:
    given_ = Given(secrets={"PW": "hunter22"})
    given_.vault.know("PW", "hunter22")
    try:
        (rule,) = given_.rules(a_config(line))
    except ConfigError:
        return
    assert given_.vault.open(rule.description) != "hunter22"


def test_values_that_are_looked_up_forge_no_seal() -> None:
    given_ = Given(env={"E": "\uf100\uf110\uf101"}, variables={"V": "\uf105"})
    assert [
        problem.what for problem in given_.render("{{ must_env('E') }} {{ var('V') }} {{ env('N', 'E') }}").missing
    ] == [
        "`must_env` answers with private-use characters",
        "`var` answers with private-use characters",
    ]


def test_a_file_that_holds_our_own_characters_is_refused() -> None:
    assert refused("a: 1\nb: \uf103 {{ x }}") == [
        "2:4: the private-use character U+F103 may not stand in a config (remove it)"
    ]


def test_text_that_is_left_over_holds_none_of_our_characters() -> None:
    rendered = GIVEN.render(
        "{% for x in [1, 2] %}\na{{ x }}: {{ 'b' | upper }}\n{% endfor %}{% set y %}c{% endset %}{{ y }}"
    )
    assert not RESERVED.search(rendered.text)
    assert rendered.source == Source("ecschedule.yaml", rendered.source.text)
