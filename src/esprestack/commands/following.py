"""Tasks that a command started, followed to their end: what is said meanwhile, and the exit code.

In: RunTask's answer and who watches and stops the tasks; out: their log where the form says, talk on stderr, a code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from esprestack.errors import Problem
from esprestack.terminal import FAILURE, Terminal, complain

if TYPE_CHECKING:
    from esprestack.backends.task_watch import News, TaskWatch, Watched
    from esprestack.backends.tasks_mapping import Launch, Task
    from esprestack.reports.task_run import Subject


class Form(StrEnum):
    """What log lines and result look like."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long is waited for what, and whether a signal stops the tasks as well."""

    wait: bool = True
    until_running: bool = False
    timeout: float | None = None
    """Seconds."""
    stop_on_interrupt: bool = False

    @property
    def when_asked(self) -> str:
        """What a signal does, in words."""
        return "stopping the task ..." if self.stop_on_interrupt else "not waiting any longer ..."


@dataclass(frozen=True, slots=True)
class Following:
    """Who watches the tasks, and who stops them and says what couldn't be stopped."""

    watch: "Callable[[Sequence[Task]], TaskWatch]"
    stop: "Callable[[Sequence[Task]], list[Problem]]"


def follow(
    terminal: Terminal,
    form: Form,
    subject: "Subject",
    launch: "Launch",
    problems: Sequence[Problem],
    waiting: Waiting,
    following: Following,
) -> int:
    """Follows what `launch` started; `problems` were there before. The exit code: 0 only where nothing went wrong."""
    from esprestack.backends.task_ends import failure_problems
    from esprestack.backends.task_watch import Ending

    show = _Show(terminal, form, subject)
    show.complain([*problems, *failure_problems(launch.failures)])
    if not waiting.wait or not launch.tasks:
        return show.started(launch)
    for task in launch.tasks:
        terminal.say(f"started {task.arn}")
    watch = following.watch(launch.tasks)
    show.with_source = watch.has_many_streams
    until = watch.until_running if waiting.until_running else watch.until_stopped
    watched = until(show.told, terminal.pause, waiting.timeout)
    match watched.ending:
        case Ending.STOPPED:
            return show.stopped(launch, watched)
        case Ending.RUNNING:
            return show.running(launch, watched)
        case Ending.INTERRUPTED if waiting.stop_on_interrupt:
            return show.interrupted(watched, following.stop(watched.tasks))
        case _:
            return show.left(watched, waiting.timeout)


class _Show:
    """What is said about the tasks, in the form that was asked for."""

    def __init__(self, terminal: Terminal, form: Form, subject: "Subject") -> None:
        self._terminal = terminal
        self._is_json = form is Form.JSON
        self._subject = subject
        self._problems: list[Problem] = []
        self.with_source = False

    def complain(self, problems: "Sequence[Problem]") -> None:
        self._problems += problems
        complain(self._terminal, problems)

    def told(self, news: "News") -> None:
        from esprestack.backends.tasks_mapping import LogLine, Task
        from esprestack.reports.task_run import log_json, log_text, status_text

        match news:
            case LogLine() if self._is_json:
                self._terminal.result_json(log_json(news, self._terminal.vault.mask))
            case LogLine():
                self._terminal.result(log_text(news, self._terminal.vault.mask, with_source=self.with_source))
            case Task():
                self._terminal.say(status_text(news))
            case Problem():
                self.complain([news])

    def started(self, launch: "Launch") -> int:
        """For those who don't wait, and where there is nothing to wait for."""
        if not launch.tasks and not launch.failures:
            self.complain([Problem("ECS started no task, and doesn't say why")])
        if not self._is_json:
            self._terminal.result("".join(f"{task.arn}\n" for task in launch.tasks))
        failed = launch.failures or not launch.tasks
        return self._result("started" if launch.tasks else "not started", FAILURE if failed else 0, launch.tasks)

    def stopped(self, launch: "Launch", watched: "Watched") -> int:
        from esprestack.backends.task_ends import end_problem, exit_code
        from esprestack.reports.task_run import end_text

        for task in watched.tasks:
            problem = end_problem(task, watched.names)
            if problem:
                self.complain([problem])
            if problem is None or not problem.stops:
                self._terminal.say(end_text(task, watched.names))
        code = exit_code(watched.tasks, launch.failures, watched.names)
        return self._result(watched.ending, code, watched.tasks)

    def running(self, launch: "Launch", watched: "Watched") -> int:
        """All run, or have stopped already; of those exit codes are known."""
        from esprestack.backends.task_ends import end_problem, exit_code

        ended = [task for task in watched.tasks if task.is_stopped]
        problems = [problem for task in ended if (problem := end_problem(task, watched.names))]
        self.complain(problems)
        gone = bool(ended or launch.failures or not watched.tasks)
        code = exit_code(ended, launch.failures, watched.names) if gone else 0
        return self._result(watched.ending, code, watched.tasks)

    def interrupted(self, watched: "Watched", problems: "Sequence[Problem]") -> int:
        """The tasks were told to stop, which not all of them may have heard."""
        if problems:
            self.complain(problems)
            return self.left(watched, None)
        return self._result(watched.ending, 128 + self._terminal.signal, watched.tasks)

    def left(self, watched: "Watched", timeout: float | None) -> int:
        """Tasks go on running, and nobody waits for them."""
        from esprestack.reports.task_run import goes_on_text

        if watched.problem:
            self.complain([watched.problem])
        elif not self._terminal.signal:
            self.complain([Problem(f"not done after {timeout:g} s")])
        self._terminal.say(goes_on_text(watched.tasks, self._subject))
        code = 128 + self._terminal.signal if self._terminal.signal else FAILURE
        return self._result(watched.ending, code, watched.tasks)

    def _result(self, ending: str, code: int, tasks: "Sequence[Task]") -> int:
        if self._is_json:
            from esprestack.reports.task_run import result_json

            mask = self._terminal.vault.mask
            text = result_json(self._subject, ending, code, tasks, self._problems, mask)
            self._terminal.result_json(text)
        return code
