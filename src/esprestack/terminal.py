"""The terminal: stdout is the result, stderr is talk; both through the vault's mask."""

import signal
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from esprestack.errors import Problem, Severity

if TYPE_CHECKING:
    from esprestack.run import Planned
    from esprestack.secrets import Vault

FAILURE, CHANGES = 1, 2
"""Exit codes."""


class Terminal:
    """Where results and talk go."""

    def __init__(self, vault: "Vault") -> None:
        self.vault = vault
        self.verbose = False
        self.colour = False
        self.stop = threading.Event()
        self.signal = 0
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock:
            click.echo(self.vault.mask(text), err=True, color=self.colour)

    def result(self, text: str) -> None:
        click.echo(self.vault.mask(text), nl=False, color=self.colour)

    def result_json(self, text: str) -> None:
        """JSON, whose texts were masked one by one."""
        click.echo(text, nl=False)

    def stop_between_rules(self) -> None:
        """SIGINT and SIGTERM end an apply after the rule in hand; a second one ends it at once."""

        def stopped(number: int, _: object) -> None:
            if self.stop.is_set():
                raise KeyboardInterrupt
            self.signal = number
            self.stop.set()
            self.say("stopping after the rules in hand ...")

        signal.signal(signal.SIGINT, stopped)
        signal.signal(signal.SIGTERM, stopped)


def show_plans(
    terminal: Terminal, command: str, planned: Sequence["Planned"], problems: Sequence[Problem], form: str
) -> None:
    plans = [item.plan for item in planned]
    match form:
        case "markdown":
            from esprestack.reports.markdown import SUMMARY_BYTES, plan_markdown

            terminal.result(plan_markdown(plans, problems, SUMMARY_BYTES, f"esprestack {command}"))
        case "json":
            from esprestack.reports.as_json import report, to_json

            terminal.result_json(to_json(report(command, plans, problems), terminal.vault.mask))
        case _:
            from esprestack.reports.text import plan_text

            terminal.result(plan_text(plans, terminal.colour))


def complain(terminal: Terminal, problems: Sequence[Problem]) -> None:
    """Each problem on a line of its own, warnings as such."""
    for problem in problems:
        code = f" [{problem.code}]" if problem.severity is not Severity.ERROR and problem.code else ""
        terminal.say(f"{'error' if problem.stops else 'warning'}: {problem}{code}")
