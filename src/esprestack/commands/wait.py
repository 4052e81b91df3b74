"""wait: one deployment that another process began, or the service's last one; its verdict is the exit code."""

from typing import TYPE_CHECKING, Any

import click

from esprestack.commands.awaiting import awaited, ecs_of, timeout
from esprestack.commands.moving_rules import move_rules, rules
from esprestack.options import run_of, text_or_json, where
from esprestack.terminal import Terminal

if TYPE_CHECKING:
    from esprestack.run import Run
    from esprestack.services.model import Handle, ServiceScope

_SECONDS = 600.0
"""How long is waited where no config says it: ecspresso's default."""


@click.command()
@where
@click.option(
    "--deployment", "text", default="", metavar="HANDLE",
    help="What `deploy --no-wait` printed. Default: the service's active deployment, or its last one.",
)  # fmt: skip
@rules
@timeout
@text_or_json
@click.pass_obj
def wait(terminal: Terminal, /, text: str, with_rules: bool, timeout: float | None, form: str, **given: Any) -> int:
    """Wait for one deployment; exit with 0 only if that deployment succeeded.

    A handle in JSON needs no config. Rules of the configs that name a revision of its family then move along.
    """
    from esprestack.services.meant import completed, last_deployment

    run = run_of(terminal.vault, given)
    handle, scope, seconds = _named(run, text)
    ecs = ecs_of(run, scope)
    terminal.stop_when_asked("not waiting any longer ...")
    if handle is None:
        handle = last_deployment(ecs)
        name = handle.task_definition_arn.rpartition("/")[2] or "what nobody knows"
        which = handle.deployment_id or handle.service_deployment_arn
        terminal.say(f"waiting for the last deployment of the service `{scope.service}`: {which} with {name}")
    handle = completed(ecs, handle)
    code = awaited(terminal, run, ecs, handle, timeout or seconds, form)
    if code or not with_rules:
        return code
    return move_rules(terminal, run, scope, ecs.revision(handle.task_definition_arn))


def _named(run: "Run", text: str) -> "tuple[Handle | None, ServiceScope, float]":
    """The handle that was handed over, where its service lives, and how long is waited for it."""
    from esprestack.services import ready
    from esprestack.services.handles import from_text, scope_of

    if text.lstrip().startswith(("{", "arn:")):
        handle = from_text(text)
        return handle, scope_of(handle), _SECONDS
    if text:
        from_text(text, "the config's")  # a text that is no handle is refused before AWS is asked for the account
    home = ready.ready_home(run)
    return from_text(text, home.scope.service_arn) if text else None, home.scope, home.timeout
