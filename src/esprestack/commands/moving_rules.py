"""What deploy, wait and rollback have in common: rules that name a revision of the service's family move along.

In: the service with its revision; out: talk on stderr, and the exit code of the moves.
"""

from typing import TYPE_CHECKING

import click

from esprestack.terminal import FAILURE, Terminal, complain

if TYPE_CHECKING:
    from esprestack.moving import Moves
    from esprestack.plan.outcome import Step, Waiting
    from esprestack.run import Run
    from esprestack.services.following import Leader
    from esprestack.services.model import Revision, ServiceScope

rules = click.option(
    "--rules/--no-rules", "with_rules", default=True, show_default=True,
    help="Whether rules that name a revision of its family take the service's, once it runs.",
)  # fmt: skip


def planned_moves(terminal: Terminal, run: "Run", leader: "Leader") -> "Moves":
    """What would move, and what wouldn't is said. Raises EsprestackError where a rule couldn't run any more."""
    from esprestack.moving import plan_moves

    moves = plan_moves(run, leader)
    for note in moves.notes:
        terminal.say(f"note: {note}")
    return moves


def move_rules(terminal: Terminal, run: "Run", scope: "ServiceScope", revision: "Revision | None") -> int:
    """Moves them to the revision that the service runs now: 0, or FAILURE with what is wrong said."""
    from esprestack import jobs
    from esprestack.moving import led_by, plan_moves
    from esprestack.plan.outcome import Result
    from esprestack.reports.text import step_text

    moves = plan_moves(run, led_by(scope, revision)) if revision else None
    if moves is None or not moves.names:
        return 0

    def told(step: "Step | Waiting") -> None:
        terminal.say(step_text(step, terminal.colour))

    outcomes = jobs.apply_plans(run, moves.planned, (), terminal.stop, told)
    complain(terminal, [problem for outcome in outcomes for problem in outcome.problems])
    if all(step.result is Result.DONE for outcome in outcomes for step in outcome.steps):
        return 0
    return 128 + terminal.signal if terminal.signal else FAILURE
