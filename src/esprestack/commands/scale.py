"""scale, refresh: a service changed without its files, and waited for."""

from typing import Any

import click

from esprestack.commands.awaiting import awaited, ecs_of, hand_on, no_wait, timeout
from esprestack.options import run_of, text_or_json, where
from esprestack.terminal import Terminal


@click.command()
@where
@click.option("--tasks", type=click.IntRange(0), required=True, metavar="N", help="The desired count.")
@no_wait
@timeout
@text_or_json
@click.pass_obj
def scale(terminal: Terminal, /, tasks: int, no_wait: bool, timeout: float | None, form: str, **given: Any) -> int:
    """Set a service's desired count, and nothing else; wait until so many tasks run."""
    from esprestack.services import ready
    from esprestack.services.scale import scale as engine

    run = run_of(terminal.vault, given)
    home = ready.ready_home(run)
    ecs = ecs_of(run, home.scope)
    terminal.stop_when_asked("not waiting any longer ...")
    started = engine(ecs, tasks, terminal.say, terminal.pause)
    if no_wait:
        return hand_on(terminal, started.handle, form)
    return awaited(terminal, run, ecs, started.handle, timeout or home.timeout, form, changed=started.changed)


@click.command()
@where
@no_wait
@timeout
@text_or_json
@click.pass_obj
def refresh(terminal: Terminal, /, no_wait: bool, timeout: float | None, form: str, **given: Any) -> int:
    """Exchange all tasks of a service for new ones of the same revision; wait for that deployment."""
    from esprestack.services import ready
    from esprestack.services.scale import refresh as engine

    run = run_of(terminal.vault, given)
    home = ready.ready_home(run)
    ecs = ecs_of(run, home.scope)
    terminal.stop_when_asked("not waiting any longer ...")
    started = engine(ecs, terminal.say, terminal.pause)
    if no_wait:
        return hand_on(terminal, started.handle, form)
    return awaited(terminal, run, ecs, started.handle, timeout or home.timeout, form, changed=started.changed)
