"""From a config's text to its findings, and facts as short as they can be."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.unit.config.builders import NOW, SCOPE, Given, a_config

from esprestack.checks.finding import Finding
from esprestack.checks.offline import offline_findings
from esprestack.checks.online import online_findings
from esprestack.config.desired import Desired, desired_rules
from esprestack.config.examine import examine
from esprestack.facts import (
    ContainerDefinition,
    Facts,
    Role,
    RoleFact,
    Statement,
    TaskDefinition,
    TaskDefinitionFact,
)
from esprestack.rule import Scope

Told = tuple[str, str, int, int]
"""Code, severity, line and column of a finding."""


def desired(text: str, given: Given | None = None, scope: Scope = SCOPE, now: datetime = NOW) -> list[Desired]:
    """The rules of a config; look-ups may have no answer, everything else must be right."""
    given = given or Given()
    prepared = given.prepare(text)
    examined = examine(prepared, given.vault)
    assert examined.readable is not None
    assert examined.problems == tuple(prepared.missing)
    return desired_rules(examined.readable, scope, now)


def offline(text: str, given: Given | None = None, scope: Scope = SCOPE, now: datetime = NOW) -> list[Finding]:
    given = given or Given()
    return offline_findings(desired(text, given, scope, now), scope, given.vault, now)


def online(text: str, facts: Facts, given: Given | None = None, scope: Scope = SCOPE) -> list[Finding]:
    given = given or Given()
    return online_findings(desired(text, given, scope), scope, facts, given.vault)


def told(findings: list[Finding]) -> list[Told]:
    return [
        (
            problem.code,
            str(problem.severity),
            *((problem.where.line, problem.where.column) if problem.where else (0, 0)),
        )
        for problem in (finding.problem for finding in findings)
    ]


def said(findings: list[Finding]) -> list[str]:
    """What and what to do, as a reader sees it after the place."""
    return [f"{finding.problem.what} ({finding.problem.todo})" for finding in findings]


def of_rule(*lines: str, given: Given | None = None) -> list[Told]:
    """The offline findings of the rule of `a_config(*lines)`; `lines` begin at line 6, column 3."""
    return told(offline(a_config(*lines), given))


def a_definition(*containers: ContainerDefinition, **members: Any) -> TaskDefinition:
    """`reports:7`, registered for EC2, with the container `app` unless there are others."""
    defaults: dict[str, Any] = {
        "arn": SCOPE.arn("ecs", "task-definition/reports:7"),
        "family": "reports",
        "revision": 7,
        "compatibilities": frozenset({"EC2", "EXTERNAL"}),
        "requires_compatibilities": frozenset({"EC2"}),
        "containers": containers or (ContainerDefinition("app"),),
    }
    return TaskDefinition(**(defaults | members))


def a_fargate_definition(*containers: ContainerDefinition, **members: Any) -> TaskDefinition:
    """As `a_definition`, but registered for Fargate, with 256 CPU units and 512 MiB."""
    defaults: dict[str, Any] = {
        "network_mode": "awsvpc",
        "compatibilities": frozenset({"EC2", "FARGATE"}),
        "requires_compatibilities": frozenset({"FARGATE"}),
        "cpu": "256",
        "memory": "512",
    }
    return a_definition(*containers, **(defaults | members))


def allow(*actions: str, resources: tuple[str, ...] = ("*",), **members: Any) -> Statement:
    return Statement(True, actions, resources, (), **members)


TRUST = (Statement(True, ("sts:AssumeRole",), (), ("events.amazonaws.com",)),)


def a_role(*policies: Statement, **members: Any) -> Role:
    """A role that EventBridge may take, which may do what `policies` say; without them, everything."""
    defaults: dict[str, Any] = {
        "arn": SCOPE.arn("iam", "role/ecsEventsRole"),
        "trust": TRUST,
        "policies": policies or (allow("*"),),
    }
    return Role(**(defaults | members))


def facts(
    definition: TaskDefinitionFact | None = None,
    role: RoleFact | None = None,
    *,
    definitions: Mapping[str, TaskDefinitionFact] | None = None,
    rules_on_bus: frozenset[str] | None = None,
) -> Facts:
    """What AWS says of the task definition `reports` and of the default role; None: nobody asked."""
    return Facts(
        {**({"reports": definition} if definition else {}), **(definitions or {})},
        {"ecsEventsRole": role} if role else {},
        rules_on_bus,
    )
