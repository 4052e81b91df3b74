"""How tasks ended: the exit code to end with, why one didn't start or stopped, and what to do about it. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

import re
from collections.abc import Collection, Iterator, Sequence

from esprestack.backends.tasks_mapping import ContainerSetup, Failure, Task, TaskContainer
from esprestack.errors import Again, AwsError, Problem, Severity

NEVER_STARTED = 1
"""The exit code where no container gave one."""

_BY_ITSELF = frozenset({"", "EssentialContainerExited"})
"""Stop codes of a task that ended because its work did."""

_REMEDIES = {
    # what RunTask refuses
    r"iam:PassRole": "allow whoever runs this to pass the task's roles to ecs-tasks.amazonaws.com",
    r"ecs:TagResource": "allow whoever runs this ecs:TagResource on the cluster's tasks",
    r"ClusterNotFound": "check `cluster` and `region` in the config",
    r"No Container Instances were found": "add instances, or set `launch_type` or `capacityProviderStrategy`",
    # why a task can't be placed
    r"RESOURCE:MEMORY": "no container instance has that much memory left: add instances, or ask for less memory",
    r"RESOURCE:CPU": "no container instance has that much CPU left: add instances, or ask for less CPU",
    r"RESOURCE:GPU": "no container instance has that many GPUs left: add instances that have them",
    r"RESOURCE:ENI": "no container instance takes another network interface: add instances, or use awsvpcTrunking",
    r"RESOURCE:PORTS": "the host port is taken on every container instance: add instances, or use host port 0",
    r"RESOURCE:": "no container instance has it left: add instances, or ask for less",
    r"\bAGENT\b": "the ECS agent of a container instance is disconnected: restart it, or replace the instance",
    r"\bATTRIBUTE\b": "compare the task definition's requiresAttributes with what the container instances have",
    r"\bLOCATION\b": "the container instances are in other Availability Zones than the subnets: add subnets",
    r"MemberOf placement": "no container instance meets the placement constraints: mend them, or add instances",
    r"NO ACTIVE INSTANCES|EMPTY CAPACITY": "the capacity provider has no instances: look at its Auto Scaling group",
    r"Capacity is unavailable": "try again later, or add subnets in other Availability Zones",
    # why a container didn't start, or ended
    r"executable file not found|no such file or directory": "check `command` and the image's entry point",
    r"exec format error": "the image isn't built for the CPU architecture that the task runs on",
    r"OutOfMemory|memory usage": "give the container, or the task, more memory",
    r"CannotPull.*(?i:too ?many ?requests|rate limit)": "sign in to the registry, or copy the image to ECR",
    r"CannotPull.*no space left": "raise `ephemeralStorage`, or clean up the container instance",
    r"CannotPull.*(?i:timed? ?out|request canceled|context cancell?ed|dial tcp|connection issue|network config)": (
        "the task needs a way to the registry: a public IP in a public subnet, a NAT gateway, or VPC endpoints"
    ),
    r"CannotPull": "check image and tag, and that the execution role (on EC2 the instance's) may pull them from ECR",
    r"ResourceInitializationError.*(logging driver|log group)": (
        "create the log group, and allow the execution role logs:CreateLogStream and logs:PutLogEvents"
    ),
    r"ResourceInitializationError.*\bEFS\b": "check the EFS mount targets, their security groups and the task's role",
    r"ResourceInitializationError.*AccessDenied": "allow the execution role to read the task definition's secrets",
    r"ResourceInitializationError": (
        "check that its secrets exist, and that it has a way to ECR, Secrets Manager, SSM and CloudWatch"
    ),
    r"network interface": "look for free IP addresses in the subnets, and start it again",
    r"CannotStartContainer": "check command, entry point, mounts and memory of the container",
    r"SpotInterruption": "Spot capacity was taken back: start it again, or run it on FARGATE",
}
"""What to do, by what AWS says; the first that fits."""


def remedy(said: str) -> str:
    """What to do about what AWS said; empty if nobody knows."""
    return next((todo for pattern, todo in _REMEDIES.items() if re.search(pattern, said)), "")


def refusal(error: AwsError, mark: str) -> AwsError:
    """RunTask's error with a remedy; where the answer is lost, how to find out what became of it."""
    first = error.problems[0]
    todo = remedy(f"{error.code} {first.what}") or first.todo
    if error.again is Again.TRANSIENT:
        todo = f"nobody knows whether it started: see `aws ecs list-tasks --started-by {mark}`"
    return AwsError(Problem(first.what, first.where, todo), error.code, error.final, error.again)


def watched_names(setups: Sequence[ContainerSetup], overridden: Collection[str]) -> frozenset[str]:
    """The containers whose exit codes count: the essential ones; of several those that the rule overrides, if any.

    The others are killed when the first of them ends, and their codes say nothing of the work.
    """
    essential = frozenset(setup.name for setup in setups if setup.essential)
    return essential & frozenset(overridden) or essential


def exit_code(tasks: Sequence[Task], failures: Sequence[Failure], names: Collection[str]) -> int:
    """0 if every task and every watched container in it ended with 0, else the first other code."""
    codes = [code for task in tasks for code in _codes(task, names)]
    codes += [NEVER_STARTED] if failures or not tasks else []
    return next((code for code in codes if code), 0)


def _codes(task: Task, names: Collection[str]) -> Iterator[int]:
    watched = _watched(task, names)
    if not watched:
        yield NEVER_STARTED
    for container in watched:
        code = container.exit_code
        yield code if code is not None and 0 <= code <= 255 else NEVER_STARTED


def _watched(task: Task, names: Collection[str]) -> list[TaskContainer]:
    """All containers where nobody knows which ones are essential."""
    return [container for container in task.containers if not names or container.name in names]


def failure_problems(failures: Sequence[Failure]) -> list[Problem]:
    """Why ECS started fewer tasks than it was asked for."""
    return [
        Problem(
            f"a task didn't start: {failure.reason}{f': {failure.detail}' if failure.detail else ''}",
            todo=remedy(f"{failure.reason} {failure.detail}"),
        )
        for failure in failures
    ]


def end_problem(task: Task, names: Collection[str]) -> Problem | None:
    """What is wrong with how a stopped task ended; None: nothing."""
    watched = _watched(task, names)
    said = [task.stopped_reason, *(f"`{item.name}`: {item.reason}" for item in task.containers if item.reason)]
    why = "; ".join(filter(None, said)) or "ECS doesn't say why"
    todo = remedy(f"{task.stop_code} {why}")
    if not watched or any(item.exit_code is None for item in watched):
        return Problem(f"task {task.id} didn't {_not_reached(watched)}: {why}", todo=todo)
    if any(item.exit_code for item in watched):
        return Problem(f"task {task.id}: {exits(task, names)}: {why}", todo=todo)
    if task.stop_code not in _BY_ITSELF:
        return Problem(f"task {task.id} was stopped: {why}", todo=todo, severity=Severity.WARNING)
    return None


def _not_reached(watched: Sequence[TaskContainer]) -> str:
    """A container that has a runtime's id was there, and so did start."""
    return "end by itself" if any(item.runtime_id or item.exit_code is not None for item in watched) else "start"


def exits(task: Task, names: Collection[str]) -> str:
    """The exit codes that count, in words."""
    return ", ".join(f"`{item.name}` exited with {item.exit_code}" for item in _watched(task, names))
