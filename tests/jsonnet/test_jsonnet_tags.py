"""Template tags within the texts of a Jsonnet config, as the peers render them after Jsonnet."""

from pathlib import Path

import pytest
from tests.unit.config.builders import Given

from esprestack.config.jsonnet import Evaluated, evaluate
from esprestack.config.jsonnet_tags import has_tags, render_tags
from esprestack.config.jsonnet_vars import ExtVars
from esprestack.config.source import MISSING, Source
from esprestack.errors import ConfigError

TEXT = """local secret = std.native('secret');
{
  cluster: '{{ must_env `CLUSTER` }}',
  plain: 'a "b" \\\\ ☃',
  rules: [
    { name: 'a', command: ['{{ env("A", "it\\'s") }} and {{- var("B") }}', '{{ must_env `NONE` }}'] },
    { name: 'b', password: secret('DB') + ':{{ secret("DB") }}' },
  ],
  lines: |||
    one {{ must_env `CLUSTER` }}
    {{ must_env `NOTHING` }}
  |||,
}"""


def evaluated(text: str, given: Given) -> Evaluated:
    return evaluate(Source("c.jsonnet", text), Path(), given.functions, ExtVars())


def test_each_text_is_rendered_on_its_own() -> None:
    given = Given({"CLUSTER": 'quo"te\n- {{ x }}'}, {"DB": "hunter2"}, {"B": "b"})
    found = evaluated(TEXT, given)
    assert has_tags(found)
    done = render_tags(found, given.functions)
    seal = given.vault.seal("DB", "hunter2")
    assert done.data == {
        "cluster": 'quo"te\n- {{ x }}',
        "plain": 'a "b" \\ ☃',
        "rules": [
            {"name": "a", "command": ["it's andb", MISSING]},
            {"name": "b", "password": f"{seal}:{seal}"},
        ],
        "lines": f'one quo"te\n- {{{{ x }}}}\n{MISSING}\n',
    }
    assert [(problem.what, str(problem.where)) for problem in done.missing] == [
        ("the environment variable `NOTHING` is not set", "c.jsonnet:9:3"),
        ("the environment variable `NONE` is not set", "c.jsonnet:6:75"),
    ]


def test_broken_tags_stand_at_their_text() -> None:
    with pytest.raises(ConfigError) as error:
        render_tags(evaluated("{\n  a: '{{ nothing }}',\n  b: '{{ env(1',\n}", Given()), Given().functions)
    assert {str(problem.where) for problem in error.value.problems} <= {"c.jsonnet:2:3", "c.jsonnet:3:3"}


def test_control_characters_beside_tags_are_refused() -> None:
    found = evaluated("{\n  a: '\\u0001{{ env(`A`, `b`) }}',\n}", Given())
    with pytest.raises(ConfigError, match=r"c\.jsonnet:2:3: a text with template tags may not have control characters"):
        render_tags(found, Given().functions)


def test_a_value_cannot_reach_into_another_text() -> None:
    given = Given({"A": "x\x01\ny"})
    with pytest.raises(ConfigError, match="has control characters, or a tag reaches over several texts"):
        render_tags(evaluated("{ a: '{{ must_env `A` }}', b: '{{ must_env `A` }}' }", given), given.functions)
