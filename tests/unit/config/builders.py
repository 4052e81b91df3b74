"""Small builders for config files: what is read, rendered and checked, and what is said about it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from esprestack.config.desired import desired_rules
from esprestack.config.examine import Loaded, check
from esprestack.config.load import Prepared, Surroundings, prepare_source
from esprestack.config.lookups.base import Function, Lookup
from esprestack.config.lookups.environment import Environment
from esprestack.config.lookups.given import Secrets, Variables
from esprestack.config.marks import Rendered
from esprestack.config.source import Source, read_tree
from esprestack.config.template import render
from esprestack.config.tree import Tree
from esprestack.errors import ConfigError, Where
from esprestack.rule import Rule, Scope
from esprestack.secrets import Vault

PATH = "ecschedule.yaml"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("aws", "eu-west-1", "123456789012", "batch", "batch")

A_RULE = """\
cluster: batch
rules:
- name: report
  scheduleExpression: rate(1 day)
  taskDefinition: reports
"""
"""The shortest config with a rule. What a test adds to the rule begins on line 6."""


def a_config(*lines: str) -> str:
    """A config with one rule that has `lines` too, from line 6 on, two columns in."""
    return A_RULE + "".join(f"  {line}\n" for line in lines)


class Given:
    """What a workflow hands over: environment, secrets and variables, and the vault of the run."""

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        env_allow: Sequence[str] = (),
    ) -> None:
        self.vault = Vault()
        self.lookups: list[Lookup] = [
            Environment(env or {}, env_allow),
            Secrets(secrets or {}, self.vault),
            Variables(variables or {}),
        ]

    @property
    def functions(self) -> dict[str, Function]:
        return {name: function for lookup in self.lookups for name, function in lookup.functions.items()}

    def render(self, text: str, path: str = PATH) -> Rendered:
        return render(Source(path, text), self.functions)

    def text(self, text: str) -> str:
        """`text` after templating, opened; nothing may be missing."""
        rendered = self.render(text)
        assert rendered.missing == []
        return self.vault.open(rendered.text)

    def prepare(self, text: str, path: str = PATH) -> Prepared:
        return prepare_source(Source(path, text), Path(), Surroundings(Path(), self.lookups))

    def load(self, text: str, path: str = PATH) -> Loaded:
        return check(self.prepare(text, path), self.vault)

    def rules(self, text: str, path: str = PATH) -> list[Rule]:
        return rules_of(self.load(text, path))

    def problems(self, text: str, path: str = PATH) -> list[str]:
        """All that is wrong with a config, from its text to its model, with its place."""
        with pytest.raises(ConfigError) as error:
            self.load(text, path)
        return told(error, path)

    def places(self, text: str, path: str = PATH) -> list[str]:
        """Where something is wrong: `line:column` of each problem."""
        with pytest.raises(ConfigError) as error:
            self.load(text, path)
        return [
            f"{problem.where.line}:{problem.where.column}" if problem.where else "" for problem in error.value.problems
        ]


def told(error: pytest.ExceptionInfo[ConfigError], path: str = PATH) -> list[str]:
    """Each problem as it is printed, but without the file's path where a line follows it."""
    return [re.sub(rf"^{re.escape(path)}:(?=\d)", "", str(problem)) for problem in error.value.problems]


def load(text: str, path: str = PATH) -> Loaded:
    return Given().load(text, path)


def problems(text: str, path: str = PATH) -> list[str]:
    return Given().problems(text, path)


def places(text: str, path: str = PATH) -> list[str]:
    return Given().places(text, path)


def rules_of(loaded: Loaded) -> list[Rule]:
    return [desired.rule for desired in desired_rules(loaded, SCOPE, NOW)]


def the_rule(*lines: str) -> Rule:
    """The rule of `a_config(*lines)`."""
    (rule,) = rules_of(load(a_config(*lines)))
    return rule


def load_untemplated(text: str, path: str = PATH) -> Loaded:
    """As `load`, but braces in `text` are text."""
    return check(Prepared(Source(path, text), text, a_tree(text, path), ()), Vault())


def a_tree(text: str, path: str = PATH) -> Tree:
    """The tree of `text`, which went through no template."""
    return read_tree(text, Source(path, text), lambda line, column: Where(path, line, column))


def tree_problems(text: str, path: str = PATH) -> list[str]:
    with pytest.raises(ConfigError) as error:
        a_tree(text, path)
    return told(error, path)
