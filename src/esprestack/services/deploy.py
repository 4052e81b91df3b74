"""A plan, carried out: a revision registered only if it differs, tags, and exactly one UpdateService or CreateService.

In: the plan and what was asked for; out: the handle of the deployment, before anybody waits for it. Each step may be
the last one: the next plan finds what was done, and the next deploy goes on from there.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from esprestack.aws import Answer
from esprestack.errors import AwsError, InputError, PlanChangedError, Problem, RefusedError
from esprestack.services.choice import Choice, Source, Told, chosen_revision
from esprestack.services.deployments import ServiceNow
from esprestack.services.ecs import Ecs
from esprestack.services.model import Handle, ServicePlan
from esprestack.services.risks import obstacles
from esprestack.services.update_service import Pause, handle_of, located, require_ours, update_service

_OF_THE_FILES_COUNT = ("no-count", "count-below-scaling")
"""Risks that a count which is asked for takes away."""


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """What a deploy was asked for beyond its plan."""

    tasks: int | None = None
    """The desired count; None: it is left alone, but for what the plan says."""
    choice: Choice = field(default_factory=Choice)
    force: bool = False
    """A new deployment in any case."""
    attributes: bool = True
    """Whether the service's own attributes and tags become what the file says."""
    allow: tuple[str, ...] = ()
    """Codes of risks that are no obstacle."""


@dataclass(frozen=True, slots=True)
class Started:
    """What to wait for. Not `changed`: there was nothing to do, and the handle is that of what runs already."""

    handle: Handle
    changed: bool


def deploy(ecs: Ecs, plan: ServicePlan, options: DeployOptions, told: Told, pause: Pause) -> Started:
    """Carries it out. Raises RefusedError or InputError before anything is changed, else AwsError."""
    before = require_deployable(ecs, plan, options)
    arn = chosen_revision(ecs, plan, options.choice, told)
    if before is None:
        return _created(ecs, plan, options, arn, told)
    members = _members(plan, options, before, arn)
    tagged = options.attributes and _tag(ecs, plan, told)
    primary = before.primary
    if not members and primary is not None:
        told(_nothing(before, tagged=tagged))
        return Started(located(ecs, handle_of(before, primary)), tagged)
    if primary is not None and primary.state == "IN_PROGRESS":
        told(f"the deployment of {_name(primary.task_definition)} under way, {primary.id}, is superseded")
    updated = update_service(ecs, before, members, pause)
    told(f"updated the service `{before.name}`{_what_became(updated.handle, is_new=updated.is_new)}")
    return Started(updated.handle, True)


def require_deployable(ecs: Ecs, plan: ServicePlan, options: DeployOptions) -> ServiceNow | None:
    """The service as it is, None where it is to be created. Raises RefusedError or InputError; nothing is changed."""
    require_no_obstacle(plan, options.allow if options.tasks is None else (*options.allow, *_OF_THE_FILES_COUNT))
    before = ecs.now()
    if before is not None:
        require_ours(before)
    _require_as_planned(plan, before)
    if before is None:
        _creation(plan, options)
    elif before.is_daemon and options.tasks is not None:
        what = f"the service `{before.name}` is a DAEMON: it has a task on each instance, and no desired count"
        raise InputError(Problem(what, todo="leave out --tasks"))
    return before


def require_no_obstacle(plan: ServicePlan, allow: tuple[str, ...]) -> None:
    """Raises RefusedError with all that stands in the way of the plan."""
    if problems := obstacles(plan, allow):
        raise RefusedError([*problems, Problem("nothing was deployed")])


