"""Tasks that were started by hand, as text and as JSON: a line for each piece of news, one for the result. Pure."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from esprestack.backends.task_ends import exits
from esprestack.backends.tasks_mapping import LogLine, Task
from esprestack.errors import Problem

_SHOWN = 8
"""Characters of a task's id that tell it apart from the others of one run."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Of what the tasks are, a rule or a service by its name, and where they run."""

    kind: Literal["rule", "service"]
    name: str
    account: str
    region: str
    cluster: str


def status_text(task: Task) -> str:
    return f"task {task.id[:_SHOWN]}: {task.status}"


def end_text(task: Task, names: frozenset[str]) -> str:
    return f"task {task.id[:_SHOWN]}: {exits(task, names)}"


def log_text(line: LogLine, mask: Callable[[str], str], *, with_source: bool) -> str:
    """What was written; `with_source`: each line with task and container before it."""
    source = f"{line.task_id[:_SHOWN]} {line.container} | " if with_source else ""
    return "".join(f"{source}{part}\n" for part in mask(line.text).split("\n"))


def goes_on_text(tasks: Sequence[Task], subject: Subject) -> str:
    """Which tasks haven't stopped, and how to stop them."""
    running = [task.arn for task in tasks if not task.is_stopped]
    where = f"--region {subject.region} --cluster {subject.cluster}"
    commands = [f"aws ecs stop-task {where} --task {arn}" for arn in running]
    which = "the task goes" if len(running) == 1 else f"{len(running)} tasks go"
    return "\n  ".join([f"{which} on running; to stop {'it' if len(running) == 1 else 'them'}:", *commands])


def log_json(line: LogLine, mask: Callable[[str], str]) -> str:
    at = datetime.fromtimestamp(line.at / 1000, UTC).isoformat(timespec="milliseconds")
    return _line(
        {
            "type": "log",
            "time": at.replace("+00:00", "Z"),
            "task": line.task_id,
            "container": mask(line.container),
            "message": mask(line.text),
        }
    )


def result_json(
    subject: Subject,
    ending: str,
    exit_code: int,
    tasks: Sequence[Task],
    problems: Sequence[Problem],
    mask: Callable[[str], str],
) -> str:
    """The last line. `exit_code` is what the command exits with."""
    return _line(
        {
            "type": "result",
            "version": 1,
            subject.kind: mask(subject.name),
            "account": subject.account,
            "region": subject.region,
            "cluster": mask(subject.cluster),
            "ending": ending,
            "exit_code": exit_code,
            "tasks": [_task(task, mask) for task in tasks],
            "problems": [{"what": mask(item.what), "todo": mask(item.todo)} for item in problems],
        }
    )


def _task(task: Task, mask: Callable[[str], str]) -> dict[str, object]:
    return {
        "arn": mask(task.arn),
        "status": task.status,
        "stop_code": task.stop_code,
        "stopped_reason": mask(task.stopped_reason),
        "containers": [
            {"name": mask(item.name), "exit_code": item.exit_code, "reason": mask(item.reason)}
            for item in task.containers
        ],
    }


def _line(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False) + "\n"
