"""Whether a fresh plan is the reviewed one, or what is left of it: the promise of `apply --plan`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from esprestack.errors import PlanChangedError, Problem
from esprestack.plan.model import Change, Plan, hash_of

Reviewed: TypeAlias = Mapping[tuple[str, ...], Mapping[str, frozenset[str]]]
"""For each reviewed plan the fingerprints of each rule that it changes."""


def require_hash(plans: Sequence[Plan], expected: str) -> None:
    """Raises PlanChangedError unless the plans' hash is `expected`, or nothing is left to do."""
    found = hash_of(plans)
    if found != expected and any(plan.changing for plan in plans):
        what = f"the plan has changed: its hash is {found}, not {expected}"
        raise PlanChangedError(Problem(what, todo="look at a fresh diff and apply that one's hash"))


def require_part(plans: Sequence[Plan], reviewed: Reviewed, mask: Callable[[str], str]) -> None:
    """Raises PlanChangedError, with rule and field, unless every change of `plans` was reviewed.

    `reviewed` has the fingerprints of each rule of each plan, under names that `mask` has gone over. Fewer changes
    than reviewed are fine: part of the plan was applied already.
    """
    problems = []
    for plan in plans:
        known = reviewed.get(tuple(map(mask, plan.identity)))
        if known is None and plan.changing:
            where = f"{plan.config}, {plan.scope.region}, account {plan.scope.account}, cluster {plan.scope.cluster}"
            what = f"the plan has changed: {where}, tracking id {plan.scope.tracking_id} wasn't in the reviewed plan"
            problems.append(Problem(what, todo="review a fresh diff, then apply that"))
            continue
        problems += [
            problem for change in plan.changing for problem in _moved(change, (known or {}).get(mask(change.name)))
        ]
    if problems:
        raise PlanChangedError(problems)


def _moved(change: Change, known: frozenset[str] | None) -> Iterator[Problem]:
    if known is None:
        what = "wasn't to be changed in the reviewed plan"
    elif change.fingerprint <= known:
        return
    else:
        unknown = [field.path for field, mark in zip(change.fields, change.marks, strict=True) if mark not in known]
        what = f"differs from the reviewed plan in {', '.join(unknown) or change.action}"
    todo = "review a fresh diff, then apply that"
    yield Problem(f"the plan has changed: `{change.name}` {what}", change.where, todo)
