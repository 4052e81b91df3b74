"""Moves carried out: copies first, then each rule is switched in its own gap; many wait side by side.

In: moves and the homes of each; out: what became of each. A run that was killed is gone on with by the next one: what
AWS has is all that is remembered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from esprestack.backends.base import Switch, Write, Writer
from esprestack.errors import AwsError, Problem
from esprestack.migration.model import Move, Moved, News, Result, Step
from esprestack.migration.pairs import Pair, Stage
from esprestack.migration.switch import READ_BACK, SwitchError, Switching, Time
from esprestack.migration.timing import recheck
from esprestack.plan.compare import Veil, compare
from esprestack.plan.make import as_it_starts
from esprestack.rule import LiveRule, Scope

_FIRST_WAIT = 0.5
"""Seconds; doubled for each further one."""

Told: TypeAlias = Callable[[News], None]


class Homes(Writer, Switch, Protocol):
    """Both homes of rules, as one backend."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the rules of one config live, and how they are read again. `read` may raise AwsError."""

    homes: Homes
    scope: Scope
    read: Callable[[Sequence[str]], Mapping[str, Pair]]


@dataclass(slots=True)
class _Task:
    """One move under way."""

    site: Site
    move: Move
    wake: datetime
    """When there is something to do for it."""
    moved: Moved | None = None
    """What became of it, once that is known."""
    held: Switching | None = None
    """While it runs in neither home, because the old one may still start what is due."""
    doubt: str = ""
    """In what its copy isn't yet as it was written."""


