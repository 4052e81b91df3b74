"""run: a rule's task, started now; its log on stdout, what happens to it on stderr."""

from typing import Any

import click

from esprestack.commands.following import Following, Form, Waiting, follow
from esprestack.errors import InputError, Problem
from esprestack.options import run_of, where
from esprestack.terminal import Terminal


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
    from esprestack.reports.task_run import Subject

    if no_wait and (timeout or stop_on_interrupt):
        raise InputError(Problem("--timeout and --stop-on-interrupt don't go together with --no-wait"))
    run = run_of(terminal.vault, given)
    chosen = job.live(run, rule) if live else job.configured(run, rule)
    terminal.stop_when_asked("stopping the task ..." if stop_on_interrupt else "not waiting any longer ...")
    launch = job.start(run, chosen)
    scope = chosen.scope
    subject = Subject("rule", chosen.rule.name, scope.account, scope.region, scope.cluster)
    following = Following(lambda tasks: job.watch(run, chosen, tasks), lambda tasks: job.stop(run, chosen, tasks))
    waiting = Waiting(wait=not no_wait, timeout=timeout, stop_on_interrupt=stop_on_interrupt)
    return follow(terminal, Form(form), subject, launch, chosen.problems, waiting, following)
