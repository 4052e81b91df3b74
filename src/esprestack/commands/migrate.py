"""migrate: rules to EventBridge Scheduler, or back, without a missed or doubled run; configs are brought up to date."""

import difflib
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esprestack.config.kind import Kind
from esprestack.errors import Problem, Severity
from esprestack.options import read, run_of, text_or_json, where
from esprestack.terminal import FAILURE, Terminal, complain

if TYPE_CHECKING:
    from esprestack.migrate import Planned
    from esprestack.migration.model import Moved, MoveOptions
    from esprestack.migration.texts import Reader
    from esprestack.run import Run

LATER = 3
"""Exit code: some rules are still to be moved."""
_LONGEST_PAUSE = 30.0
"""Seconds: then the clock is looked at again, which a machine that slept has behind it."""


@click.command()
@where
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="Only this rule; may repeat.")
@click.option("--role", default="", metavar="NAME", help="The role of the moved rules. Default: the config's.")
@click.option(
    "--guard", type=click.IntRange(1, 60), default=5, show_default=True, metavar="MINUTES",
    help="How long AWS may take to act on a change: no rule is switched nearer to one of its runs.",
)  # fmt: skip
@click.option(
    "--wait", type=click.IntRange(0), default=15, show_default=True, metavar="MINUTES",
    help="How long gaps are waited for. What has its gap later is left to the next call (exit code 3).",
)  # fmt: skip
@click.option("--accept-missed-runs", is_flag=True, help="Also move rules of which runs may be missed, as is said.")
@click.option("--rollback", is_flag=True, help="Back to EventBridge's rules.")
@click.option("--dry-run", is_flag=True, help="Show the timetable, change nothing.")
@click.option("--no-write", is_flag=True, help="Print what changes in the configs, and leave the files as they are.")
@click.option("--timezone", default="UTC", show_default=True, help="IANA name of the zone to show times in.")
@text_or_json
@click.pass_obj
def migrate(
    terminal: Terminal,
    /,
    role: str,
    guard: int,
    wait: int,
    accept_missed_runs: bool,
    rollback: bool,
    dry_run: bool,
    no_write: bool,
    timezone: str,
    form: str,
    **given: Any,
) -> int:
    """Move rules to EventBridge Scheduler without a missed or doubled run.

    Each rule is copied as a disabled schedule. In a gap between two of its runs the rule is disabled first, then the
    schedule is enabled. The disabled rule stays, for --rollback, until `apply --prune` deletes it. The config files
    are rewritten with their comments kept. A call that was stopped or killed is gone on with by the next one.
    """
    from esprestack import migrate as job
    from esprestack.migration.model import MoveOptions
    from esprestack.migration.texts import Reader, timetable_text
    from esprestack.rule import Home
    from esprestack.schedule.clocks import zone

    options = MoveOptions(
        Home.RULES if rollback else Home.SCHEDULER, timedelta(minutes=guard), role, accept_missed_runs
    )
    seen_in = zone(timezone)
    run = run_of(terminal.vault, given)
    planned = job.plan(run, options)
    reader = Reader(run.settings.clock(), seen_in)
    if form == "text":
        for item in planned:
            terminal.result(timetable_text(item.path, item.scope, item.moves, item.notes, reader))
    complain(terminal, [problem for item in planned for problem in item.warnings])
    if dry_run:
        return _shown(terminal, planned, options, reader, form)
    return _Migrating(terminal, run, options, reader, form, write=not no_write).carried_out(planned, wait)


def _shown(
    terminal: Terminal, planned: "Sequence[Planned]", options: "MoveOptions", reader: "Reader", form: str
) -> int:
    from esprestack.migration.as_json import migration_json, move_document

    refusals = [problem for item in planned for move in item.moves for problem in move.refusals]
    if form == "json":
        rules = [move_document(item.path, move, reader.now) for item in planned for move in item.moves]
        terminal.result_json(migration_json(options, rules, [], terminal.vault.mask))
    complain(terminal, refusals)
    return FAILURE if refusals else 0


