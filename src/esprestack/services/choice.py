"""Which revision of a task definition is run or deployed; it is registered first if it has to be.

In: a plan and what was asked for; out: a revision's ARN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from esprestack.errors import InputError, Problem, RefusedError
from esprestack.services.compare import is_registered
from esprestack.services.documents import with_texts
from esprestack.services.ecs import Ecs
from esprestack.services.model import Document, ServicePlan

Told: TypeAlias = Callable[[str], None]
"""Hears what has been done, a sentence at a time."""


class Source(StrEnum):
    """Where the task definition comes from."""

    FILE = "the file"
    LATEST = "the family's latest revision"
    CURRENT = "what the service runs"
    NUMBER = "a revision by its number"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for; `number` is the revision's with Source.NUMBER."""

    source: Source = Source.FILE
    number: int = 0


def chosen_revision(ecs: Ecs, plan: ServicePlan, choice: Choice, told: Told) -> str:
    """The revision's ARN. Raises InputError for one that isn't there, RefusedError for one that can't be used."""
    family = ecs.aws.open(str(plan.config.task_definition.document["family"]))
    match choice.source:
        case Source.FILE:
            return _of_file(ecs, plan, told)
        case Source.CURRENT:
            return _current(plan)
        case Source.LATEST:
            return _usable(ecs, family)
        case Source.NUMBER:
            return _usable(ecs, f"{family}:{choice.number}")


def registered(ecs: Ecs, document: Document, ignored_tags: tuple[str, ...], told: Told) -> str:
    """The ARN of a revision that is what `document` says: the latest one if it is, else a new one."""
    request = with_texts(document, ecs.aws.open)
    latest = ecs.latest(request["family"])
    if latest and is_registered(request, latest.document, ecs.scope, ignored_tags):
        told(f"{latest.name} is what the file says already: nothing is registered")
        return latest.arn
    made = ecs.register(document, latest)
    told(f"registered {made.name}")
    return made.arn


def _of_file(ecs: Ecs, plan: ServicePlan, told: Told) -> str:
    revision = plan.revision
    if revision is None:
        document = plan.register or plan.config.task_definition.document
        return registered(ecs, document, plan.config.ignored_tags, told)
    if plan.moves:
        told(f"{revision.name} is what the file says already: nothing is registered")
    return revision.arn


def _current(plan: ServicePlan) -> str:
    if plan.live and plan.live.revision:
        return plan.live.revision.arn
    what = f"the service `{plan.scope.service}` runs nothing yet"
    raise InputError(Problem(what, todo="leave out --skip-task-definition"))


def _usable(ecs: Ecs, name: str) -> str:
    revision = ecs.revision(name)
    if revision is None:
        todo = "see `esprestack revisions`" if ":" in name else "register one: leave out --latest-task-definition"
        raise InputError(Problem(f"there is no task definition {name}", todo=todo))
    if revision.status != "ACTIVE":
        what = f"{revision.name} is {revision.status}: no task can be started of it"
        raise RefusedError(Problem(what, todo="choose another one of `esprestack revisions`"))
    return revision.arn
