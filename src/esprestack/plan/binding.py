"""Whether a fresh plan is the reviewed one, or what is left of it: the promise of `apply --plan`."""

from collections.abc import Sequence

from esprestack.errors import PlanChangedError, Problem
from esprestack.plan.compare import FieldChange
from esprestack.plan.model import Change, Plan, hash_of


def require_hash(plans: Sequence[Plan], expected: str) -> None:
    """Raises PlanChangedError unless the plans' hash is `expected`, or nothing is left to do."""
    found = hash_of(plans)
    if found != expected and any(plan.changing for plan in plans):
        what = f"the plan has changed: its hash is {found}, not {expected}"
        raise PlanChangedError(Problem(what, todo="look at a fresh diff and apply that one's hash"))


def require_part(plans: Sequence[Plan], reviewed: dict[tuple[str, str], frozenset[str]]) -> None:
    """Raises PlanChangedError, with rule and field, unless every change of `plans` was reviewed.

    `reviewed` has the fingerprints of each (config, rule). Fewer changes than reviewed are fine: part of the plan
    was applied already.
    """
    problems = []
    for plan in plans:
        for change in plan.changing:
            known = reviewed.get((plan.config, change.name))
            if known is None:
                problems.append(_moved(change, "wasn't to be changed in the reviewed plan"))
            elif not change.fingerprint <= known:
                names = ", ".join(field.path for field in _unknown(change, known))
                problems.append(_moved(change, f"differs from the reviewed plan in {names}"))
    if problems:
        raise PlanChangedError(problems)


def _unknown(change: Change, known: frozenset[str]) -> list[FieldChange]:
    return [field for field, mark in zip(change.fields, change.marks, strict=True) if mark not in known]


def _moved(change: Change, what: str) -> Problem:
    return Problem(
        f"the plan has changed: `{change.name}` {what}", change.where, "review a fresh diff, then apply that"
    )