class _Migrating:
    """One migration as it is told."""

    def __init__(
        self, terminal: Terminal, run: "Run", options: "MoveOptions", reader: "Reader", form: str, *, write: bool
    ) -> None:
        self._terminal = terminal
        self._run = run
        self._options = options
        self._reader = reader
        self._form = form
        self._write = write

    def carried_out(self, planned: "Sequence[Planned]", wait: int) -> int:
        """The exit code."""
        from esprestack import migrate as job
        from esprestack.migration.model import News, Step
        from esprestack.migration.switch import Time
        from esprestack.migration.texts import news_text

        terminal, clock = self._terminal, self._run.settings.clock
        terminal.stop_when_asked("stopping between two steps ...")
        time = Time(clock, lambda seconds: terminal.pause(min(seconds, _LONGEST_PAUSE)))
        until = clock() + timedelta(minutes=wait)
        with terminal.progress(sum(move.is_open for item in planned for move in item.moves)) as progress:

            def told(news: News) -> None:
                progress(news_text(news), news.step is Step.SWITCHED)

            results = job.carry_out(self._run, planned, self._options, time, until, told)
        configs = [self._config(item, moved) for item, moved in zip(planned, results, strict=True)]
        return self._told(planned, results, configs)

    def _told(
        self, planned: "Sequence[Planned]", results: "Sequence[Sequence[Moved]]", configs: list[dict[str, Any]]
    ) -> int:
        from esprestack.migration.as_json import migration_json, move_document
        from esprestack.migration.model import Result
        from esprestack.migration.texts import outcome_text

        every = [one for moved in results for one in moved]
        if self._form == "json":
            rules = [
                move_document(item.path, one.move, self._reader.now, one)
                for item, moved in zip(planned, results, strict=True)
                for one in moved
            ]
            self._terminal.result_json(migration_json(self._options, rules, configs, self._terminal.vault.mask))
        else:
            self._terminal.result(outcome_text(every, self._reader))
        complain(self._terminal, [problem for one in every for problem in one.problems])
        if self._terminal.signal:
            return 128 + self._terminal.signal
        found = {one.result for one in every}
        if found & {Result.REFUSED, Result.FAILED} or any(config["failed"] for config in configs):
            return FAILURE
        return LATER if found & {Result.LATER, Result.STOPPED} else 0

    def _config(self, item: "Planned", moved: "Sequence[Moved]") -> dict[str, Any]:
        """Brings one config up to date, and says what became of it."""
        from esprestack import migrate as job

        path = self._run.paths[Kind.RULES][item.at]
        before = read(path, "config")
        done = job.new_text(self._run, item, moved, before, self._options.to)
        changed, failed = done.text != before, ""
        if changed and self._write:
            try:
                _replace(path, done.text)
                self._terminal.say(f"written: {item.path}")
            except OSError as error:
                failed = f"{item.path} can't be written: {error.strerror}"
                complain(self._terminal, [Problem(failed, todo="call this again: what was moved stays moved")])
        elif changed and self._form == "text":
            self._terminal.result(_difference(item.path, before, done.text))
        if done.by_hand:
            what = f"{item.path} can't be rewritten: change it by hand, an apply of it is refused until then"
            complain(self._terminal, [Problem(what, severity=Severity.WARNING)])
        for line in (*done.by_hand, *done.notes):
            self._terminal.say(f"  {line}")
        return {
            "config": item.path,
            "changed": changed,
            "written": changed and self._write and not failed,
            "difference": _difference(item.path, before, done.text),
            "byHand": list(done.by_hand),
            "failed": failed,
        }


def _difference(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _replace(path: Path, text: str) -> None:
    """Writes the file as a whole or not at all: a run that is killed meanwhile leaves the old one. Raises OSError."""
    path = path.resolve()
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_bytes(text.encode())
        new.chmod(path.stat().st_mode)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
