"""The job `run`: a rule's task, started now as its schedule would start it, and watched until it has stopped.

`configured` or `live` choose the rule, `start` starts it, `Watch` waits. Nothing here prints or sleeps: who calls
hands in what hears the news and what passes the time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from esprestack.backends.base import Backend
from esprestack.backends.task_ends import watched_names
from esprestack.backends.tasks import Log, Tasks
from esprestack.backends.tasks_mapping import ContainerSetup, Launch, LogLine, Task
from esprestack.config.words import to_words
from esprestack.errors import Again, AwsError, InputError, Problem, RefusedError, Severity
from esprestack.plan.compare import leaves
from esprestack.rule import Rule, Scope, Target
from esprestack.run import Run
from esprestack.several import check_rules, in_order

if TYPE_CHECKING:
    from esprestack.config.examine import Loaded

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 6.0
"""Seconds between two looks: each is half as long again as the one before."""

LOOKS_IN_VAIN = 10
"""Looks in a row that may fail: AWS is slow to know a task, and may be out of reach for a while."""

LAST_READS = 10
"""Reads of the log after the stop, at most: CloudWatch shows lines some seconds late. Two without news end it."""

News: TypeAlias = Task | LogLine | Problem
"""What happens while one waits: a task's new status, a line of its log, what can't be seen."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rule whose task is to be started, and what its findings say of that."""

    rule: Rule
    target: Target
    scope: Scope
    problems: tuple[Problem, ...] = ()


class Ending(StrEnum):
    """Why the waiting is over."""

    STOPPED = "stopped"
    """All tasks have."""
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


# -- which rule ------------------------------------------------------------------------------------------------


def configured(run: Run, name: str) -> Chosen:
    """The rule as its config has it, with its findings; without `name` the only one. Raises EsprestackError."""
    from esprestack.config.desired import desired_rules

    loaded, name = _home(run, name)
    scope = _backend(run, loaded).scope()
    (desired,) = (item for item in desired_rules(loaded, scope, run.settings.now) if item.rule.name == name)
    found = run.findings.offline([desired], scope)
    found += run.findings.online([desired], scope, run.aws(scope.region), run.settings.parallel, None, roles=False)
    return _chosen(run, desired.rule, scope, found)


def live(run: Run, name: str) -> Chosen:
    """The rule as AWS has it, found by its name in a config. Raises EsprestackError."""
    loaded, name = _home(run, name)
    read = _backend(run, loaded).read({name: loaded.prepared.wanted()[name]})
    rule = read.rules.get(run.vault.open(name))
    if rule is None:
        raise InputError(Problem(f"AWS has no rule `{name}`", todo="apply the config, or leave out --live"))
    if rule.would_lose:
        what = f"`{name}` can't be started as its schedule would: esprestack doesn't know {', '.join(rule.would_lose)}"
        raise RefusedError(Problem(what, todo="mend the rule, or leave out --live"))
    notes = [
        Problem(f"`{name}` starts more than is started here: {other}", severity=Severity.WARNING)
        for other in rule.foreign
    ]
    return _chosen(run, rule.rule, read.scope, notes)


def _home(run: Run, name: str) -> "tuple[Loaded, str]":
    """The config with the rule, and its name."""
    if name:
        check_rules(run.prepared(), [name])
    every = [(loaded, rule) for loaded in run.loaded() for rule in loaded.prepared.wanted()]
    found = [(loaded, rule) for loaded, rule in every if name in ("", rule)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(Problem("the config has no rules", todo="name another one with --config"))
    if name:
        where = ", ".join(loaded.path for loaded, _ in found)
        raise InputError(Problem(f"several configs have a rule `{name}`: {where}", todo="name one with --config"))
    names = ", ".join(f"`{rule}`" for _, rule in found)
    raise InputError(Problem(f"which rule? There are {names}", todo="name one with --rule"))


def _backend(run: Run, loaded: "Loaded") -> Backend:
    run.aws(run.region_of(loaded.prepared))  # which sees to it that the account may be used
    return run.backend_of(loaded.prepared)


def _chosen(run: Run, rule: Rule, scope: Scope, problems: Sequence[Problem]) -> Chosen:
    if rule.target is None:
        raise RefusedError(Problem(f"`{rule.name}` starts no task on this cluster: it has no target"))
    for path, value in leaves(to_words(rule)):
        run.veil.shown(path, value)  # what its name makes a secret is masked in the log too
    return Chosen(rule, rule.target, scope, tuple(in_order(problems)))


# -- the task --------------------------------------------------------------------------------------------------


def start(run: Run, chosen: Chosen) -> Launch:
    """Starts it. Raises RefusedError, before anything is started, where a finding stands in the way."""
    if any(problem.stops for problem in chosen.problems):
        raise RefusedError([*chosen.problems, Problem("nothing was started")])
    return _tasks(run, chosen).start(chosen.target, chosen.rule.name)


def stop(run: Run, chosen: Chosen, tasks: Sequence[Task]) -> list[Problem]:
    """Stops those that haven't; what couldn't be stopped."""
    problems: list[Problem] = []
    for task in tasks:
        try:
            if not task.is_stopped:
                _tasks(run, chosen).stop(task.arn, "esprestack run was interrupted")
        except AwsError as error:
            problems += error.problems
    return problems


def _tasks(run: Run, chosen: Chosen) -> Tasks:
    return Tasks(run.aws(chosen.scope.region), chosen.scope)


class Watch:
    """The waiting for the tasks that were started."""

    def __init__(self, run: Run, chosen: Chosen, started: Sequence[Task]) -> None:
        self._ecs = _tasks(run, chosen)
        self._tasks = {task.arn: task for task in started}
        self._in_vain = 0
        setups, self._unknown = self._setups(started[0].task_definition)
        self._log = Log(run.aws, chosen.scope.region, setups)
        overridden = [run.vault.open(container.name) for container in chosen.target.container_overrides]
        self._names = watched_names(setups, overridden)

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
            if all(task.is_stopped for task in self._tasks.values()):
                break
            if deadline is not None and monotonic() >= deadline:
                return self._ended(Ending.TIMED_OUT)
        self._tell_rest(told, pause)
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
