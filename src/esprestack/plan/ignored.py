"""What a drift check leaves out: fields that others may own, such as a rule that people disable by hand."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from esprestack.errors import InputError, Problem
from esprestack.plan.model import Action, Change, Plan


@dataclass(frozen=True, slots=True)
class Ignored:
    """`[RULE:]FIELD`, each with `*` for anything; a field stands for all that is in it."""

    rule: re.Pattern[str]
    field: re.Pattern[str]

    def covers(self, rule: str, field: str) -> bool:
        return bool(self.rule.fullmatch(rule) and self.field.fullmatch(field))


def ignored(patterns: Iterable[str]) -> tuple[Ignored, ...]:
    """The patterns, read. Raises InputError for one without a field."""
    found = []
    for pattern in patterns:
        rule, _, field = pattern.rpartition(":")
        if not field.strip():
            todo = "for example `disabled`, or `nightly-*:containerOverrides[*].environment`"
            raise InputError(Problem(f"`{pattern}` names no field to ignore", todo=todo))
        found.append(Ignored(_read(rule.strip() or "*"), _read(field.strip(), r"(?:[.\[].*)?")))
    return tuple(found)


def without_ignored(plan: Plan, patterns: Sequence[Ignored]) -> Plan:
    """`plan` without the ignored fields; a rule that differs in nothing else is unchanged."""
    if not patterns:
        return plan
    return replace(plan, changes=tuple(_without(change, patterns) for change in plan.changes))


def _without(change: Change, patterns: Sequence[Ignored]) -> Change:
    pairs = [
        (field, mark)
        for field, mark in zip(change.fields, change.marks, strict=True)
        if not any(pattern.covers(change.name, field.path) for pattern in patterns)
    ]
    if len(pairs) == len(change.fields) or change.action is not Action.UPDATE:
        return change
    if not pairs and not change.reason:
        return Change(change.name, Action.UNCHANGED, standing=change.before)
    return replace(change, fields=tuple(field for field, _ in pairs), marks=tuple(mark for _, mark in pairs))


def _read(pattern: str, ending: str = "") -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))) + ending, re.DOTALL)
