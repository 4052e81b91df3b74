"""status: a service as it is now."""

from typing import Any

import click

from esprestack.commands.awaiting import ecs_of
from esprestack.errors import InputError, Problem
from esprestack.options import run_of, text_or_json, where
from esprestack.terminal import Terminal


@click.command()
@where
@click.option("--events", type=click.IntRange(0, 100), default=10, show_default=True, help="How many of its events.")
@text_or_json
@click.pass_obj
def status(terminal: Terminal, /, events: int, form: str, **given: Any) -> int:
    """Show a service: its deployments, how the last one went, its last events."""
    from esprestack.services import ready
    from esprestack.services.history import History, readable
    from esprestack.services.status import status_json, status_text

    run = run_of(terminal.vault, given)
    home = ready.ready_home(run)
    ecs = ecs_of(run, home.scope)
    now = ecs.now()
    if now is None:
        what = f"there is no service `{home.scope.service}` in the cluster `{home.scope.cluster}`"
        raise InputError(Problem(what, todo="deploy it first, or check --config"))
    last, _ = readable(History(ecs).last)
    text = status_json(now, last, events) if form == "json" else status_text(now, home.scope.cluster, last, events)
    terminal.result(text)
    return 0
