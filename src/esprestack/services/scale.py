"""A service changed without its files: another desired count, or new tasks of what it runs.

In: the service and what was asked for; out: what to wait for.
"""

from dataclasses import replace
from typing import Any

from esprestack.errors import InputError, Problem
from esprestack.services.choice import Told
from esprestack.services.deploy import Started
from esprestack.services.deployments import ServiceNow
from esprestack.services.ecs import Ecs
from esprestack.services.update_service import Pause, handle_of, service_of, update_service


def scale(ecs: Ecs, tasks: int, told: Told, pause: Pause) -> Started:
    """Sets the desired count, and nothing else. Raises InputError for a DAEMON, RefusedError, AwsError."""
    before, primary = service_of(ecs)
    if before.is_daemon:
        what = f"the service `{before.name}` is a DAEMON: it has a task on each instance, and no desired count"
        raise InputError(Problem(what, todo="add or remove instances"))
    if primary.desired == tasks:
        told(f"nothing to do: the desired count of the service `{before.name}` is {tasks} already")
        return Started(replace(handle_of(before, primary), started_at=None), False)
    return _updated(
        ecs, before, {"desiredCount": tasks}, f"its desired count goes from {primary.desired} to {tasks}", told, pause
    )


def refresh(ecs: Ecs, told: Told, pause: Pause) -> Started:
    """Exchanges all tasks for new ones of the same: an image under the same tag is pulled anew. Raises AwsError."""
    before, primary = service_of(ecs)
    name = primary.task_definition.rpartition("/")[2]
    return _updated(
        ecs, before, {"forceNewDeployment": True}, f"all its tasks are exchanged, {name} stays", told, pause
    )


def _updated(ecs: Ecs, before: ServiceNow, members: dict[str, Any], what: str, told: Told, pause: Pause) -> Started:
    updated = update_service(ecs, before, members, pause)
    told(f"updated the service `{before.name}`: {what}")
    return Started(updated.handle, True)
