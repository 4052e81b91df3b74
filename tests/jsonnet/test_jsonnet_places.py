"""Where in Jsonnet sources a value of the result stands: exact where it can be told, else the file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.strategies import QUICK

from esprestack.config.jsonnet_places import Places
from esprestack.config.source import Source
from esprestack.config.tree import Path


def place(source: str, data: Any, *path: str | int, **imported: str) -> str:
    """`line:column` of the value at `path`, with the file's name for an imported one; empty for the file as a whole."""
    sources = [Source("main", source), *(Source(name, text) for name, text in imported.items())]
    where = Places(sources, data).of_value(path)
    file = "" if where.file == "main" else f"{where.file}:"
    return f"{file}{where.line}:{where.column}" if where.line else file


RULE = {"name": "report", "scheduleExpression": "rate(1 day)", "taskCount": 2, "command": ["a", "b"]}
DATA = {"cluster": "batch", "rules": [{"name": "first"}, RULE]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("cluster",), "4:3"),
        (("rules",), "5:3"),
        (("rules", 0, "name"), "6:7"),
        (("rules", 1), "8:5"),
        (("rules", 1, "scheduleExpression"), "10:7"),
        (("rules", 1, "command", 1), "11:22"),
        (("rules", 1, "taskCount"), "11:28"),
    ],
)
def test_literals_are_followed_from_the_top(path: Path, expected: str) -> None:
    source = """// { cluster: 'no' }
local cluster = 'batch', other = { cluster: 'no' };
{
  'cluster': cluster,
  rules: [
    { name: 'first' /* , name: 'report' */ },
    # another
    {
      name: "report",
      scheduleExpression: 'rate(1 day)',
      command: ['a', 'b'], taskCount: 2, note: |||
        { name: 'report' }
      |||,
    },
  ],
}"""
    assert place(source, DATA, *path) == expected


@pytest.mark.parametrize(
    "rules",
    [
        "local rules = [{ name: 'first' }]; rules + [\n{ name: 'report', scheduleExpression: s, taskCount: 2 }]",
        "[job('first'),\n{ name: 'report', scheduleExpression: s, taskCount: 2 }][0:]",
        "f(\n{ name: 'report', scheduleExpression: s, taskCount: 2 }, [{ name: 'first', scheduleExpression: t }])",
    ],
)
def test_a_rule_is_found_by_its_literal_name(rules: str) -> None:
    source = f"{{ rules: {rules} }}"
    assert place(source, DATA, "rules", 1, "scheduleExpression") == "2:19"
    assert place(source, DATA, "rules", 1, "name") == "2:3"


def test_arguments_of_a_function_stand_beside_the_name() -> None:
    source = "{ rules: [job('first', 'rate(2 days)'),\n job('report', 'rate(1 day)', 2)] }"
    assert place(source, DATA, "rules", 1, "scheduleExpression") == "2:16"
    assert place(source, DATA, "rules", 1, "taskCount") == "2:6"


def test_the_only_key_that_can_mean_it_is_where_it_stands() -> None:
    source = "{ rules: [job(name) for name in names] }"
    lib = "function(name) {\n  name: name,\n  scheduleExpression: 'rate(1 day)',\n  old: { scheduleExpression: 'no' } }"
    assert place(source, DATA, "rules", 1, "scheduleExpression", lib=lib) == "lib:3:3"
    assert place(source, DATA, "rules", 1, "taskCount", lib=lib) == ""


@pytest.mark.parametrize(
    "source",
    [
        "{ rules: [{ name: n, taskCount: 2 } for n in names] + [{ taskCount: x }] }",
        "{ rules: all { taskCount: 2 } + { taskCount+: 0 } }",
        "{ rules: import 'rules.libsonnet' }",
    ],
)
def test_there_is_no_line_where_there_is_no_telling(source: str) -> None:
    assert place(source, {"rules": [RULE | {"name": "a"}, RULE | {"name": "b"}]}, "rules", 1, "taskCount") == ""


def test_a_literal_that_says_something_else_is_not_the_place() -> None:
    source = "{ rules: [{ name: 'first' }, { name: 'report', taskCount: 1 } + { taskCount: n }] }"
    assert place(source, DATA, "rules", 1, "taskCount") == "1:67"


def test_a_containers_name_is_not_the_rules() -> None:
    data = {"rules": [{"name": "app", "taskCount": 2, "containerOverrides": [{"name": "app", "command": ["x"]}]}]}
    source = "{ rules: f('a' + 'pp', [{ containerOverrides: [{ name: 'app', command: ['x'] }] }]) }"
    assert place(source, data, "rules", 0, "taskCount") == ""
    assert place(source, data, "rules", 0, "containerOverrides", 0, "command") == "1:63"


def test_texts_are_compared_as_they_read() -> None:
    source = r"{ rules: g(f('a\u0062\'c', 1), f(@'it''s', 2)) }"
    data = {"rules": [{"name": "ab'c"}, {"name": "it's"}]}
    assert place(source, data, "rules", 0) == "1:14"
    assert place(source, data, "rules", 1) == "1:34"


def test_a_call_is_found_by_name_and_argument() -> None:
    text = "local must = std.native('must_env');\n// env('A')\n[env('B', ''), env('A', 'B'), must('C'), x('A'), std.native('ssm')('D')]"
    found = Places([Source("main", text)])
    asked = [("env", "A"), ("env", "B"), ("must_env", "C"), ("ssm", "D"), ("env", "E")]
    assert [str(found.of_call(*call)) for call in asked] == ["main:3:20", "main:3:6", "main:3:36", "main:3:68", "main"]


@QUICK
@given(st.text(alphabet="{}[]():,;+'\"@|/*#\\ \nab1", max_size=60))
def test_any_text_is_read_to_its_end(text: str) -> None:
    where = Places([Source("main", text)], {"rules": [{"name": "a", "b": 1}]}).of_value(("rules", 0, "b"))
    assert where.file == "main"
    assert where.line <= text.count("\n") + 1
