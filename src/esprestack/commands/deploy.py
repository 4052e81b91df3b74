"""deploy: a service made what its files say, and waited for; with --migrate a task of the same revision goes before."""

from dataclasses import replace
from typing import Any

import click

from esprestack.commands.awaiting import awaited, ecs_of, hand_on, no_wait, timeout
from esprestack.commands.choosing import choice_of, hide, which_revision
from esprestack.commands.dry_deploy import chosen_leader, show_deploy
from esprestack.commands.moving_rules import move_rules, planned_moves, rules
from esprestack.options import run_of, text_or_json, where
from esprestack.terminal import Terminal, complain


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
@click.option("--dry-run", is_flag=True, help="Say what it would do, change nothing.")
@rules
@no_wait
@timeout
@text_or_json
@click.pass_obj
def deploy(
    terminal: Terminal,
    /,
    tasks: int | None,
    force_new_deployment: bool,
    update_service: bool,
    migrate: str,
    dry_run: bool,
    with_rules: bool,
    no_wait: bool,
    timeout: float | None,
    form: str,
    **given: Any,
) -> int:
    """Deploy a service: register what differs, update the service once, and wait for that very deployment.

    Rules that name a revision of its task definition move along once the deployment has succeeded.
    """
    from esprestack.moving import Moves
    from esprestack.services import deploy as engine
    from esprestack.services import ready
    from esprestack.services.migrating import Migrating
    from esprestack.services.run import RunOptions

    choice = choice_of(given)
    overrides = ready.overrides_in(migrate, "--migrate") if migrate else {}
    run = run_of(terminal.vault, given)
    plan = ready.ready_plan(run)
    ecs = ecs_of(run, plan.scope)
    hide(run, plan.config.task_definition.document, overrides)
    options = engine.DeployOptions(tasks, choice, force_new_deployment, update_service, run.settings.allow)
    leader = chosen_leader(ecs, plan, choice)
    moves = planned_moves(terminal, run, leader) if with_rules and leader else Moves()
    complain(terminal, run.services.found_in([plan.config]))
    if migrate or dry_run:  # the deploy itself looks too, but after these
        engine.require_deployable(ecs, plan, options)
    if dry_run:
        return show_deploy(terminal, plan, options, leader, moves, form)
    terminal.stop_when_asked("not waiting any longer ...")
    if migrate:
        limit = timeout or plan.config.timeout
        migrating = Migrating(run.aws, terminal, terminal.vault.mask)
        done = migrating.migrate(ecs, plan, RunOptions(overrides, choice), limit, is_forced=force_new_deployment)
        if done.problem:
            complain(terminal, [done.problem])
            return 128 + terminal.signal if terminal.signal else done.code
        options = replace(options, choice=done.choice)
    if terminal.signal:
        terminal.say("nothing was deployed")
        return 128 + terminal.signal
    started = engine.deploy(ecs, plan, options, terminal.say, terminal.pause)
    if no_wait:
        return hand_on(terminal, started.handle, form)
    seconds = timeout or plan.config.timeout
    code = awaited(terminal, run, ecs, started.handle, seconds, form, changed=started.changed)
    if code or not with_rules:
        return code
    return move_rules(terminal, run, ecs.scope, ecs.revision(started.handle.task_definition_arn))
