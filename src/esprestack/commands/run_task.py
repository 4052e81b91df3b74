"""run: a rule's task or one of a service's definition, started now; its log on stdout, what happens to it on stderr."""

from typing import TYPE_CHECKING, Any

import click

from esprestack.commands.choosing import which_revision
from esprestack.commands.following import Following, Form, Waiting, follow
from esprestack.errors import InputError, Problem
from esprestack.options import options_of, run_of, where
from esprestack.terminal import Terminal

if TYPE_CHECKING:
    from esprestack.run import Run

_of_a_service = options_of(
    click.option("--overrides", metavar="JSON", help="Of a service: what the task does instead (ECS's TaskOverride)."),
    click.option("--overrides-file", metavar="FILE", help="The same, in a file."),
    click.option("--task-def", metavar="FILE", help="A task definition to register and run instead of the config's."),
    which_revision,
    click.option("--count", type=int, metavar="N", help="Of a service: how many tasks, at most 10."),
    click.option("--watch-container", metavar="NAME", help="Of a service: the container whose exit code counts."),
    click.option(
        "--wait-until", type=click.Choice(["running", "stopped"]), help="What to wait for. Default: stopped."
    ),
    click.option("--tags", metavar="KEY=VALUE,...", help="Of a service: tags of the task."),
    click.option(
        "--propagate-tags", type=click.Choice(["SERVICE", "TASK_DEFINITION", "NONE"]),
        help="Whose tags the task gets as well. Default: as the service definition has it.",
    ),
    click.option("--client-token", metavar="TEXT", help="Of a service: the same one twice starts nothing twice."),
    click.option(
        "--ebs-delete-on-termination/--no-ebs-delete-on-termination", default=None,
        help="Of a service: whether EBS volumes go with the task. Default: they do.",
    ),
)  # fmt: skip
_SERVICE_ONLY = (
    "overrides", "overrides_file", "task_def", "skip_task_definition", "latest_task_definition", "revision", "count",
    "watch_container", "wait_until", "tags", "propagate_tags", "client_token", "ebs_delete_on_termination",
)  # fmt: skip


@click.command("run")
@where
@click.option("--rule", default="", metavar="NAME", help="The rule; needed where the config has several.")
@click.option("--live", is_flag=True, help="As AWS has the rule, not as the config has it.")
@_of_a_service
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
    """Start a rule's task now, as its schedule would, or one of a service's definition; exit with its exit code.

    Of configs of both kinds it is a rule's, unless there is an option that only services have.
    """
    if no_wait and (timeout or stop_on_interrupt):
        raise InputError(Problem("--timeout and --stop-on-interrupt don't go together with --no-wait"))
    run = run_of(terminal.vault, given)
    if _is_of_a_service(run, given, is_of_a_rule=bool(rule or live)):
        from esprestack.commands.run_service import run_service

        running = given["wait_until"] == "running"
        waiting = Waiting(not no_wait, running, timeout, stop_on_interrupt)
        return run_service(terminal, run, Form(form), waiting, given)
    return _run_rule(terminal, run, Form(form), Waiting(not no_wait, False, timeout, stop_on_interrupt), rule, live)


def _is_of_a_service(run: "Run", given: dict[str, Any], *, is_of_a_rule: bool) -> bool:
    """By the options, else by the configs. Raises InputError for options of both."""
    from esprestack.config.kind import Kind

    asked = [name for name in _SERVICE_ONLY if given[name] not in (None, "", False)]
    if asked and is_of_a_rule:
        what = f"--rule and --live don't go together with --{asked[0].replace('_', '-')}"
        raise InputError(Problem(what, todo="run either a rule's task or a service's"))
    return not is_of_a_rule and (bool(asked) or not run.paths[Kind.RULES])


def _run_rule(terminal: Terminal, run: "Run", form: Form, waiting: Waiting, rule: str, live: bool) -> int:
    from esprestack import run_task as job
    from esprestack.reports.task_run import Subject

    chosen = job.live(run, rule) if live else job.configured(run, rule)
    terminal.stop_when_asked(waiting.when_asked)
    launch = job.start(run, chosen)
    scope = chosen.scope
    subject = Subject("rule", chosen.rule.name, scope.account, scope.region, scope.cluster)
    following = Following(lambda tasks: job.watch(run, chosen, tasks), lambda tasks: job.stop(run, chosen, tasks))
    return follow(terminal, form, subject, launch, chosen.problems, waiting, following)
