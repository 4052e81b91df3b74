"""UpdateService, once, and the name of the deployment that it made.

In: the service as it was just before and the members to change; out: the handle of what there is to wait for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TypeAlias

from esprestack.aws import Answer
from esprestack.errors import AwsError, InputError, Problem, RefusedError
from esprestack.services.deployments import Deployment, ServiceNow, service_now
from esprestack.services.ecs import Ecs
from esprestack.services.history import SLACK, History, readable
from esprestack.services.model import Document, Handle

Pause: TypeAlias = Callable[[float], bool]
"""Passes seconds, and says whether to give up."""

_LOOKS, _SECONDS = 10, 1.0
"""Looks for a deployment that was asked for, and the seconds between them: reads may lag behind."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What there is to wait for. Not `is_new`: ECS made no deployment of it, what changes are counts at most."""

    handle: Handle
    is_new: bool


def require_ours(now: ServiceNow) -> None:
    """Raises RefusedError for a service that isn't deployed by ECS alone, or that is about to go."""
    if now.is_express:
        what, todo = "is managed by ECS Express Mode", "update it with `aws ecs update-express-gateway-service`"
    elif now.controller == "CODE_DEPLOY":
        what = "is deployed by CodeDeploy, which esprestack doesn't do"
        todo = "deploy with CodeDeploy, or move the service to ECS's own blue/green deployments"
    elif now.controller != "ECS":
        what, todo = f"has the deployment controller {now.controller}", "deploy with the tool that made its task sets"
    elif now.status != "ACTIVE":
        what, todo = f"is {now.status}: it is being deleted", "wait until it is gone, then deploy again"
    else:
        return
    raise RefusedError(Problem(f"the service `{now.name}` {what}", todo=todo))


def service_of(ecs: Ecs) -> tuple[ServiceNow, Deployment]:
    """The service, deployed by ECS alone, and its primary deployment. Raises InputError, RefusedError, AwsError."""
    now = ecs.now()
    if now is None:
        what = f"there is no service `{ecs.scope.service}` in the cluster `{ecs.scope.cluster}`"
        raise InputError(Problem(what, todo="deploy it first, or check --config"))
    require_ours(now)
    if now.primary is None:
        raise InputError(Problem(f"the service `{now.name}` has no deployment", todo="see `esprestack status`"))
    return now, now.primary


def update_service(ecs: Ecs, before: ServiceNow, members: Document, pause: Pause) -> Updated:
    """Updates the service with `members`, in one call. Raises AwsError.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    """
    old = before.primary
    wanted = members.get("taskDefinition") or (old.task_definition if old else "")
    known = {one.id for one in before.deployments}

    def new_in(now: ServiceNow | None) -> Deployment | None:
        listed = now.deployments if now else ()
        return next((one for one in listed if one.id not in known and one.task_definition == wanted), None)

    def made() -> Answer | None:
        entry = ecs.entry()
        return {"service": entry} if entry and new_in(service_now(entry)) else None

    earlier = _earlier(ecs, old)
    now: ServiceNow | None = ecs.update(members, made)
    awaited = bool(members.get("forceNewDeployment")) or old is None or wanted != old.task_definition
    for _ in range(_LOOKS if awaited else 0):
        if new_in(now) or pause(_SECONDS):
            break
        now = ecs.now()
    if new := new_in(now):
        handle = handle_of(before, new, previous=old.task_definition if old else "")
        return Updated(located(ecs, handle, earlier), True)
    if awaited or now is None or now.primary is None:
        what = f"ECS took the update of `{before.name}`, and shows no deployment of it"
        raise AwsError(Problem(what, todo="look at it with `esprestack status`, then deploy again"))
    return Updated(replace(handle_of(now, now.primary), started_at=None), False)


def handle_of(now: ServiceNow, deployment: Deployment, previous: str = "") -> Handle:
    """The handle of one of the service's deployments."""
    return Handle(
        service_arn=now.arn,
        task_definition_arn=deployment.task_definition,
        deployment_id=deployment.id,
        previous_task_definition_arn=previous,
        started_at=deployment.created_at,
    )


def located(ecs: Ecs, handle: Handle, others: Collection[str] = ()) -> Handle:
    """The handle with the deployment's place in the history, if ECS tells it already; `others` aren't it."""
    entry, _ = readable(lambda: History(ecs).find(handle, others))
    return replace(handle, service_deployment_arn=entry.arn) if entry else handle


def _earlier(ecs: Ecs, old: Deployment | None) -> frozenset[str]:
    """The history's entries that were there before, as far as one could be taken for the new one."""
    if old is None or old.created_at is None:
        return frozenset()
    since = old.created_at - SLACK
    entries, _ = readable(lambda: History(ecs).listed(createdAt={"after": since}))
    return frozenset(entry.arn for entry in entries or ())
