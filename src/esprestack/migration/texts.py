"""A migration for a terminal: the timetable of its moves, its news, and what became of each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import zip_longest

from esprestack.migration.model import Move, Moved, News, Result, Step
from esprestack.migration.pairs import Stage
from esprestack.rule import Home, Scope

_KIND = {Home.RULES: "rule", Home.SCHEDULER: "schedule"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the timetable: when, and in which time zone."""

    now: datetime
    zone: tzinfo = UTC

    def shown(self, moment: datetime | None) -> str:
        """`Tue 2026-03-03 04:00 CET`; empty for none."""
        return f"{moment.astimezone(self.zone):%a %Y-%m-%d %H:%M %Z}" if moment else ""


def timetable_text(config: str, scope: Scope, moves: Sequence[Move], notes: Sequence[str], reader: Reader) -> str:
    """One config's moves as a table: where each rule is, its last and next run, and when it would be switched."""
    lines = [f"{config}: cluster {scope.cluster}, {scope.region}, account {scope.account}"]
    rows = [["rule", "now", "last run", "next run", "switched"], *(_row(move, reader) for move in moves)]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += table if moves else ["nothing to move"]
    lines += [line for move in moves for line in _remarks(move)]
    lines += [f"note: {note}" for note in notes]
    return "\n".join(lines) + "\n\n"


def _row(move: Move, reader: Reader) -> list[str]:
    coming = next(move.times.runs(reader.now), None) if move.times and move.enabled else None
    known = move.times is not None and move.enabled
    return [
        move.name,
        _now(move),
        reader.shown(move.last) or ("none lately" if known else ""),
        reader.shown(coming) or ("none" if known else ""),
        _when(move, reader),
    ]


def _now(move: Move) -> str:
    match move.stage:
        case Stage.NOT_BEGUN | Stage.COPIED if not move.enabled:
            return f"{_KIND[move.to.other]}, disabled"
        case Stage.NOT_BEGUN:
            return _KIND[move.to.other]
        case Stage.COPIED:
            return f"{_KIND[move.to.other]}; {move.stage}"
        case Stage.MOVED:
            return _KIND[move.to]
        case _:
            return str(move.stage)


def _when(move: Move, reader: Reader) -> str:
    if move.refusals:
        return "refused"
    if move.stage is Stage.MOVED:
        return "moved already"
    if move.stage is Stage.NOWHERE:
        return "at once"
    if not move.enabled:
        return "only copied, it is disabled"
    if move.gap is None or move.gap.opens <= reader.now:
        until = f", until {reader.shown(move.gap.closes)}" if move.gap and move.gap.closes else ""
        return f"at once{until}"
    until = f" until {reader.shown(move.gap.closes)}" if move.gap.closes else ""
    return f"{reader.shown(move.gap.opens)}{until}"


def _remarks(move: Move) -> Iterator[str]:
    for problem in move.refusals:
        yield f"refused: {problem.what}"
    if move.risk and not move.refusals:
        yield f"RISK: `{move.name}` {move.risk}"
    for note in move.notes:
        yield f"note: `{move.name}`: {note}"


def news_text(news: News) -> str:
    """One line of one rule's way."""
    name, to = news.move.name, _KIND[news.move.to]
    until = f"{news.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if news.until else ""
    match news.step:
        case Step.COPIED:
            return f"copied: {name} as a {to}, disabled"
        case Step.WAITS:
            return f"waiting: {name} until {until}, away from its runs"
        case Step.HELD:
            return f"held: {name} runs in neither home until {until}, so that nothing is doubled"
        case Step.SWITCHED:
            return f"switched: {name} runs as a {to} now"
        case Step.PUT_BACK:
            return f"put back: {name} runs as a {_KIND[news.move.to.other]} as before"


def outcome_text(results: Sequence[Moved], reader: Reader) -> str:
    """What is left to the next call, and how many rules came how far."""
    lines = [
        f"later: {moved.move.name}, {reader.shown(moved.gap.opens)}"
        for moved in results
        if moved.result is Result.LATER and moved.gap
    ]
    counted = Counter("moved before" if _was_there(moved) else str(moved.result) for moved in results)
    said = ", ".join(f"{count} {what}" for what, count in counted.items())
    return "\n".join([*lines, f"Migrated: {said}" if said else "Nothing to move"]) + "\n"


def _was_there(moved: Moved) -> bool:
    return moved.result is Result.MOVED and moved.move.stage is Stage.MOVED
