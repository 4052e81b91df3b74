"""deploy: a service made what its files say, and waited for; with --migrate a task of the same revision goes before."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from esprestack.commands.awaiting import awaited, ecs_of, form, hand_on, no_wait, timeout
from esprestack.commands.choosing import choice_of, hide, overrides_of, which_revision
from esprestack.commands.following import Form, Waiting
from esprestack.errors import Problem
from esprestack.options import run_of, where
from esprestack.terminal import Terminal, complain

if TYPE_CHECKING:
    from esprestack.run import Run
    from esprestack.services.choice import Choice
    from esprestack.services.ecs import Ecs
    from esprestack.services.model import ServicePlan
    from esprestack.services.run import RunOptions


@click.command()
@where
@click.option("--tasks", type=click.IntRange(0), help="The desired count. Default: the file's; without one left alone.")
@which_revision
@click.option("--force-new-deployment", is_flag=True, help="A new deployment also where nothing differs.")
@click.option(
    "--update-service/--no-update-service", default=True, show_default=True,
    help="Whether the service's attributes and tags become what the file says.",
)  # fmt: skip
@click.option(
    "--migrate", default="", metavar="JSON",
    help="Before that run a task of the same revision with these overrides; deploy only if it exits with 0.",
)  # fmt: skip
@no_wait
@timeout
@form
@click.pass_obj
def deploy(
    terminal: Terminal,
    /,
    tasks: int | None,
    force_new_deployment: bool,
    update_service: bool,
    migrate: str,
    no_wait: bool,
    timeout: float | None,
    form: str,
    **given: Any,
) -> int:
    """Deploy a service: register what differs, update the service once, and wait for that very deployment."""
    from esprestack.services import deploy as engine
    from esprestack.services import ready
    from esprestack.services.run import RunOptions

    choice = choice_of(given)
    overrides = overrides_of(migrate, "--migrate") if migrate else {}
    run = run_of(terminal.vault, given)
    plan = ready.ready_plan(run)
    ecs = ecs_of(run, plan.scope)
    hide(run, plan.config.task_definition.document, overrides)
    terminal.stop_when_asked("not waiting any longer ...")
    options = engine.DeployOptions(tasks, choice, force_new_deployment, update_service, run.settings.allow)
    if migrate:
        engine.require_deployable(ecs, plan, options)
        migration = RunOptions(overrides, choice)
        waiting = Waiting(timeout=timeout or plan.config.timeout)
        code, choice = _migrated(terminal, run, ecs, plan, migration, waiting, is_forced=force_new_deployment)
        if code:
            return code
        options = replace(options, choice=choice)
    if terminal.signal:
        terminal.say("nothing was deployed")
        return 128 + terminal.signal
    started = engine.deploy(ecs, plan, options, terminal.say, terminal.pause)
    if no_wait:
        return hand_on(terminal, started.handle, form)
    seconds = timeout or plan.config.timeout
    return awaited(terminal, run, ecs, started.handle, seconds, form, changed=started.changed)


def _migrated(
    terminal: Terminal,
    run: "Run",
    ecs: "Ecs",
    plan: "ServicePlan",
    options: "RunOptions",
    waiting: Waiting,
    *,
    is_forced: bool,
) -> "tuple[int, Choice]":
    """Runs the migration, unless what it would run is what the service runs: its exit code, and its very revision."""
    from esprestack.commands.run_service import ran
    from esprestack.services.choice import Choice, Source
    from esprestack.services.ecs import number_of
    from esprestack.services.run import revision_to_run

    arn = revision_to_run(ecs, plan, options, terminal.say)
    name = arn.rpartition("/")[2]
    running = plan.live.revision.arn if plan.live and plan.live.revision else ""
    same = Choice(Source.NUMBER, number_of(arn))
    if arn == running and not is_forced:
        terminal.say(f"no migration is run: the service runs {name} already")
        return 0, same
    code = ran(terminal, run, ecs, plan, arn, options, Form.TALK, waiting)
    if code:
        complain(terminal, [Problem(f"nothing was deployed: the migration with {name} didn't exit with 0")])
    return code, same
