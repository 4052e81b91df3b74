"""Small builders for the pure middle: a rule, its live counterpart, what a config wants, and a plan of both."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from esprestack.backends.base import Live
from esprestack.config.desired import Desired
from esprestack.config.source import Source, read_tree
from esprestack.errors import Where
from esprestack.plan.compare import Veil
from esprestack.plan.make import PlanOptions, make_plan
from esprestack.plan.model import Plan
from esprestack.rule import ContainerOverride, LiveRule, Rule, Scope, Target
from esprestack.secrets import Vault

SCOPE = Scope("aws", "eu-west-1", "123456789012", "batch", "batch")


def a_target(name: str = "report", **members: Any) -> Target:
    return Target(**({"id": name, "task_definition": "reports"} | members))


def a_rule(name: str = "report", *, environment: dict[str, str] | None = None, **members: Any) -> Rule:
    """Members of the target are found by their name; `environment` is that of the container `app`."""
    of_rule: dict[str, Any] = {key: members.pop(key) for key in list(members) if key in Rule.__dataclass_fields__}
    if environment is not None:
        members["container_overrides"] = (ContainerOverride("app", environment=tuple(sorted(environment.items()))),)
    defaults: dict[str, Any] = {"schedule_expression": "rate(1 hour)", "target": a_target(name, **members)}
    return Rule(**({"name": name} | defaults | of_rule))


def live(rule: Rule, tracking_id: str | None = "batch", **members: Any) -> LiveRule:
    tags = rule.rule_tags or ()
    return LiveRule(replace(rule, rule_tags=tags), tracking_id, **({"target_ids": (rule.name,)} | members))


def desired(*rules: Rule) -> list[Desired]:
    """The rules as a file has them, a rule on two lines, the first on line 3."""
    text = "cluster: batch\nrules:\n" + "".join(f"- name: {rule.name}\n  taskDefinition: x\n" for rule in rules)
    source = Source("ecschedule.yaml", text)
    tree = read_tree(text, source, lambda line, column: Where(source.path, line, column))
    return [Desired(rule, ("rules", index), tree) for index, rule in enumerate(rules)]


def a_plan(
    wanted: Sequence[Rule],
    found: Sequence[LiveRule],
    *,
    vault: Vault | None = None,
    certain: bool = True,
    elsewhere: Sequence[str] = (),
    **options: Any,
) -> Plan:
    rules = {item.name: item for item in found}
    answer = Live(SCOPE, rules, frozenset(rules) if certain else frozenset())
    veil = Veil(vault or Vault())
    return make_plan("ecschedule.yaml", desired(*wanted), answer, PlanOptions(**options), veil, elsewhere)
