"""Tasks that were started, watched until they have stopped: their statuses, their log, how they ended.

In: tasks; out: news as they come, and the tasks as they were seen last. Nothing here prints or sleeps: who calls hands
in what hears the news and what passes the time.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import TypeAlias

from esprestack.aws import Aws
from esprestack.backends.task_ends import watched_names
from esprestack.backends.tasks import Log, Tasks
from esprestack.backends.tasks_mapping import RUNNING, ContainerSetup, LogLine, Task
from esprestack.errors import Again, AwsError, Problem, Severity

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 6.0
"""Seconds between two looks: each is half as long again as the one before."""

LOOKS_IN_VAIN = 10
"""Looks in a row that may fail: AWS is slow to know a task, and may be out of reach for a while."""

LAST_READS = 10
"""Reads of the log after the stop, at most: CloudWatch shows lines some seconds late. Two without news end it."""

News: TypeAlias = Task | LogLine | Problem
"""What happens while one waits: a task's new status, a line of its log, what can't be seen."""


class Ending(StrEnum):
    """Why the waiting is over."""

    STOPPED = "stopped"
    """All tasks have."""
    RUNNING = "running"
    """All tasks are, or were; nobody waits for more."""
    TIMED_OUT = "timed out"
    INTERRUPTED = "interrupted"
    LOST = "lost"
    """ECS can't be asked any more."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The tasks as they were seen last. `names` are the containers whose exit codes count."""

    tasks: tuple[Task, ...]
    names: frozenset[str]
    ending: Ending
    problem: Problem | None = None


class TaskWatch:
    """The waiting for tasks that were started, all of one task definition.

    `aws_of` gives the clients of a region, `region` is the tasks' own. The exit codes that count are `only`'s if it is
    given, else the essential containers', of several those that are `overridden`.
    """

    def __init__(
        self,
        ecs: Tasks,
        aws_of: Callable[[str], Aws],
        region: str,
        started: Sequence[Task],
        overridden: Collection[str],
        only: str = "",
    ) -> None:
        self._ecs = ecs
        self._tasks = {task.arn: task for task in started}
        self._in_vain = 0
        setups, self._unknown = self._setups(started[0].task_definition)
        self._log = Log(aws_of, region, setups)
        self._names = frozenset({only}) if only else watched_names(setups, overridden)

    @property
    def has_many_streams(self) -> bool:
        """Whether a line of the log needs a word on where it comes from."""
        return len(self._log.setups) * len(self._tasks) > 1

    def until_stopped(
        self, told: Callable[[News], None], pause: Callable[[float], bool], timeout: float | None
    ) -> Watched:
        """Waits for all tasks, at most `timeout` seconds, and tells their log to the end.

        `told` hears the news; `pause` passes seconds and says whether to give up.
        """
        watched = self._until(lambda task: task.is_stopped, told, pause, timeout)
        if watched.ending is Ending.STOPPED:
            self._tell_rest(told, pause)
        return watched

    def until_running(
        self, told: Callable[[News], None], pause: Callable[[float], bool], timeout: float | None
    ) -> Watched:
        """Waits until each task runs, or has stopped already; else as `until_stopped`."""
        watched = self._until(lambda task: task.status == RUNNING or task.is_stopped, told, pause, timeout)
        if watched.ending is not Ending.STOPPED:
            return watched
        if any(task.is_stopped for task in watched.tasks):
            self._tell_rest(told, pause)
        return self._ended(Ending.RUNNING)

    def _until(
        self,
        is_there: Callable[[Task], bool],
        told: Callable[[News], None],
        pause: Callable[[float], bool],
        timeout: float | None,
    ) -> Watched:
        """Watches until all tasks are there."""
        for unknown in self._unknown:
            told(unknown)
        deadline = None if timeout is None else monotonic() + timeout
        for seconds in _pauses():
            if pause(seconds if deadline is None else min(seconds, max(0.0, deadline - monotonic()))):
                return self._ended(Ending.INTERRUPTED)
            problem = self._look(told)
            self._tell_log(told)
            if problem:
                return self._ended(Ending.LOST, problem)
            if all(map(is_there, self._tasks.values())):
                break
            if deadline is not None and monotonic() >= deadline:
                return self._ended(Ending.TIMED_OUT)
        return self._ended(Ending.STOPPED)

    def _setups(self, task_definition: str) -> tuple[tuple[ContainerSetup, ...], tuple[Problem, ...]]:
        """What the task definition says of its containers; a problem where nobody may know."""
        try:
            return self._ecs.setups(task_definition), ()
        except AwsError as error:
            first = error.problems[0]
            what = f"no log lines are shown, and every container's exit code counts: {first.what}"
            return (), (Problem(what, todo=first.todo, severity=Severity.WARNING),)

    def _look(self, told: Callable[[News], None]) -> Problem | None:
        """Takes over what ECS says of the tasks; the problem with which to give up."""
        problem: Problem | None = None
        try:
            seen = self._ecs.look(list(self._tasks))
            if len(seen) < len(self._tasks):
                problem = Problem("ECS doesn't know the tasks (any more)")
        except AwsError as error:
            seen, problem = {}, error.problems[0]
            if error.again is Again.NO:
                return problem
        for arn, task in seen.items():
            if task.status != self._tasks[arn].status:
                told(task)
            self._tasks[arn] = task
        self._in_vain = self._in_vain + 1 if problem else 0
        return problem if self._in_vain >= LOOKS_IN_VAIN else None

    def _tell_log(self, told: Callable[[News], None]) -> bool:
        """Tells the log's new lines, and what can't be read; whether there was a line."""
        lines = self._log.read(list(self._tasks.values()))
        for problem in self._log.new_problems():
            told(problem)
        for line in lines:
            told(line)
        return bool(lines)

    def _tell_rest(self, told: Callable[[News], None], pause: Callable[[float], bool]) -> None:
        quiet = 0
        for _ in range(LAST_READS if self._log.setups else 0):
            if quiet == 2 or pause(FIRST_PAUSE):
                break
            quiet = 0 if self._tell_log(told) else quiet + 1
        for stream in self._log.unseen(list(self._tasks.values())):
            told(Problem(f"CloudWatch has no log stream {stream}", severity=Severity.WARNING))

    def _ended(self, ending: Ending, problem: Problem | None = None) -> Watched:
        return Watched(tuple(self._tasks.values()), self._names, ending, problem)


def _pauses() -> Iterator[float]:
    seconds = FIRST_PAUSE
    while True:
        yield seconds
        seconds = min(LONGEST_PAUSE, seconds * 1.5)
