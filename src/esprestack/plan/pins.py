"""What services mean for rules of the same run: whose revision a rule follows, and which rule couldn't go on. Pure.

In: a rule's change as it was planned; out: the same change, with what its reader should know, or a conflict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from esprestack.errors import Problem
from esprestack.plan.model import Action, Change, digest

NEW = "(new)"
"""In place of a revision's number that nobody knows before it is registered; AWS never gets to see it."""

_PINNED = "taskDefinition"


@dataclass(frozen=True, slots=True)
class Followed:
    """A service whose revision a rule takes, and that revision's name: `web:42`."""

    service: str
    revision: str


@dataclass(frozen=True, slots=True)
class Pins:
    """Of one config, by the rules' names."""

    follows: Mapping[str, Followed] = field(default_factory=dict)
    barred: Mapping[str, Problem] = field(default_factory=dict)
    """Why a rule couldn't run any more after the deploy."""
    notes: tuple[str, ...] = ()


def pinned(change: Change, pins: Pins) -> Change:
    """The change of a rule of a config. What is barred is a conflict, whether it changes or not."""
    if problem := pins.barred.get(change.name):
        return replace(change, action=Action.CONFLICT, where=problem.where, reason=problem.what, write=None)
    followed = pins.follows.get(change.name)
    if followed is None or not change.changes or _PINNED not in (paths := [item.path for item in change.fields]):
        return change
    note = f"follows the service `{followed.service}`: the task definition is {followed.revision}"
    # whichever number the deploy gets, it is the reviewed change
    marks = [
        digest(change.name, path, "follows", followed.service)[:16] if path == _PINNED else mark
        for path, mark in zip(paths, change.marks, strict=True)
    ]
    return replace(change, marks=tuple(marks), notes=(*change.notes, note))
