"""Tasks of one cluster: started, looked at, stopped, and what they write to CloudWatch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from esprestack.aws import Aws
from esprestack.backends.task_ends import refusal
from esprestack.backends.tasks_mapping import (
    ContainerSetup,
    Launch,
    LogLine,
    Request,
    Task,
    container_setups,
    launch,
    log_lines,
    tasks,
)
from esprestack.errors import Again, AwsError, Problem, Severity

PAGES = 20
"""Pages of one log stream that are read in one go: a task that writes faster than we read mustn't hold up the rest."""

INTERRUPTED = "esprestack run was interrupted"
"""Why a task is stopped whose starter nobody waits for any more."""

_NOT_FOUND = "ResourceNotFoundException"


class Tasks:
    """The tasks of one cluster, which is named by its ARN."""

    def __init__(self, aws: Aws, cluster: str) -> None:
        self._aws = aws
        self._cluster = cluster

    def start(self, request: Request) -> Launch:
        """Starts what RunTask's `request` asks for once, however often AWS has to be asked.

        `request` has no seals any more, and a clientToken of its own. Raises AwsError with a remedy.
        """
        try:
            return launch(self._aws.call("ecs", "run_task", **request))
        except AwsError as error:
            raise refusal(error, request["startedBy"]) from None

    def look(self, arns: Sequence[str]) -> dict[str, Task]:
        """The tasks by ARN, as they are; one that ECS doesn't know (yet) is left out."""
        answer = self._aws.call("ecs", "describe_tasks", cluster=self._cluster, tasks=list(arns))
        return {task.arn: task for task in tasks(answer)}

    def stop(self, arn: str, why: str) -> None:
        self._aws.call("ecs", "stop_task", cluster=self._cluster, task=arn, reason=why)

    def stop_all(self, started: Sequence[Task], why: str) -> list[Problem]:
        """Stops those that haven't; what couldn't be stopped."""
        problems: list[Problem] = []
        for task in started:
            try:
                if not task.is_stopped:
                    self.stop(task.arn, why)
            except AwsError as error:
                problems += error.problems
        return problems

    def setups(self, task_definition: str) -> tuple[ContainerSetup, ...]:
        """The containers of the task definition with this ARN."""
        return container_setups(self._aws.call("ecs", "describe_task_definition", taskDefinition=task_definition))


class Log:
    """What containers write to CloudWatch: each line once. `aws_of` gives the clients of a region."""

    def __init__(self, aws_of: Callable[[str], Aws], region: str, setups: Sequence[ContainerSetup]) -> None:
        self._aws_of = aws_of
        self._region = region
        self.setups = [setup for setup in setups if setup.log_group]
        """The containers whose lines can be read."""
        self._tokens: dict[tuple[str, str], str] = {}
        """Where to go on, by task and container; a stream that isn't here hasn't been found yet."""
        self._closed: set[tuple[str, str]] = set()
        """Regions and groups that can't be read."""
        self._problems = [_elsewhere(setup) for setup in setups if not setup.log_group]

    def read(self, of: Sequence[Task]) -> list[LogLine]:
        """What is new since the last time, of all tasks and containers, in the order in which it was written."""
        new = [line for task in of for setup in self.setups for line in self._new(task, setup)]
        return sorted(new, key=lambda line: line.at)

    def last(self, task: Task, count: int) -> list[LogLine]:
        """The last lines that all containers of a task wrote, `count` at most. Raises AwsError."""
        found: list[LogLine] = []
        for setup in self.setups:
            region, group = self._place(setup)
            if stream := setup.stream(task):
                asked = {"logGroupName": group, "logStreamName": stream, "startFromHead": False, "limit": count}
                found += log_lines(self._events(region, asked), task.id, setup.name)
        return sorted(found, key=lambda line: line.at)[-count:]

    def _events(self, region: str, asked: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The events of a stream; none where there is no such stream: the container wrote nothing."""
        try:
            answer = self._aws_of(region).call("logs", "get_log_events", **asked)
        except AwsError as error:
            if error.code == _NOT_FOUND:
                return ()
            raise
        return answer.get("events") or ()

    def new_problems(self) -> list[Problem]:
        """What isn't shown and why, each said once."""
        said, self._problems = self._problems, []
        return said

    def unseen(self, of: Sequence[Task]) -> list[str]:
        """The streams of containers that ran and that CloudWatch doesn't have."""
        return [
            f"`{setup.stream(task)}` in `{setup.log_group}`"
            for task in of
            for setup in self.setups
            if (task.arn, setup.name) not in self._tokens and self._place(setup) not in self._closed
            if any(item.name == setup.name and item.exit_code is not None for item in task.containers)
        ]

    def _place(self, setup: ContainerSetup) -> tuple[str, str]:
        return setup.log_region or self._region, setup.log_group

    def _new(self, task: Task, setup: ContainerSetup) -> Iterator[LogLine]:
        place, stream = self._place(setup), setup.stream(task)
        if not stream or place in self._closed:
            return
        region, group = place
        key = task.arn, setup.name
        try:
            for _ in range(PAGES):
                known = self._tokens.get(key)
                more = {"nextToken": known} if known else {}
                answer = self._aws_of(region).call(
                    "logs", "get_log_events", logGroupName=group, logStreamName=stream, startFromHead=True, **more
                )
                self._tokens[key] = answer["nextForwardToken"]
                yield from log_lines(answer.get("events") or (), task.id, setup.name)
                if self._tokens[key] == known:  # AWS's sign for the end; an empty page is none
                    return
        except AwsError as error:
            if error.code != _NOT_FOUND and error.again is Again.NO:
                self._closed.add(place)
                self._problems.append(_unreadable(group, error))


def _elsewhere(setup: ContainerSetup) -> Problem:
    how = f"logs through `{setup.log_driver}`" if setup.log_driver else "has no logConfiguration"
    what = f"no log lines of the container `{setup.name}` are shown: it {how}"
    return Problem(what, todo="`awslogs` is what can be read here", severity=Severity.WARNING)


def _unreadable(group: str, error: AwsError) -> Problem:
    first = error.problems[0]
    what = f"no log lines of `{group}` are shown: {first.what}"
    return Problem(what, todo=first.todo, severity=Severity.WARNING)
