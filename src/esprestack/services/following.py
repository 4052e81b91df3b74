"""Rules that follow a service: one that names a revision of the service's family gets the revision that it deploys.

In: the services' plans, and the rules of a config as they are written; out: the rules as they are to be, and for the
plan which of them follow and which of them couldn't run any more. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from esprestack.backends.facts import task_definition
from esprestack.config.desired import Desired
from esprestack.errors import Problem
from esprestack.facts import TaskDefinition
from esprestack.plan.pins import NEW, Followed, Pins
from esprestack.rule import Rule, Scope
from esprestack.services.ecs import number_of
from esprestack.services.model import Document, ServicePlan

_PIN = re.compile(r"(.+):(\d+)")


@dataclass(frozen=True, slots=True)
class Leader:
    """A service, and the revision that rules of its family take."""

    service: str
    region: str
    account: str
    family: str
    number: str
    """The revision's, or NEW."""
    document: Document
    """RegisterTaskDefinition's members of that revision."""
    moves: bool
    """Whether it is this run that brings it."""

    @property
    def revision(self) -> str:
        """`web:42`."""
        return f"{self.family}:{self.number}"

    @property
    def containers(self) -> frozenset[str]:
        return frozenset(str(one.get("name", "")) for one in self.document.get("containerDefinitions") or ())


def leaders_of(plans: Iterable[ServicePlan], open_: Callable[[str], str], *, deploying: bool) -> list[Leader]:
    """The services that there are, or are to be; not `deploying`: with what they run now."""
    return [leader for plan in plans if plan.scope.service and (leader := _leader(plan, open_, deploying))]


def _leader(plan: ServicePlan, open_: Callable[[str], str], deploying: bool) -> Leader | None:
    wanted = plan.config.task_definition.document
    revision = plan.revision if deploying else plan.live.revision if plan.live else None
    if revision is None and not deploying:
        return None
    family = revision.name.rpartition(":")[0] if revision else open_(str(wanted["family"]))
    number = str(number_of(revision.arn)) if revision else NEW
    document = revision.document if revision else wanted
    scope = plan.scope
    return Leader(scope.service, scope.region, scope.account, family, number, document, deploying and plan.moves)


def foreseen(leaders: Iterable[Leader], region: str) -> dict[str, TaskDefinition]:
    """What AWS will say of revisions that aren't registered yet, and of their families, by the names in rules."""
    found: dict[str, TaskDefinition] = {}
    for leader in leaders:
        if leader.number == NEW and leader.region == region:
            told = {"taskDefinitionArn": leader.revision, "family": leader.family, "revision": 0}
            fact = task_definition({**leader.document, **told})
            found |= {leader.revision: fact, leader.family: fact}
    return found


def is_pinned(rule: Rule) -> bool:
    """Whether it names a revision, and not just a family."""
    return rule.target is not None and _PIN.fullmatch(rule.target.task_definition) is not None


def with_revision(rule: Rule, number: str) -> Rule:
    """The rule with another revision of the family that its target names one of."""
    pin = _PIN.fullmatch(rule.target.task_definition) if rule.target else None
    if rule.target is None or pin is None:
        return rule
    return replace(rule, target=replace(rule.target, task_definition=f"{pin[1]}:{number}"))


def followed(
    desired: Sequence[Desired], scope: Scope, leaders: Sequence[Leader], open_: Callable[[str], str]
) -> tuple[tuple[Desired, ...], Pins]:
    """The rules with the revisions of the services that they follow, and what the plan has to know of that.

    A family that services take in different revisions is followed by nobody.
    """
    ours = [leader for leader in leaders if (leader.region, leader.account) == (scope.region, scope.account)]
    by_family: dict[str, list[Leader]] = {}
    for leader in ours:
        by_family.setdefault(leader.family, []).append(leader)
    follows: dict[str, Followed] = {}
    barred: dict[str, Problem] = {}
    split: dict[str, list[str]] = {}
    effective = []
    for item in desired:
        family, is_pin = _family(item.rule, scope, open_)
        known = by_family.get(family, [])
        if not known or (item.keeps_revision and is_pin):
            effective.append(item)
            continue
        first = known[0]
        agree = all((one.number, one.document) == (first.number, first.document) for one in known)
        if is_pin and agree:
            item = replace(item, rule=with_revision(item.rule, first.number))
            follows[item.rule.name] = Followed(first.service, first.revision)
        elif is_pin:
            split.setdefault(family, []).append(item.rule.name)
        if (not is_pin or agree) and (problem := next(_gone(item, known, open_), None)):
            barred[item.rule.name] = problem
        effective.append(item)
    return tuple(effective), Pins(follows, barred, tuple(_split(family, split[family], by_family) for family in split))


def _family(rule: Rule, scope: Scope, open_: Callable[[str], str]) -> tuple[str, bool]:
    """The family that the rule starts, and whether it names a revision of it that can be told apart."""
    if rule.target is None:
        return "", False
    name = scope.shorten(open_(rule.target.task_definition), "ecs", "task-definition/")
    pin = _PIN.fullmatch(name)
    return (pin[1], is_pinned(rule)) if pin else (name, False)


def _gone(item: Desired, leaders: Sequence[Leader], open_: Callable[[str], str]) -> Iterator[Problem]:
    """Containers that the rule overrides and that a revision, which this run brings, doesn't have any more."""
    overrides = item.rule.target.container_overrides if item.rule.target else ()
    for leader in leaders:
        gone = [one.name for one in overrides if open_(one.name) not in map(open_, leader.containers)]
        if leader.moves and gone:
            what = f"it overrides {', '.join(f'`{name}`' for name in gone)}, which {leader.revision} doesn't have"
            todo = f"mend `containerOverrides`, or the task definition of the service `{leader.service}`"
            where = item.place("containerOverrides", "container_overrides")
            yield Problem(f"{what} any more", where, todo, "conflict")


def _split(family: str, rules: Sequence[str], by_family: dict[str, list[Leader]]) -> str:
    who = ", ".join(f"`{leader.service}` {leader.revision}" for leader in by_family[family])
    names = ", ".join(f"`{name}`" for name in rules)
    return f"services take different revisions of {family} ({who}), so these rules follow none of them: {names}"
