"""The terminal: stdout is the result, stderr is talk; both through the vault's mask."""

import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from esprestack.errors import Problem, Severity

if TYPE_CHECKING:
    from esprestack.jobs import AnyPlanned
    from esprestack.secrets import Vault

FAILURE, CHANGES = 1, 2
"""Exit codes."""
_EXAMPLES = 5
"""Places of one and the same problem that are told."""
_WIDTH = 30
"""Characters of a bar."""


class Terminal:
    """Where results and talk go."""

    def __init__(self, vault: "Vault") -> None:
        self.vault = vault
        self.verbose = False
        self.colour = False
        self.stop = threading.Event()
        self.signal = 0
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._bar = ""

    def say(self, text: str) -> None:
        with self._lock:
            if self._bar:
                click.echo("\r\033[K", nl=False, err=True)
            click.echo(self.vault.mask(text), err=True, color=self.colour)
            if self._bar:
                click.echo(self._bar, nl=False, err=True)

    def say_lines(self, text: str) -> None:
        """Text that ends its last line itself, as talk."""
        self.say(text.removesuffix("\n"))

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[str, bool], None]]:
        """`progress(line, counts)` says a line; below the lines a bar counts the things done, on a terminal."""
        done = 0

        def told(line: str, counts: bool) -> None:
            nonlocal done
            with self._counting:
                done += counts
                self._bar = _bar(done, total) if total > 1 and sys.stderr.isatty() else ""
                self.say(line)

        try:
            yield told
        finally:
            if self._bar:
                self._bar = ""
                click.echo("\r\033[K", nl=False, err=True)

    def result(self, text: str) -> None:
        click.echo(self.vault.mask(text), nl=False, color=self.colour)

    def result_json(self, text: str) -> None:
        """JSON, whose texts were masked one by one."""
        click.echo(text, nl=False)

    def stop_between_rules(self) -> None:
        """SIGINT and SIGTERM end an apply after the rule in hand; a second one ends it at once."""
        self.stop_when_asked("stopping after the rules in hand ...")

    def stop_when_asked(self, said: str) -> None:
        """SIGINT and SIGTERM set `stop`, which `said` tells; a second one ends everything at once."""

        def stopped(number: int, _: object) -> None:
            if self.stop.is_set():
                raise KeyboardInterrupt
            self.signal = number
            self.stop.set()
            self.say(said)

        signal.signal(signal.SIGINT, stopped)
        signal.signal(signal.SIGTERM, stopped)

    def pause(self, seconds: float) -> bool:
        """Passes so many seconds, or fewer if a signal asks to stop; whether one did."""
        return self.stop.wait(seconds)


def _bar(done: int, total: int) -> str:
    full = min(_WIDTH, _WIDTH * done // total)
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {min(done, total)} of {total}"


def show_plans(
    terminal: Terminal, command: str, planned: Sequence["AnyPlanned"], problems: Sequence[Problem], form: str
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
    """Each problem on a line of its own, warnings as such; of one that many places share the first few."""
    shared = Counter((problem.what, problem.todo) for problem in problems)
    told: Counter[tuple[str, str]] = Counter()
    for problem in problems:
        same = problem.what, problem.todo
        told[same] += 1
        more = shared[same] - _EXAMPLES
        if more > 0 and told[same] > _EXAMPLES:
            if told[same] == shared[same]:
                terminal.say(f"  the same at {more} more place{'' if more == 1 else 's'}, the last is {problem.where}")
            continue
        code = f" [{problem.code}]" if problem.severity is not Severity.ERROR and problem.code else ""
        terminal.say(f"{'error' if problem.stops else 'warning'}: {problem}{code}")
