"""The tasks of a deployment that didn't stay: why they stopped, and the last that they wrote to their logs.

In: the handle; out: the latest of them, as far as ECS and CloudWatch tell. ECS remembers a stopped task for an hour.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
"""

from collections.abc import Callable
from datetime import UTC, datetime

from esprestack.aws import Aws
from esprestack.backends.tasks import Log, Tasks
from esprestack.backends.tasks_mapping import Task
from esprestack.errors import AwsError, Problem, Severity
from esprestack.services.ecs import Ecs
from esprestack.services.model import Handle, StoppedTask

SHOWN, LINES = 3, 10
"""Tasks that are shown, and lines of each one's log."""

_LISTED = 100
_SCALED_IN = "Scaling activity initiated by"
"""Why a task stopped that wasn't needed any more; one that fails its health checks has the same stop code."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stopped_tasks(
    ecs: Ecs, aws_of: Callable[[str], Aws], handle: Handle
) -> tuple[tuple[StoppedTask, ...], tuple[Problem, ...]]:
    """The last tasks of the deployment that failed, and what of them can't be seen: the verdict stands without them."""
    tasks = Tasks(ecs.aws, ecs.scope.cluster_arn)
    try:
        where = {"cluster": ecs.scope.cluster_arn, "serviceName": ecs.scope.service}
        listed = ecs.aws.call("ecs", "list_tasks", **where, desiredStatus="STOPPED", maxResults=_LISTED)
        arns = listed.get("taskArns") or []
        seen = tasks.look(arns).values() if arns else ()
        failed = [task for task in seen if _is_of(handle, task) and not task.stopped_reason.startswith(_SCALED_IN)]
        latest = sorted(failed, key=lambda task: task.stopped_at or _EPOCH)[-SHOWN:]
        setups = tasks.setups(latest[-1].task_definition) if latest else ()
    except AwsError as error:
        return (), (_unseen("why tasks stopped can't be seen", error),)
    log = Log(aws_of, ecs.scope.region, setups)
    problems: list[Problem] = []
    return tuple(_stopped(task, log, problems) for task in latest), tuple(problems)


def _is_of(handle: Handle, task: Task) -> bool:
    if handle.deployment_id:
        return task.started_by == handle.deployment_id
    return task.task_definition == handle.task_definition_arn


def _stopped(task: Task, log: Log, problems: list[Problem]) -> StoppedTask:
    lines: list[str] = []
    try:
        lines = [line.text for line in log.last(task, LINES)] if not problems else []
    except AwsError as error:
        problems.append(_unseen("log lines of stopped tasks can't be read", error))
    containers = tuple((item.name, item.exit_code, item.reason) for item in task.containers)
    return StoppedTask(task.id, task.stopped_reason, containers, tuple(lines))


def _unseen(what: str, error: AwsError) -> Problem:
    first = error.problems[0]
    return Problem(f"{what}: {first.what}", todo=first.todo, severity=Severity.WARNING)
