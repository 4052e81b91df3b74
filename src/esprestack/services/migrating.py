"""The task that goes before a deploy, a migration of a database for instance: of the very revision that is deployed.

In: the plan and the task's overrides; out: the revision, and why nothing may be deployed. Nothing here prints or
sleeps: `Hears` does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from esprestack.aws import Aws
from esprestack.backends.task_ends import end_problem, exit_code, failure_problems
from esprestack.backends.task_watch import Ending, News, TaskWatch, Watched
from esprestack.backends.tasks import Tasks
from esprestack.backends.tasks_mapping import Launch, LogLine, Task
from esprestack.errors import Problem
from esprestack.reports.task_run import Subject, end_text, goes_on_text, log_text, status_text
from esprestack.services.choice import Choice, Source
from esprestack.services.ecs import Ecs, number_of
from esprestack.services.model import ServicePlan
from esprestack.services.run import RunOptions, overridden, revision_to_run, start_tasks


class Hears(Protocol):
    """Hears what happens, masks it, and passes the time."""

    def say(self, text: str, /) -> None: ...

    def pause(self, seconds: float, /) -> bool:
        """Passes so many seconds; whether to give up."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of it."""

    choice: Choice
    """The very revision that it ran with."""
    code: int = 0
    """The exit code: 0 where the deploy may follow."""
    problem: Problem | None = None


class Migrating:
    """Migrations of one run. `aws_of` gives the clients of a region, `mask` hides secrets in the tasks' logs."""

    def __init__(self, aws_of: Callable[[str], Aws], hears: Hears, mask: Callable[[str], str]) -> None:
        self._aws_of = aws_of
        self._hears = hears
        self._mask = mask

    def migrate(self, ecs: Ecs, plan: ServicePlan, options: RunOptions, timeout: float, *, is_forced: bool) -> Migrated:
        """Runs the task and waits for it, unless what it would run is what the service runs already.

        Raises InputError, before anything is registered, for overrides that RunTask would refuse; AwsError.
        """
        arn = revision_to_run(ecs, plan, options, self._hears.say)
        name = arn.rpartition("/")[2]
        choice = Choice(Source.NUMBER, number_of(arn))
        if arn == (plan.live.revision.arn if plan.live and plan.live.revision else "") and not is_forced:
            self._hears.say(f"no migration is run: the service runs {name} already")
            return Migrated(choice)
        launch = start_tasks(ecs, plan, arn, options)
        problems = list(failure_problems(launch.failures))
        code = (
            self._code(ecs, options, launch, timeout, problems) if launch.tasks else exit_code((), launch.failures, ())
        )
        if not code:
            return Migrated(choice)
        what = f"nothing was deployed: the migration with {name} didn't exit with 0"
        why = f" ({'; '.join(problem.what for problem in problems)})" if problems else ""
        todo = next((problem.todo for problem in problems if problem.todo), "")
        return Migrated(choice, code, Problem(f"{what}{why}", todo=todo))

    def _code(self, ecs: Ecs, options: RunOptions, launch: Launch, timeout: float, problems: list[Problem]) -> int:
        """Waits for the tasks; what went wrong is added to `problems`."""
        for task in launch.tasks:
            self._hears.say(f"started {task.arn}")
        tasks = Tasks(ecs.aws, ecs.scope.cluster_arn)
        watch = TaskWatch(tasks, self._aws_of, ecs.scope.region, launch.tasks, overridden(options), options.watch)
        watched = watch.until_stopped(self._told(with_source=watch.has_many_streams), self._hears.pause, timeout)
        if watched.ending is Ending.STOPPED:
            problems += self._ends(watched)
            return exit_code(watched.tasks, launch.failures, watched.names)
        problems.append(watched.problem or Problem(_WHY.get(watched.ending, f"it isn't done after {timeout:g} s")))
        self._hears.say(goes_on_text(watched.tasks, _subject(ecs)))
        return 1

    def _ends(self, watched: Watched) -> Sequence[Problem]:
        found = [(task, end_problem(task, watched.names)) for task in watched.tasks]
        for task, problem in found:
            if problem is None or not problem.stops:
                self._hears.say(end_text(task, watched.names))
        return [problem for _, problem in found if problem]

    def _told(self, *, with_source: bool) -> Callable[[News], None]:
        def told(news: News) -> None:
            match news:
                case LogLine():
                    self._hears.say(log_text(news, self._mask, with_source=with_source).removesuffix("\n"))
                case Task():
                    self._hears.say(status_text(news))
                case Problem():
                    self._hears.say(f"warning: {news}")

        return told


_WHY = {Ending.INTERRUPTED: "nobody waits for it any more"}


def _subject(ecs: Ecs) -> Subject:
    scope = ecs.scope
    return Subject("service", scope.service, scope.account, scope.region, scope.cluster)