def _require_as_planned(plan: ServicePlan, before: ServiceNow | None) -> None:
    """A plan says what changes of what it saw; of something else it says nothing."""
    primary = before.primary if before else None
    found = primary.task_definition if primary else ""
    if plan.live and before and plan.live.revision is None:  # nobody could see what it ran
        return
    planned = plan.live.revision.arn if plan.live and plan.live.revision else ""
    if bool(plan.live) == bool(before) and planned == found:
        return
    was, is_now = (_name(arn) or "not there" for arn in (planned, found))
    what = f"the service `{plan.scope.service}` was {was} when this was planned, and is {is_now} now"
    raise PlanChangedError(Problem(what, todo="see who deploys it, then deploy again"))


def _members(plan: ServicePlan, options: DeployOptions, before: ServiceNow, arn: str) -> dict[str, Any]:
    """What UpdateService is to change; nothing where all is as it should be."""
    members: dict[str, Any] = dict(plan.update or {}) if options.attributes else {}
    primary = before.primary
    if before.is_daemon or options.tasks is not None:  # ECS refuses a count for a DAEMON, even the one that it has
        members.pop("desiredCount", None)
    if options.tasks is not None and (primary is None or primary.desired != options.tasks):
        members["desiredCount"] = options.tasks
    if options.force:
        members["forceNewDeployment"] = True
    moves = primary is None or primary.task_definition != arn
    if options.choice.source is not Source.CURRENT and (members or moves):
        members["taskDefinition"] = arn
    return members


def _tag(ecs: Ecs, plan: ServicePlan, told: Told) -> bool:
    """Before the update: with `propagateTags: SERVICE` its tasks get the tags that are there when they start."""
    if plan.tags_put:
        ecs.tag(plan.tags_put)
    if plan.tags_removed:
        ecs.untag(plan.tags_removed)
    tagged = bool(plan.tags_put or plan.tags_removed)
    if tagged:
        told(f"tagged the service `{plan.scope.service}`")
    return tagged


def _creation(plan: ServicePlan, options: DeployOptions) -> dict[str, Any]:
    """CreateService's members but for cluster and task definition. Raises InputError.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    """
    name = plan.scope.service
    if plan.create is None:
        what = f"there is no service `{name}`, and the config has no service definition to create it from"
        raise InputError(Problem(what, todo="add `service_definition`, or run its task with `esprestack run`"))
    document = {**plan.create, "serviceName": name, "clientToken": str(uuid.uuid4())}
    if plan.create.get("schedulingStrategy") == "DAEMON":
        document.pop("desiredCount", None)
        return document
    if options.tasks is not None:
        document["desiredCount"] = options.tasks
    if "desiredCount" not in document:
        what = f"the service `{name}` is to be created, and nobody says how many tasks it has"
        raise InputError(Problem(what, todo="add `desiredCount` to the service definition, or give --tasks"))
    return document


def _created(ecs: Ecs, plan: ServicePlan, options: DeployOptions, arn: str, told: Told) -> Started:
    def made() -> Answer | None:
        entry = ecs.entry()
        return {"service": entry} if entry and entry.get("taskDefinition") == arn else None

    now = ecs.create({**_creation(plan, options), "taskDefinition": arn}, made)
    told(f"created the service `{plan.scope.service}`")
    primary = now.primary
    if primary is None:
        raise AwsError(Problem(f"ECS created the service `{plan.scope.service}`, and shows no deployment of it"))
    return Started(located(ecs, handle_of(now, primary)), True)


def _nothing(before: ServiceNow, *, tagged: bool) -> str:
    primary = before.primary
    runs = _name(primary.task_definition) if primary else "nothing"
    match primary.state if primary else "":
        case "IN_PROGRESS":
            state = f"is being deployed with {runs} already"
        case "FAILED":
            state = f"was deployed with {runs} already, which failed; --force-new-deployment tries it again"
        case _:
            state = f"runs {runs} already"
    return f"{'nothing else' if tagged else 'nothing'} to do: the service `{before.name}` {state}"


def _what_became(handle: Handle, *, is_new: bool) -> str:
    if not is_new:
        return ": no new deployment was needed"
    return f": {_name(handle.task_definition_arn)} is being deployed as {handle.deployment_id}"


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
