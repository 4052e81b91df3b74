"""rollback: a service, taken back to the last revision that succeeded before the current one, and waited for."""

from typing import TYPE_CHECKING, Any

import click

from esprestack.commands.awaiting import awaited, ecs_of, hand_on, no_wait, timeout
from esprestack.commands.moving_rules import move_rules, planned_moves, rules
from esprestack.errors import InputError, Problem
from esprestack.options import run_of, text_or_json, where
from esprestack.terminal import Terminal, complain

if TYPE_CHECKING:
    from esprestack.moving import Moves
    from esprestack.services.rollback import Rollback


@click.command()
@where
@click.option("--dry-run", is_flag=True, help="Say to which revision it would go and why, change nothing.")
@click.option(
    "--deregister", is_flag=True,
    help="Afterwards deregister the revision that was left; refused if anything uses it, schedules included.",
)  # fmt: skip
@rules
@no_wait
@timeout
@text_or_json
@click.pass_obj
def rollback(
    terminal: Terminal,
    /,
    dry_run: bool,
    deregister: bool,
    with_rules: bool,
    no_wait: bool,
    timeout: float | None,
    form: str,
    **given: Any,
) -> int:
    """Take a service back to the last revision that was deployed successfully before the current one."""
    from esprestack.moving import Moves, led_by
    from esprestack.services import ready
    from esprestack.services import revisions as known
    from esprestack.services.ecs import family_of
    from esprestack.services.in_use import of_service
    from esprestack.services.pins import AccountPins
    from esprestack.services.rollback import plan_rollback, roll_back

    if deregister and no_wait:
        raise InputError(Problem("--deregister and --no-wait don't go together", todo="wait, or deregister it later"))
    run = run_of(terminal.vault, given)
    home = ready.ready_home(run)
    ecs = ecs_of(run, home.scope)
    plan = plan_rollback(ecs)
    complain(terminal, plan.warnings)
    pins, family = AccountPins(ecs.aws), family_of(plan.current)
    target = ecs.revision(plan.target)
    moves = planned_moves(terminal, run, led_by(ecs.scope, target)) if with_rules and target else Moves()
    leaving = [of_service(home.scope.service, home.scope.cluster_arn), *moves.users]
    if deregister:
        known.require_unused(ecs, family, plan.current, pins, but_for=leaving)
    if dry_run:
        return _shown(terminal, plan, moves, form)
    terminal.say(_said(plan))
    terminal.stop_when_asked("not waiting any longer ...")
    started = roll_back(ecs, plan, terminal.say, terminal.pause)
    if no_wait:
        return hand_on(terminal, started.handle, form)
    seconds = timeout or home.timeout
    code = awaited(terminal, run, ecs, started.handle, seconds, form, wanted=started.wanted, changed=True)
    if with_rules and not code:
        code = move_rules(terminal, run, ecs.scope, target)
    if deregister and not code:
        known.require_unused(ecs, family, plan.current, pins)
        known.deregister(ecs, [plan.current], terminal.say)
    return code


def _shown(terminal: Terminal, plan: "Rollback", moves: "Moves", form: str) -> int:
    import json

    if form == "json":
        document = {
            "current": plan.current,
            "target": plan.target,
            "why": plan.why,
            "stops": plan.stops is not None,
            "rules": moves.names,
        }
        terminal.result(f"{json.dumps(document)}\n")
    else:
        terminal.result(f"{_said(plan)}\n")
        for name in moves.names:
            terminal.result(f"the rule `{name}` follows it\n")
    return 0


def _said(plan: "Rollback") -> str:
    from esprestack.services.target import names

    service = f"the service `{plan.before.name}`"
    if plan.is_under_way:
        return f"ECS is rolling back {service} already: {plan.why}"
    how = ", by ECS itself" if plan.stops is not None else ""
    return f"{service} goes from {names([plan.current])} back to {names([plan.target])}{how}: {plan.why}"
