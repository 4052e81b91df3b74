"""To which revision a service is rolled back: the last one before the current that was deployed and did succeed.

In: the service, its history as far as it can be read, the family's active revisions; out: candidates, the best first,
each with why it is one. Pure.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from esprestack.services.deployments import COMPLETED, ServiceNow
from esprestack.services.ecs import number_of

SUCCESSFUL = "SUCCESSFUL"


@dataclass(frozen=True, slots=True)
class Past:
    """One deployment of the history: what it brought, and how it ended."""

    task_definition: str
    status: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A revision to go back to. Not `proven`: nobody knows that it ever ran."""

    task_definition: str
    why: str
    proven: bool = True


def candidates(
    now: ServiceNow, current: str, history: Sequence[Past] | None, active: Callable[[], Sequence[str]]
) -> Iterator[Candidate]:
    """From the best on. `history` has the oldest first, None: nobody may read it; `active` lists the revisions."""
    if history is not None:
        yield from _succeeded(current, history)
    for deployment in now.deployments:
        if deployment.state == COMPLETED and deployment.task_definition != current:
            yield Candidate(deployment.task_definition, "it completed, and still has tasks beside the new one")
    known = {past.task_definition for past in history or ()}
    if history is not None and known - {current}:
        return  # what else there is, is known to have failed, or never to have been deployed
    lower = [arn for arn in active() if number_of(arn) < number_of(current)]
    for arn in sorted(lower, key=number_of, reverse=True)[:1]:
        yield Candidate(arn, "it is the next lower revision", proven=False)


def later_ones(current: str, history: Sequence[Past]) -> list[str]:
    """What succeeded after the current one had, newest first: a rollback never goes there."""
    every = list(dict.fromkeys(past.task_definition for past in reversed(history) if past.status == SUCCESSFUL))
    return [arn for arn in every if arn != current]


def _succeeded(current: str, history: Sequence[Past]) -> Iterator[Candidate]:
    stack = _stack(history)
    arns = list(stack)
    below = arns[: arns.index(current)] if current in stack else arns
    for arn in reversed(below):
        yield Candidate(arn, f"it was deployed successfully{_when(stack[arn])}")


def _stack(history: Sequence[Past]) -> dict[str, datetime | None]:
    """The revisions that succeeded, each on what it took the place of.

    Who returns to an earlier one leaves all that came after it: a second rollback goes further back, not forth to what
    was rolled back.
    """
    stack: dict[str, datetime | None] = {}
    for past in history:
        if past.status != SUCCESSFUL:
            continue
        if past.task_definition in stack:
            for arn in list(stack)[list(stack).index(past.task_definition) + 1 :]:
                del stack[arn]
        stack[past.task_definition] = past.at
    return stack


def _when(at: datetime | None) -> str:
    return f" at {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""


def names(arns: Collection[str]) -> str:
    """`web:3, web:2`."""
    return ", ".join(arn.rpartition("/")[2] for arn in arns)