class Moving:
    """One migration. `time` passes in it; gaps that open after `until` are left to the next one."""

    def __init__(self, time: Time, guard: timedelta, until: datetime, told: Told, veil: Veil) -> None:
        self._time = time
        self._guard = guard
        self._until = until
        self._told = told
        self._veil = veil
        self._is_over = False
        """No later call can succeed."""

    def carry_out(self, work: Sequence[tuple[Site, Move]]) -> list[Moved]:
        """What became of each move, in their order. What runs nowhere comes first."""
        now = self._time.now()
        tasks = [_Task(site, move, now, self._closed(move)) for site, move in work]
        self._finish(tasks)
        self._copy(_open(tasks))
        self._confirm(_open(tasks))
        self._switch_all(tasks)
        for task in _open(tasks):
            self._release(task)
        return [task.moved or Moved(task.move, Result.STOPPED) for task in tasks]

    def _closed(self, move: Move) -> Moved | None:
        """What becomes of a move that needs no call."""
        if move.refusals:
            return Moved(move, Result.REFUSED, problems=move.refusals)
        if not move.is_open:
            return Moved(move, Result.MOVED, move.destination.rule if move.destination else None)
        if move.gap and move.gap.opens > self._until:
            return Moved(move, Result.LATER, gap=move.gap)
        return None

    def _stopped(self) -> bool:
        return self._is_over or self._time.pause(0)

    # -- copies ------------------------------------------------------------------------------------------------

    def _finish(self, tasks: Sequence[_Task]) -> None:
        """Begins what is disabled in both homes."""
        for task in _open(tasks):
            if task.move.stage is Stage.NOWHERE and not self._stopped():
                switching = self._switching(task)
                self._begin_at(switching.resume(), task, switching)

    def _copy(self, tasks: Sequence[_Task]) -> None:
        for task in tasks:
            move = task.move
            if self._stopped():
                return
            if move.copy is None or not self._differs(task, move.destination):
                continue
            try:
                task.site.homes.write(Write(move.name, move.destination, move.copy))
            except AwsError as error:
                first = error.problems[0]
                self._fail(task, f"couldn't be copied: {first.what}", first.todo, final=error.final)
            else:
                self._told(News(move, Step.COPIED))

    def _confirm(self, tasks: Sequence[_Task]) -> None:
        """Reads the copies back. Of a rule that isn't to run, that is all."""
        deadline, wait = self._time.now() + READ_BACK, _FIRST_WAIT
        while tasks and not self._stopped():
            for task, pair in self._read(tasks):
                task.doubt = self._differs(task, pair.of(task.move.to))
                if not task.doubt and not task.move.enabled:
                    task.moved = Moved(task.move, Result.MOVED, task.move.copy)
            tasks = [task for task in _open(tasks) if task.doubt]
            if tasks and self._time.now() + timedelta(seconds=wait) > deadline:
                for task in tasks:
                    self._fail(task, f"was copied, but AWS says otherwise in {task.doubt}", "call this again")
            elif tasks:
                self._time.pause(wait)
                wait *= 2
            tasks = _open(tasks)

    def _differs(self, task: _Task, found: LiveRule | None) -> str:
        """In what the other home doesn't have the copy; empty where it has."""
        if found is None or task.move.copy is None:
            return "being there"
        copy = as_it_starts(task.move.copy, found, self._time.now())
        return ", ".join(field.path for field in compare(found, copy, task.site.scope, self._veil).fields)

    def _read(self, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, Pair]]:
        """The tasks with what AWS has now; one reading for each config. Where that fails nothing is changed."""
        for site in {id(task.site): task.site for task in tasks}.values():
            of_site = [task for task in tasks if task.site is site]
            try:
                found = site.read([task.move.name for task in of_site])
            except AwsError as error:
                first = error.problems[0]
                for task in of_site:
                    self._fail(task, f"couldn't be read again: {first.what}", first.todo, final=error.final)
                continue
            yield from ((task, found[task.move.name]) for task in of_site)

    # -- switches ----------------------------------------------------------------------------------------------

    def _switch_all(self, tasks: Sequence[_Task]) -> None:
        while (waiting := _open(tasks)) and not self._stopped():
            now = self._time.now()
            for task in waiting:
                if task.held and task.wake <= now:
                    self._begin(task, task.held.begin_after_waiting)
            ready = [task for task in _open(waiting) if not task.held and task.wake <= now and self._is_ready(task)]
            for task, pair in self._read(ready):
                if not self._stopped() and self._is_ready(task):
                    self._switch(task, pair)
            if waiting := _open(tasks):
                seconds = (min(task.wake for task in waiting) - self._time.now()).total_seconds()
                if seconds > 0:
                    self._time.pause(seconds)

    def _is_ready(self, task: _Task) -> bool:
        """Whether its gap is open; if it isn't, it waits for the next one, or is left to the next migration."""
        move, now = task.move, self._time.now()
        gap = recheck(move.times, now, move.calm)
        if gap is None:
            self._fail(task, "has no gap any more", "call this again")
            return False
        if gap.opens <= now:
            return True
        if gap.opens > self._until:
            task.moved = Moved(move, Result.LATER, gap=gap)
            return False
        task.wake = gap.opens
        self._told(News(move, Step.WAITS, gap.opens))
        return False

    def _switch(self, task: _Task, pair: Pair) -> None:
        """Of a rule that was read just now."""
        move = task.move
        stage = pair.stage(move.to, enabled=move.enabled)
        if stage is Stage.MOVED:  # somebody else was faster
            found = pair.of(move.to)
            task.moved = Moved(move, Result.MOVED, found.rule if found else None)
            return
        source = pair.of(move.to.other)
        if stage is not Stage.COPIED or not source or not move.source or self._differs(task, pair.of(move.to)):
            self._fail(task, "was changed meanwhile", "call this again")
            return
        if replace(source.rule, rule_tags=None) != replace(move.source.rule, rule_tags=None):
            self._fail(task, "was changed meanwhile", "call this again")
            return
        switching = self._switching(task)
        try:
            begin = switching.end()
        except SwitchError as error:
            self._failed(task, error)
            return
        self._begin_at(begin, task, switching)

    def _begin_at(self, begin: datetime, task: _Task, switching: Switching) -> None:
        if begin <= self._time.now():
            self._begin(task, switching.begin)
        else:
            task.held, task.wake = switching, begin
            self._told(News(task.move, Step.HELD, begin))

    def _switching(self, task: _Task) -> Switching:
        return Switching(task.move, task.site.homes, self._time, self._guard, self._veil.vault.open)

    def _begin(self, task: _Task, begin: Callable[[], Moved]) -> None:
        task.held = None
        try:
            task.moved = begin()
        except SwitchError as error:
            self._failed(task, error)
        else:
            self._told(News(task.move, Step.SWITCHED))

    def _release(self, task: _Task) -> None:
        """What the run leaves when it is stopped: what it took from the old home goes back there."""
        todo = f"call this again at once: {task.move.command}"
        if task.move.stage is Stage.NOWHERE:
            self._fail(task, "RUNS NOWHERE NOW, as it did before this call", todo)
            return
        if task.held is None:
            return
        try:
            if task.held.is_begun():
                self._fail(task, "was begun by somebody else meanwhile", "call this again")
                return
            task.held.put_back()
        except AwsError as error:
            self._fail(task, f"RUNS NOWHERE NOW: {error.problems[0].what}", todo)
        else:
            self._told(News(task.move, Step.PUT_BACK))

    def _failed(self, task: _Task, error: SwitchError) -> None:
        self._is_over |= error.final
        task.moved = Moved(task.move, Result.FAILED, problems=(error.problem,))

    def _fail(self, task: _Task, what: str, todo: str = "", *, final: bool = False) -> None:
        self._is_over |= final
        problem = Problem(f"`{task.move.name}` {what}", task.move.where, todo)
        task.moved = Moved(task.move, Result.FAILED, problems=(problem,))


def _open(tasks: Sequence[_Task]) -> list[_Task]:
    return [task for task in tasks if task.moved is None]
