"""The revisions of a task definition: what became of each, and taken away where nobody uses it.

In: the family; out: what is known of its active revisions, or which were deregistered and which were kept for whom.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from esprestack.errors import InputError, Problem, RefusedError
from esprestack.services.choice import Told
from esprestack.services.ecs import Ecs, number_of
from esprestack.services.history import History, readable
from esprestack.services.in_use import Pins, users
from esprestack.services.target import names


@dataclass(frozen=True, slots=True)
class KnownRevision:
    """An active revision. `status`: of its deployment that the service shows, or of its last one in the history."""

    arn: str
    status: str = ""
    at: datetime | None = None

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Kept:
    """A revision that stays, and who uses it."""

    arn: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deregistration:
    """Which go, the oldest first, and which would go if nobody used them."""

    goes: tuple[str, ...]
    kept: tuple[Kept, ...] = ()


def known_revisions(ecs: Ecs, family: str) -> tuple[list[KnownRevision], tuple[Problem, ...]]:
    """The active revisions, the newest first, and what of them can't be told. Raises AwsError."""
    arns = ecs.arns(family)
    now = ecs.now() if ecs.scope.service else None
    if now is None:
        return [KnownRevision(arn) for arn in arns], ()
    past, problem = readable(lambda: _past(ecs))
    shown = {one.task_definition: one.status for one in reversed(now.deployments)}

    def known(arn: str) -> KnownRevision:
        status, at = (past or {}).get(arn, ("", None))
        return KnownRevision(arn, shown.get(arn, status), at)

    found = [known(arn) for arn in arns]
    if problem is None:
        return found, ()
    return found, (replace(problem, what=f"how deployments ended can't be read: {problem.what}"),)


def _past(ecs: Ecs) -> Mapping[str, tuple[str, datetime | None]]:
    """By task definition how its last deployment ended, and when it began. Raises AwsError."""
    entries = History(ecs).listed()
    brought = History(ecs).definitions([entry.target for entry in entries])
    known = [entry for entry in reversed(entries) if entry.target in brought]
    return {brought[entry.target]: (entry.status, entry.created_at) for entry in known}


def plan_deregistration(ecs: Ecs, family: str, keeps: int, pins: Pins) -> Deregistration:
    """All active revisions but the newest `keeps` and those in use. Raises AwsError where users can't be known."""
    active = ecs.arns(family)
    wanted = sorted(active[keeps:], key=number_of)
    if not wanted:
        return Deregistration(())
    used = users(ecs.aws, family, active, pins)
    kept = tuple(Kept(arn, used[arn]) for arn in wanted if arn in used)
    return Deregistration(tuple(arn for arn in wanted if arn not in used), kept)


def require_unused(ecs: Ecs, family: str, arn: str, pins: Pins, but_for: Collection[str] = ()) -> None:
    """Raises RefusedError where somebody uses the revision, InputError for one that isn't active; and AwsError.

    The users in `but_for` don't count.
    """
    active = ecs.arns(family)
    if arn not in active:
        raise InputError(Problem(f"there is no active revision {names([arn])}", todo="see `esprestack revisions`"))
    found = [who for who in users(ecs.aws, family, active, pins).get(arn, ()) if who not in but_for]
    if found:
        what = f"{names([arn])} isn't deregistered: {', '.join(found)} couldn't start tasks of it any more"
        raise RefusedError(Problem(what, todo="move them to another revision first"))


def deregister(ecs: Ecs, arns: Sequence[str], told: Told) -> None:
    """Deregisters them one after the other. Raises AwsError at the first that can't be."""
    for arn in arns:
        ecs.deregister(arn)
        told(f"deregistered {names([arn])}")


def texts(found: Sequence[KnownRevision]) -> Iterator[str]:
    """A line for each."""
    for one in found:
        yield "  ".join(filter(None, [one.name, one.status, f"{one.at:%Y-%m-%d %H:%M}" if one.at else ""]))
