"""Which deployment is meant: the one of a handle that says little, or the service's last one.

In: a handle, or nothing but the service; out: a handle, as complete as ECS can make it.
"""

import re
from dataclasses import replace
from datetime import timedelta

from esprestack.services.deployments import FAILED, Deployment, ServiceDeployment, ServiceNow
from esprestack.services.ecs import Ecs
from esprestack.services.history import History, readable
from esprestack.services.model import Handle
from esprestack.services.update_service import handle_of, service_of

_FAILED = re.compile(r"\(deployment (ecs-svc/\d+)\) deployment failed")
_ROLLS_BACK = "rolling back to deployment"
"""ECS's events: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"""

_SLACK = timedelta(seconds=10)
"""By how much what ECS says of one thing in two places may differ in its time."""


def completed(ecs: Ecs, handle: Handle) -> Handle:
    """The handle with what ECS still knows of its deployment. Raises AwsError."""
    if handle.task_definition_arn and handle.deployment_id:
        return handle
    now, arn = ecs.now(), handle.service_deployment_arn
    entry, _ = readable(lambda: History(ecs).entry(arn)) if arn else (None, None)
    if entry is not None:
        return _of_entry(ecs, now, handle, entry)
    listed = now.deployment(handle.deployment_id) if now else None
    return handle_of(now, listed) if now and listed else handle


def last_deployment(ecs: Ecs) -> Handle:
    """The service's active deployment, or its last one however that ended.

    Raises InputError, RefusedError, AwsError.
    """
    now, primary = service_of(ecs)
    entry, _ = readable(History(ecs).last)
    if entry is None:
        return _by_service(now, primary)
    if _is_newer(primary, entry):  # the history doesn't know it yet
        return handle_of(now, primary)
    return _of_entry(ecs, now, Handle(now.arn, "", "", entry.arn), entry)


def _is_newer(primary: Deployment, entry: ServiceDeployment) -> bool:
    """Whether the service shows a later deployment than the entry's; after a rollback it shows the rollback's."""
    if entry.status.startswith("ROLLBACK") or primary.created_at is None or entry.created_at is None:
        return False
    return primary.created_at > entry.created_at + _SLACK


def _of_entry(ecs: Ecs, now: ServiceNow | None, handle: Handle, entry: ServiceDeployment) -> Handle:
    brought, _ = readable(lambda: History(ecs).definitions([entry.target]))
    brings = (brought or {}).get(entry.target, "")
    same = [one.id for one in now.deployments if _is_of(entry, brings, one)] if now else []
    id_ = handle.deployment_id or next(iter(same), "")
    return replace(handle, task_definition_arn=brings, deployment_id=id_, started_at=entry.created_at)


def _is_of(entry: ServiceDeployment, brings: str, deployment: Deployment) -> bool:
    if deployment.created_at is None or entry.created_at is None:
        return False
    if brings and deployment.task_definition != brings:
        return False
    return abs(deployment.created_at - entry.created_at) < _SLACK


def _by_service(now: ServiceNow, primary: Deployment) -> Handle:
    """What the service itself shows: a deployment that failed, one that ECS took back, else the primary one."""
    failed = next((one for one in now.deployments if one.state == FAILED), None)
    if failed is not None:
        return handle_of(now, failed)
    taken_back = _taken_back(now, primary)
    return Handle(now.arn, "", taken_back) if taken_back else handle_of(now, primary)


def _taken_back(now: ServiceNow, primary: Deployment) -> str:
    """The id of the deployment that the primary one is the rollback of, by the events; empty if it is of none."""
    for _, moment in now.events:
        if _ROLLS_BACK in moment.what and primary.created_at and primary.created_at <= moment.at + _SLACK:
            before = [event.what for _, event in now.events if event.at <= moment.at]
            return next((found[1] for what in before if (found := _FAILED.search(what))), "")
    return ""
