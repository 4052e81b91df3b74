"""A deployment that a command began, waited for: progress on stderr, the verdict on stdout, the exit code.

In: the handle; out: 0 only for the verdict that is wanted, 128 and the number after a signal, else 1.
"""

from typing import TYPE_CHECKING

import click

from esprestack.errors import Problem
from esprestack.terminal import FAILURE, Terminal, complain

if TYPE_CHECKING:
    from esprestack.run import Run
    from esprestack.services.ecs import Ecs
    from esprestack.services.model import Handle, ServiceScope, Verdict
    from esprestack.services.wait import News

no_wait = click.option("--no-wait", is_flag=True, help="Print the deployment's handle and end; see `wait`.")
timeout = click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
    help="Wait no longer than that. Default: the config's `timeout`.",
)  # fmt: skip


def ecs_of(run: "Run", scope: "ServiceScope") -> "Ecs":
    """The calls about the service of a config."""
    from esprestack.services.ecs import Ecs

    return Ecs(run.aws(scope.region), scope)


def hand_on(terminal: Terminal, handle: "Handle", form: str) -> int:
    """For those who don't wait: what `wait --deployment` takes."""
    from esprestack.services.handles import to_json, to_text

    terminal.result(f"{to_json(handle) if form == 'json' else to_text(handle)}\n")
    return 0


def awaited(
    terminal: Terminal,
    run: "Run",
    ecs: "Ecs",
    handle: "Handle",
    seconds: float,
    form: str,
    *,
    wanted: "Verdict | None" = None,
    changed: bool = False,
) -> int:
    """Waits, at most so many seconds, and says how the deployment ended; `wanted`: SUCCEEDED unless told otherwise."""
    from esprestack.plan.outcome import Moment
    from esprestack.reports.text import moment_text
    from esprestack.services.model import Verdict
    from esprestack.services.texts import deployed_json, failure, stopped_lines, verdict_text
    from esprestack.services.wait import DeploymentWatch

    def told(news: "News") -> None:
        match news:
            case Moment():
                terminal.say(moment_text(news))
            case Problem():
                complain(terminal, [news])

    deployed = DeploymentWatch(ecs, run.aws, handle).until_done(told, terminal.pause, seconds)
    is_good = deployed.verdict is (wanted or Verdict.SUCCEEDED)
    code = 0 if is_good else 128 + terminal.signal if terminal.signal else FAILURE
    if not is_good:
        for line in stopped_lines(deployed):
            terminal.say(line)
        complain(terminal, [failure(deployed)])
    if form == "json":
        terminal.result_json(deployed_json(deployed, code, terminal.vault.mask, changed=changed))
    else:
        terminal.result(verdict_text(deployed))
    return code
