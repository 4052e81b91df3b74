"""The handle of a deployment, from one process to another: as JSON, and as a name of ECS's. Pure.

In: text; out: `Handle`, with what the text says; and the other way round.
"""

import json
import re
from datetime import datetime

from esprestack.errors import InputError, Problem
from esprestack.services.model import Handle, ServiceScope

_MEMBERS = (
    "service_arn", "task_definition_arn", "deployment_id", "service_deployment_arn", "previous_task_definition_arn",
)  # fmt: skip
_ID = re.compile(r"ecs-svc/\d+")
_ARN = re.compile(r"arn:[a-z-]+:ecs:[a-z0-9-]+:\d{12}:service-deployment/([^/\s]+)/([^/\s]+)/[^/\s]+")
_SERVICE = re.compile(r"arn:([a-z-]+):ecs:([a-z0-9-]+):(\d{12}):service/([^/\s]+)/([^/\s]+)")


def to_json(handle: Handle) -> str:
    """One line, which `from_text` takes."""
    members = {name: getattr(handle, name) for name in _MEMBERS}
    started = handle.started_at.isoformat() if handle.started_at else None
    return json.dumps({**members, "started_at": started})


def to_text(handle: Handle) -> str:
    """The shortest that `from_text` takes together with the config."""
    return handle.service_deployment_arn or handle.deployment_id


def from_text(text: str, service_arn: str = "") -> Handle:
    """The handle in JSON, in a service deployment's ARN, or in `ecs-svc/…`, which needs the service's ARN.

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
    is_named = "service_arn" in given and (given.get("deployment_id") or given.get("service_deployment_arn"))
    if not is_named or not all(name in _MEMBERS and isinstance(value, str) for name, value in given.items()):
        raise wrong
    return Handle(**{"task_definition_arn": "", "deployment_id": "", **given}, started_at=started_at)
