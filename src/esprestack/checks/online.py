"""Findings that need to know what AWS says: the desired rules and `Facts` are enough, nothing is asked here."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from esprestack.checks.codes import CODES
from esprestack.checks.definition import definition
from esprestack.checks.finding import Finding
from esprestack.checks.names import ROLE, TASK_DEFINITION
from esprestack.checks.role import roles
from esprestack.checks.subject import Subject, known, subject_of
from esprestack.config.desired import Desired
from esprestack.errors import Problem
from esprestack.facts import Facts, Role, Unanswered
from esprestack.rule import Home, Scope
from esprestack.secrets import Vault

RULES_PER_BUS = 300
"""AWS's default quota, which can be raised: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""

_FEWER_RULES_PER_BUS: Mapping[str, int] = {"af-south-1": 100, "eu-south-1": 100}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask AWS for, by the names that `Facts` has."""

    task_definitions: frozenset[str]
    roles: frozenset[str]


def wanted_facts(desired: Sequence[Desired], vault: Vault) -> Wanted:
    """What `online_findings` wants to know of these rules: things of the rules' own account and region only."""
    targets = [item.rule.target for item in desired if item.rule.target]

    def own(names: Iterable[str], pattern: re.Pattern[str]) -> frozenset[str]:
        return frozenset(name for name in names if _is_own(vault.open(name), pattern))

    return Wanted(
        own((target.task_definition for target in targets), TASK_DEFINITION),
        own((target.role for target in targets), ROLE),
    )


def _is_own(name: str, pattern: re.Pattern[str]) -> bool:
    """A rule's names of its own account and region are short. What can't be a name is said offline."""
    return known(name) and not name.startswith("arn:") and pattern.fullmatch(name) is not None


def online_findings(desired: Sequence[Desired], scope: Scope, facts: Facts, vault: Vault) -> list[Finding]:
    """What is wrong with the rules of one config, given `facts`; what those don't hold is not judged.

    Nothing that `offline_findings` says is said again.
    """
    subjects = [subject_of(item, scope, vault) for item in desired]
    found = [
        finding
        for subject in subjects
        for finding in definition(subject, facts.task_definitions.get(subject.shown.task_definition))
    ]
    return [*found, *roles(subjects, facts), *_quota(subjects, facts), *_not_asked(subjects, facts)]


def _quota(subjects: Sequence[Subject], facts: Facts) -> Iterator[Finding]:
    if not subjects or facts.rules_on_bus is None:
        return
    rules = {subject.opened_rule.name for subject in subjects if subject.rule.home is Home.RULES}
    new = rules - facts.rules_on_bus
    region = subjects[0].scope.region
    most = _FEWER_RULES_PER_BUS.get(region, RULES_PER_BUS)
    if new and len(facts.rules_on_bus) + len(new) > most:
        there = len(facts.rules_on_bus)
        what = f"the event bus has {there} rules and would get {len(new)} more, by default it holds {most}"
        todo = f"look whether the quota of {region} was raised (L-244521F2 in Service Quotas), or delete rules"
        yield _of_config(subjects[0], "rules-quota", what, todo)


def _not_asked(subjects: Sequence[Subject], facts: Facts) -> Iterator[Finding]:
    """Each kind of question that AWS didn't answer, once: at the first rule that it is about."""
    said = set()
    for subject in subjects:
        role = facts.roles.get(subject.shown.role)
        policies = role.policies if isinstance(role, Role) else None
        for kind, fact in (
            ("task definitions", facts.task_definitions.get(subject.shown.task_definition)),
            ("roles", role),
            ("policies of roles", policies),
        ):
            if isinstance(fact, Unanswered) and kind not in said:
                said.add(kind)
                what = f"not checked are {kind}: {fact.problem.what}"
                yield _of_config(subject, "not-asked", what, fact.problem.todo)


def _of_config(subject: Subject, code: str, what: str, todo: str) -> Finding:
    return Finding("", Problem(what, subject.place(), todo, code, CODES[code][0]))
