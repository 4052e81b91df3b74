"""run: a rule's task, started now; its log on stdout, what happens to it on stderr."""

from typing import TYPE_CHECKING, Any

import click

from esprestack.errors import InputError, Problem
from esprestack.options import run_of, where
from esprestack.terminal import FAILURE, Terminal, complain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esprestack.backends.task_watch import News, Watched
    from esprestack.backends.tasks_mapping import Launch, Task
    from esprestack.run_task import Chosen


@click.command("run")
@where
@click.option("--rule", default="", metavar="NAME", help="The rule; needed where the config has several.")
@click.option("--live", is_flag=True, help="As AWS has the rule, not as the config has it.")
@click.option("--no-wait", is_flag=True, help="Print the tasks' ARNs and end.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
    help="Wait no longer than that; the task goes on running.",
)  # fmt: skip
@click.option("--stop-on-interrupt", is_flag=True, help="SIGINT and SIGTERM stop the task as well.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="Form of log and result; JSON is one object a line.",
)  # fmt: skip
@click.pass_obj
def run_task(
    terminal: Terminal,
    /,
    rule: str,
    live: bool,
    no_wait: bool,
    timeout: float | None,
    stop_on_interrupt: bool,
    form: str,
    **given: Any,
) -> int:
    """Start a rule's task now, exactly as its schedule would; show its log, wait, exit with its exit code."""
    from esprestack import run_task as job
    from esprestack.backends.task_ends import failure_problems
    from esprestack.backends.task_watch import Ending

    if no_wait and (timeout or stop_on_interrupt):
        raise InputError(Problem("--timeout and --stop-on-interrupt don't go together with --no-wait"))
    run = run_of(terminal.vault, given)
    chosen = job.live(run, rule) if live else job.configured(run, rule)
    terminal.stop_when_asked("stopping the task ..." if stop_on_interrupt else "not waiting any longer ...")
    launch = job.start(run, chosen)
    show = _Show(terminal, form, chosen)
    show.complain([*chosen.problems, *failure_problems(launch.failures)])
    if no_wait or not launch.tasks:
        return show.started(launch)
    for task in launch.tasks:
        terminal.say(f"started {task.arn}")
    watch = job.watch(run, chosen, launch.tasks)
    show.with_source = watch.has_many_streams
    watched = watch.until_stopped(show.told, terminal.pause, timeout)
    match watched.ending:
        case Ending.STOPPED:
            return show.stopped(launch, watched)
        case Ending.INTERRUPTED if stop_on_interrupt:
            return show.interrupted(watched, job.stop(run, chosen, watched.tasks))
        case _:
            return show.left(watched, timeout)


class _Show:
    """What one run says, in the form that was asked for."""

    def __init__(self, terminal: Terminal, form: str, chosen: "Chosen") -> None:
        self._terminal = terminal
        self._is_json = form == "json"
        self._chosen = chosen
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
        self._terminal.say(goes_on_text(watched.tasks, self._chosen.scope))
        code = 128 + self._terminal.signal if self._terminal.signal else FAILURE
        return self._result(watched.ending, code, watched.tasks)

    def _result(self, ending: str, code: int, tasks: "Sequence[Task]") -> int:
        if self._is_json:
            from esprestack.reports.task_run import result_json

            mask, chosen = self._terminal.vault.mask, self._chosen
            text = result_json(chosen.rule.name, chosen.scope, ending, code, tasks, self._problems, mask)
            self._terminal.result_json(text)
        return code
