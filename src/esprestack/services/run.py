"""A task of a service's task definition, started by hand: where and how the service's own tasks run.

In: the plan, for its files, and what was asked for; out: RunTask's request, and the tasks that it started.
"""

import difflib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from esprestack.backends.tasks import Tasks
from esprestack.backends.tasks_mapping import Launch, started_by
from esprestack.errors import InputError, Problem
from esprestack.services.choice import Choice, Source, Told, chosen_revision
from esprestack.services.documents import tags_in, with_texts
from esprestack.services.ecs import Ecs
from esprestack.services.model import Document, ServicePlan
from esprestack.services.shapes import taken, unfit

MOST_TASKS = 10
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""

_OF_THE_SERVICE = ("tags", "propagateTags", "clientToken", "taskDefinition", "cluster")
"""Members that a service's definition and RunTask share, and that mean something else there."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run was asked for."""

    overrides: Document = field(default_factory=dict)
    """A TaskOverride, https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"""
    choice: Choice = field(default_factory=Choice)
    count: int = 1
    watch: str = ""
    """The container whose exit code alone counts; empty: the essential ones, of several those that are overridden."""
    tags: Mapping[str, str] = field(default_factory=dict)
    propagate_tags: str = ""
    """SERVICE, TASK_DEFINITION or NONE; empty: as the service definition has it."""
    keep_volumes: bool = False
    """Whether EBS volumes stay when the task has stopped."""
    client_token: str = ""


def revision_to_run(ecs: Ecs, plan: ServicePlan, options: RunOptions, told: Told) -> str:
    """The ARN of the revision that `options` ask for, registered if it has to be.

    Raises InputError, before anything is registered, with all that RunTask would refuse as far as it is known.
    """
    from_file = options.choice.source is Source.FILE
    _check(plan, options, _containers_of(plan.config.task_definition.document) if from_file else [])
    arn = chosen_revision(ecs, plan, options.choice, told)
    if not from_file and (options.watch or overridden(options)):
        setups = Tasks(ecs.aws, ecs.scope.cluster_arn).setups(arn)
        _check(plan, options, [setup.name for setup in setups])
    return arn


def start_tasks(ecs: Ecs, plan: ServicePlan, task_definition: str, options: RunOptions) -> Launch:
    """Starts them, of this revision. Raises AwsError with a remedy."""
    request = {**task_request(plan, task_definition, options), "cluster": ecs.scope.cluster_arn}
    return Tasks(ecs.aws, ecs.scope.cluster_arn).start(with_texts(request, ecs.aws.open))


def task_request(plan: ServicePlan, task_definition: str, options: RunOptions) -> dict[str, Any]:
    """RunTask's request but for the cluster: network, capacity and the like from the service definition file. Pure.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    """
    service: Document = plan.config.service_definition.document if plan.config.service_definition else {}
    name = plan.scope.service or str(plan.config.task_definition.document["family"])
    request: dict[str, Any] = {
        **{key: member for key, member in taken("RunTask", service).items() if key not in _OF_THE_SERVICE},
        "taskDefinition": task_definition,
        "count": options.count,
        "startedBy": started_by(name),
        "clientToken": options.client_token or str(uuid.uuid4()),
    }
    for volume in request.get("volumeConfigurations") or ():
        policy = {"deleteOnTermination": not options.keep_volumes}
        volume["managedEBSVolume"] = {**volume.get("managedEBSVolume", {}), "terminationPolicy": policy}
    if options.overrides:
        request["overrides"] = options.overrides
    propagate = options.propagate_tags or service.get("propagateTags") or ""
    # RunTask refuses SERVICE: its tags go with the task instead
    tags = {**(tags_in(service.get("tags")) if propagate == "SERVICE" else {}), **options.tags}
    if propagate == "TASK_DEFINITION":
        request["propagateTags"] = propagate
    if tags:
        request["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
    return request


def overridden(options: RunOptions) -> list[str]:
    """The containers that are told to do something else than their definition says."""
    return [str(one.get("name")) for one in options.overrides.get("containerOverrides") or ()]


def _check(plan: ServicePlan, options: RunOptions, containers: list[str]) -> None:
    """Raises InputError with all that RunTask would refuse, as far as it is known; no containers: nobody knows them."""
    problems = []
    if not 1 <= options.count <= MOST_TASKS:
        what = f"RunTask starts 1 to {MOST_TASKS} tasks at once, not {options.count}"
        problems.append(Problem(what, todo="give a smaller --count, or run it several times"))
    said = unfit("RunTask", "overrides", options.overrides)
    if said:
        problems.append(Problem(f"the overrides aren't RunTask's: {said}", todo="see the TaskOverride of ECS's API"))
    named = [("--watch-container", options.watch)] if options.watch else []
    named += [("the overrides", name) for name in overridden(options)] if not said else []
    for where, name in named if containers else ():
        if name not in containers:
            near = difflib.get_close_matches(name, containers, n=1)
            todo = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(f'`{one}`' for one in containers)}"
            family = plan.config.task_definition.document["family"]
            problems.append(Problem(f"{where}: the task definition {family} has no container `{name}`", todo=todo))
    if problems:
        raise InputError(problems)


def _containers_of(document: Document) -> list[str]:
    return [str(one.get("name")) for one in document.get("containerDefinitions") or ()]
