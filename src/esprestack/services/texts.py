"""What became of a deployment, as text and as JSON. Pure.

In: `Deployed`; out: texts that still have to go through the vault's mask, and JSON whose texts went through it.
"""

import json
from collections.abc import Callable, Iterator

from esprestack.errors import Problem
from esprestack.reports.text import iso
from esprestack.services.handles import to_json
from esprestack.services.model import Deployed, Handle, StoppedTask, Verdict

_WORDS = {
    Verdict.SUCCEEDED: "is deployed",
    Verdict.ROLLED_BACK: "was rolled back",
    Verdict.FAILED: "failed",
    Verdict.SUPERSEDED: "was superseded",
    Verdict.TIMED_OUT: "timed out",
    Verdict.STOPPED: "isn't waited for any more",
}


def verdict_text(deployed: Deployed) -> str:
    """One line: `service web: web:2 was rolled back`."""
    return f"service {service_name(deployed.handle)}: {revision_name(deployed.handle)} {_WORDS[deployed.verdict]}\n"


def failure(deployed: Deployed) -> Problem:
    """Why it isn't what was wanted, and what to do."""
    what = f"{revision_name(deployed.handle)} {_WORDS[deployed.verdict]}"
    if deployed.verdict is Verdict.SUCCEEDED:
        return Problem(f"{what}: it was done before it could be taken back", todo="roll it back now")
    return Problem(f"{what}: {deployed.reason}" if deployed.reason else what, todo=deployed.todo)


def stopped_lines(deployed: Deployed) -> Iterator[str]:
    """The tasks that didn't stay, each with its containers and the last lines of its log."""
    for task in deployed.stopped:
        yield f"task {task.id} stopped: {task.reason or 'ECS does not say why'}"
        yield from (f"  {line}" for line in _container_lines(task))
        yield from (f"  | {line}" for text in task.last_lines for line in text.split("\n"))


def _container_lines(task: StoppedTask) -> Iterator[str]:
    for name, code, reason in task.containers:
        ended = f"exited with {code}" if code is not None else "has no exit code"
        yield f"`{name}` {ended}{f': {reason}' if reason else ''}"


def deployed_json(deployed: Deployed, exit_code: int, mask: Callable[[str], str], *, changed: bool) -> str:
    """One line; `changed`: whether this run changed anything, `exit_code`: what the command exits with."""
    document = {
        "version": 1,
        "service": service_name(deployed.handle),
        "task_definition": revision_name(deployed.handle),
        "changed": changed,
        "verdict": str(deployed.verdict),
        "reason": mask(deployed.reason),
        "todo": mask(deployed.todo),
        "exit_code": exit_code,
        "handle": json.loads(to_json(deployed.handle)),
        "stopped": [
            {
                "task": task.id,
                "reason": mask(task.reason),
                "containers": [
                    {"name": name, "exit_code": code, "reason": mask(reason)} for name, code, reason in task.containers
                ],
                "last_lines": [mask(line) for line in task.last_lines],
            }
            for task in deployed.stopped
        ],
        "timeline": [{"at": iso(moment.at), "what": mask(moment.what)} for moment in deployed.timeline],
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


def service_name(handle: Handle) -> str:
    return handle.service_arn.rpartition("/")[2]


def revision_name(handle: Handle) -> str:
    """`web:2`, or the deployment's own name where nobody knows what it brings."""
    return handle.task_definition_arn.rpartition("/")[2] or handle.deployment_id or handle.service_deployment_arn
