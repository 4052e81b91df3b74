"""Whether a fresh plan is the reviewed one, or what is left of it: the promise of `apply --plan` and `require-plan`."""

import base64
import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from esprestack.errors import PlanChangedError, Problem
from esprestack.plan.model import Change, Plan, hash_of

Compact: TypeAlias = dict[str, dict[str, str]]
"""For each plan, by a digest of what it is a plan of, each rule that it changes, and the digests of its changes."""

_MARK = 4
"""Characters, of six bits each, that a change is told apart by: what is compared has the same rule already."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was reviewed: for each plan the fingerprints of each rule that it changes, under the names given here."""

    plans: Mapping[Hashable, Mapping[str, frozenset[str]]]
    plan: Callable[[Plan], Hashable]
    rule: Callable[[str], str]
    mark: Callable[[str], str] = str

    def of(self, plan: Plan) -> Mapping[str, frozenset[str]] | None:
        return self.plans.get(self.plan(plan))

    def moved(self, change: Change, known: frozenset[str]) -> list[str]:
        """What of `change` isn't in `known`: the paths of its fields, or its action."""
        if {self.mark(mark) for mark in change.fingerprint} <= known:
            return []
        pairs = zip(change.fields, change.marks, strict=True)
        return [field.path for field, mark in pairs if self.mark(mark) not in known] or [str(change.action)]


def plan_name(plan: Plan) -> str:
    """A digest of what it is a plan of: the same for the plan of a pull request and that of the apply after it."""
    return _short("\n".join(plan.identity), 12)


def compact(plans: Iterable[Plan]) -> Compact:
    """The plans in a form that is short enough to be kept in a comment."""
    return {
        plan_name(plan): {_rule_name(change.name): "".join(map(_mark, sorted(change.fingerprint))) for change in found}
        for plan in plans
        if (found := plan.changing)
    }


def from_compact(kept: Iterable[Compact]) -> Reviewed:
    """All that was reviewed in `kept`, the inverse of `compact`."""
    plans: dict[Hashable, dict[str, frozenset[str]]] = {}
    for one in kept:
        for name, rules in one.items():
            known = plans.setdefault(name, {})
            for rule, marks in rules.items():
                found = {marks[at : at + _MARK] for at in range(0, len(marks), _MARK)}
                known[rule] = known.get(rule, frozenset()) | found
    return Reviewed(plans, plan_name, _rule_name, _mark)


def is_part(plan: Plan, change: Change, reviewed: Reviewed) -> bool:
    """Whether `change` of `plan` was reviewed, as a whole."""
    known = (reviewed.of(plan) or {}).get(reviewed.rule(change.name))
    return known is not None and not reviewed.moved(change, known)


def require_hash(plans: Sequence[Plan], expected: str) -> None:
    """Raises PlanChangedError unless the plans' hash is `expected`, or nothing is left to do."""
    found = hash_of(plans)
    if found != expected and any(plan.changing for plan in plans):
        what = f"the plan has changed: its hash is {found}, not {expected}"
        raise PlanChangedError(Problem(what, todo="look at a fresh diff and apply that one's hash"))


def require_part(plans: Sequence[Plan], reviewed: Reviewed) -> None:
    """Raises PlanChangedError, with rule and field, unless every change of `plans` was reviewed.

    Fewer changes than reviewed are fine: part of the plan was applied already.
    """
    problems: list[Problem] = []
    for plan in plans:
        known = reviewed.of(plan)
        if known is None and plan.changing:
            where = f"{plan.config}, {plan.scope.region}, account {plan.scope.account}, cluster {plan.scope.cluster}"
            owner = f", tracking id {plan.scope.tracking_id}" if plan.scope.tracking_id else ""
            what = f"the plan has changed: {where}{owner} wasn't in the reviewed plan"
            problems.append(Problem(what, todo="review a fresh diff, then apply that"))
            continue
        problems += (problem for change in plan.changing for problem in _moved(change, known or {}, reviewed))
    if problems:
        raise PlanChangedError(problems)


def _moved(change: Change, known: Mapping[str, frozenset[str]], reviewed: Reviewed) -> Iterator[Problem]:
    marks = known.get(reviewed.rule(change.name))
    if marks is None:
        what = "wasn't to be changed in the reviewed plan"
    elif moved := reviewed.moved(change, marks):
        what = f"differs from the reviewed plan in {', '.join(moved)}"
    else:
        return
    todo = "review a fresh diff, then apply that"
    yield Problem(f"the plan has changed: `{change.name}` {what}", change.where, todo)


def _rule_name(name: str) -> str:
    return _short(name, 8)


def _mark(fingerprint: str) -> str:
    return _short(fingerprint, _MARK)


def _short(text: str, characters: int) -> str:
    return base64.b64encode(hashlib.sha256(text.encode(errors="replace")).digest()).decode()[:characters]
