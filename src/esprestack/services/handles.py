"""The handle of a deployment, from one process to another: as text, as JSON, and of a service that nobody has one of.

In: text, or a service; out: `Handle`, as complete as ECS can make it.
"""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta

from esprestack.errors import AwsError, InputError, Problem
from esprestack.services.deployments import Deployment, ServiceDeployment, ServiceNow
from esprestack.services.ecs import Ecs
from esprestack.services.history import History, is_unreadable
from esprestack.services.model import Handle, ServiceScope
from esprestack.services.update import handle_of, service_of

_MEMBERS = (
    "service_arn", "task_definition_arn", "deployment_id", "service_deployment_arn", "previous_task_definition_arn",
)  # fmt: skip
_ID = re.compile(r"ecs-svc/\d+")
_ARN = re.compile(r"arn:[a-z-]+:ecs:[a-z0-9-]+:\d{12}:service-deployment/([^/\s]+)/([^/\s]+)/[^/\s]+")
_SERVICE = re.compile(r"arn:([a-z-]+):ecs:([a-z0-9-]+):(\d{12}):service/([^/\s]+)/([^/\s]+)")
_FAILED = re.compile(r"\(deployment (ecs-svc/\d+)\) deployment failed")
_SLACK = timedelta(seconds=10)
"""By how much ECS's event of a rollback may differ from when the rollback's deployment was made."""


def to_json(handle: Handle) -> str:
    """One line, which `from_text` takes."""
    members = {name: getattr(handle, name) for name in _MEMBERS}
    started = handle.started_at.isoformat() if handle.started_at else None
    return json.dumps({**members, "started_at": started})


def to_text(handle: Handle) -> str:
    """The shortest that `from_text` takes together with the config."""
    return handle.service_deployment_arn or handle.deployment_id


def from_text(text: str, service_arn: str = "") -> Handle:
    """The handle in JSON, in a service deployment's ARN, or in `ecs-svc/…`, which need the service's ARN.

    Raises InputError.
    """
    stripped = text.strip()
    if stripped.startswith("{"):
        return _from_json(stripped)
    if found := _ARN.fullmatch(stripped):
        of = stripped.partition(":service-deployment/")[0]
        return Handle(f"{of}:service/{found[1]}/{found[2]}", "", "", service_deployment_arn=stripped)
    if _ID.fullmatch(stripped) and service_arn:
        return Handle(service_arn, "", stripped)
    todo = "hand on what `esprestack deploy --no-wait --format json` printed, or ecs-svc/… together with --config"
    raise InputError(Problem("--deployment names no deployment", todo=todo))


def scope_of(handle: Handle) -> ServiceScope:
    """Where its service lives. Raises InputError."""
    found = _SERVICE.fullmatch(handle.service_arn)
    if found is None:
        raise InputError(Problem(f"{handle.service_arn} is no service's ARN", todo="hand on the handle as it was"))
    return ServiceScope(*found.groups())


def _from_json(text: str) -> Handle:
    wrong = InputError(Problem("the handle of the deployment isn't one", todo="hand it on as `deploy` printed it"))
    try:
        given = json.loads(text)
        started = given.pop("started_at", None)
        started_at = datetime.fromisoformat(started) if started else None
    except (ValueError, TypeError, RecursionError):
        raise wrong from None
    named = isinstance(given.get("service_arn"), str) and (
        given.get("deployment_id") or given.get("service_deployment_arn")
    )
    if not named or not all(name in _MEMBERS and isinstance(value, str) for name, value in given.items()):
        raise wrong
    return Handle(**{"task_definition_arn": "", "deployment_id": "", **given}, started_at=started_at)


def completed(ecs: Ecs, handle: Handle) -> Handle:
    """The handle with what ECS still knows of its deployment, where it says little itself. Raises AwsError."""
    if handle.task_definition_arn and handle.deployment_id:
        return handle
    now = ecs.now()
    entry = _entry(ecs, handle)
    if entry is not None:
        return _of_entry(ecs, now, handle, entry)
    listed = now.deployment(handle.deployment_id) if now else None
    return replace(handle_of(now, listed), service_deployment_arn="") if now and listed else handle


def last_deployment(ecs: Ecs) -> Handle:
    """The service's active deployment, or its last one however that ended.

    Raises InputError, RefusedError, AwsError.
    """
    now, primary = service_of(ecs)
    entry = _last_entry(ecs)
    if entry is None:
        return _by_service(now, primary)
    is_rolled_back = entry.status.startswith("ROLLBACK")
    if (
        not is_rolled_back
        and entry.created_at
        and primary.created_at
        and primary.created_at > entry.created_at + _SLACK
    ):
        return handle_of(now, primary)  # the history doesn't know it yet
    return _of_entry(ecs, now, Handle(now.arn, "", "", entry.arn), entry)


def _last_entry(ecs: Ecs) -> ServiceDeployment | None:
    try:
        return next(iter(History(ecs).listed()), None)
    except AwsError as error:
        if is_unreadable(error):
            return None
        raise


def _entry(ecs: Ecs, handle: Handle) -> ServiceDeployment | None:
    if not handle.service_deployment_arn:
        return None
    try:
        return History(ecs).entry(handle.service_deployment_arn)
    except AwsError as error:
        if is_unreadable(error):
            return None
        raise


def _of_entry(ecs: Ecs, now: ServiceNow | None, handle: Handle, entry: ServiceDeployment) -> Handle:
    brings = _brings(ecs, entry)
    same = [one for one in now.deployments if _is_of_entry(one, entry, brings)] if now else []
    id_ = handle.deployment_id or (same[0].id if same else "")
    return replace(handle, task_definition_arn=brings, deployment_id=id_, started_at=entry.created_at)


def _brings(ecs: Ecs, entry: ServiceDeployment) -> str:
    try:
        return History(ecs).definitions([entry.target]).get(entry.target, "")
    except AwsError as error:
        if is_unreadable(error):
            return ""
        raise


def _is_of_entry(deployment: Deployment, entry: ServiceDeployment, brings: str) -> bool:
    if (
        deployment.created_at is None
        or entry.created_at is None
        or brings
        not in (
            "",
            deployment.task_definition,
        )
    ):
        return False
    return abs(deployment.created_at - entry.created_at) < _SLACK


def _by_service(now: ServiceNow, primary: Deployment) -> Handle:
    """What the service itself shows: a deployment that failed, one that ECS took back, else the primary one."""
    failed = next((one for one in now.deployments if one.state == "FAILED"), None)
    if failed is not None:
        return handle_of(now, failed)
    for _, moment in now.events:
        returned = "rolling back to deployment" in moment.what
        if returned and primary.created_at and primary.created_at <= moment.at + _SLACK:
            ids = [
                found[1] for _, event in now.events if event.at <= moment.at and (found := _FAILED.search(event.what))
            ]
            if ids:
                return Handle(now.arn, "", ids[0])
    return handle_of(now, primary)
