"""One rule switched from one home to the other: ended in the old one first, so that it can be missed and not doubled.

In: a move whose copy is there; out: calls, and what became of it. Nothing is remembered but what AWS itself has.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from esprestack.backends.base import Switch
from esprestack.errors import Again, AwsError, Problem, Severity
from esprestack.migration.gap import due_until, may_begin
from esprestack.migration.model import Move, Moved, Result
from esprestack.migration.timing import first_start
from esprestack.rule import Home, Rule
from esprestack.schedule import Dialect, Rate, parse

READ_BACK = timedelta(seconds=15)
"""How long AWS may take until a read says what was written."""
_FIRST_WAIT = 0.5
"""Seconds; doubled for each further one."""

_RUNS_AS = {Home.RULES: "as a rule", Home.SCHEDULER: "as a schedule"}


@dataclass(frozen=True, slots=True)
class Time:
    """What time it is, and how it passes: `pause` waits so many seconds, or until somebody asks to stop; whether so."""

    now: Callable[[], datetime]
    pause: Callable[[float], bool]


class SwitchError(Exception):
    """A switch that didn't come to its end; `problem` says where the rule runs now."""

    def __init__(self, problem: Problem, final: bool = False) -> None:
        super().__init__(problem.what)
        self.problem = problem
        self.final = final


class Switching:
    """The switch of one rule. Its methods raise SwitchError."""

    def __init__(
        self, move: Move, homes: Switch, time: Time, guard: timedelta, open_seals: Callable[[str], str]
    ) -> None:
        if move.copy is None or move.source is None:
            raise ValueError("a move without a copy has nothing to switch")
        self.move = move
        self._source = move.source.rule
        self._copy = move.copy
        self._homes = homes
        self._time = time
        self._guard = guard
        self._open = open_seals
        self.ended: datetime | None = None
        """Since when it is disabled in its old home; a guard later nothing starts there any more."""

    def end(self) -> datetime:
        """Disables it in its old home; from when on it may begin in the new one."""
        try:
            self._homes.disable(self._source)
        except AwsError as error:
            if error.again is not Again.TRANSIENT:
                raise SwitchError(self._failed(error.problems[0], self._still()), error.final) from None
            raise self._ended_in_vain(error.problems[0], error.final) from None  # the answer was lost, or the call
        self.ended = self._time.now()
        try:
            ended = self._confirmed(self._source, enabled=False)
        except AwsError as error:
            raise self._ended_in_vain(error.problems[0], error.final) from None
        if not ended:
            what = "AWS took the change, and goes on saying that it is enabled"
            raise self._ended_in_vain(Problem(what, todo="does something else write it?"))
        times, now = self.move.times, self._time.now()
        return may_begin(times, self.ended, now, self._guard) if times else now

    def resume(self) -> datetime:
        """Of a rule that is disabled in its old home already, nobody knows since when: from when on it may begin.

        One that has gaps was disabled in one. What any other may still start is left to it: missed, never doubled.
        """
        times, now = self.move.times, self._time.now()
        if times is None or self.move.calm:
            return now
        self.ended = now
        return may_begin(times, now, now, self._guard)

    def begin(self) -> Moved:
        """Enables it in its new home."""
        rule = self._begun()
        try:
            self._homes.enable(rule)
        except AwsError as error:
            raise self._begun_in_vain(error) from None
        now = self._time.now()
        try:
            why = "" if self._confirmed(rule, enabled=True) else "AWS goes on saying that it is disabled"
        except AwsError as error:
            why = error.problems[0].what
        if why:
            what = f"the change was taken, but couldn't be read back: {why}"
            state = f"it should run {_RUNS_AS[rule.home]} now: {self._again()}"
            raise SwitchError(self._failed(Problem(what), state))
        return Moved(self.move, Result.MOVED, rule, self._late(now), at=now)

    def begin_after_waiting(self) -> Moved:
        """The same, unless somebody has enabled it in its old home meanwhile: an apply of the old config does."""
        try:
            is_back = self._homes.is_enabled(self._source)
        except AwsError as error:
            state = f"IT RUNS NOWHERE NOW: {self._again()}"
            raise SwitchError(self._failed(error.problems[0], state), error.final) from None
        if is_back:
            what = "somebody has enabled it again meanwhile"
            raise SwitchError(self._failed(Problem(what, todo="call this again"), self._still()))
        return self.begin()

    def put_back(self) -> None:
        """Enables it in its old home again, which is where it was: the new one has not begun. Raises AwsError."""
        self._homes.enable(self._source)

    def is_begun(self) -> bool:
        """Whether somebody else has enabled it in its new home. Raises AwsError."""
        return self._homes.is_enabled(self._copy)

    # -- what it is made of ------------------------------------------------------------------------------------

    def _begun(self) -> Rule:
        """The copy as it begins now: a rate with its next run, which lies ahead."""
        rule, now = replace(self._copy, enabled=True), self._time.now()
        if rule.home is Home.RULES:
            return rule
        schedule = parse(self._open(rule.schedule_expression), Dialect.SCHEDULER)
        if not isinstance(schedule, Rate):
            return rule
        begin = self._copy.timing.start
        is_known = self.move.times is not None or self.ended is None
        start = schedule.next_after(now, anchor=begin) if begin and is_known else None
        start = start or first_start(schedule, self.ended or now, self._guard)
        return replace(rule, timing=replace(rule.timing, start=start))

    def _late(self, begun: datetime) -> tuple[Problem, ...]:
        """The warning for a run that is due so early that AWS may not have acted on the last change by then."""
        times = self.move.times
        if self.move.risk or times is None or self.ended is None:
            return ()
        runs = due_until(times, self.ended, begun + self._guard)
        if not runs:
            return ()
        moments = ", ".join(f"{run:%Y-%m-%d %H:%M}" for run in runs)
        what = f"`{self.move.name}` may have missed what is due at {moments} UTC: AWS took so long to answer"
        return (Problem(what, self.move.where, "look whether it ran", severity=Severity.WARNING),)

    def _confirmed(self, rule: Rule, *, enabled: bool) -> bool:
        """Whether AWS says so in time. Raises AwsError."""
        deadline, wait = self._time.now() + READ_BACK, _FIRST_WAIT
        while self._homes.is_enabled(rule) is not enabled:
            if self._time.now() + timedelta(seconds=wait) > deadline:
                return False
            if self._time.pause(wait):
                return self._homes.is_enabled(rule) is enabled
            wait *= 2
        return True

    # -- when it fails -----------------------------------------------------------------------------------------

    def _ended_in_vain(self, why: Problem, final: bool = False) -> SwitchError:
        """The error for a switch that stopped half-way, with the rule back in its old home where that can be done."""
        try:
            self.put_back()
        except AwsError:
            return SwitchError(self._failed(why, f"IT MAY RUN NOWHERE NOW: {self._again()}"), final)
        return SwitchError(self._failed(why, self._still()), final)

    def _begun_in_vain(self, error: AwsError) -> SwitchError:
        """The same, where the new home didn't take it. If its answer was lost, it may have: it is disabled first.

        What is due while it may still run there is then left to nobody: the old home would double it.
        """
        first = error.problems[0]
        if error.again is Again.TRANSIENT:
            try:
                self._homes.disable(self._copy)
            except AwsError:
                doubt = f"whether it runs {_RUNS_AS[self.move.to]} or nowhere isn't known: {self._again()}"
                return SwitchError(self._failed(first, doubt), error.final)
            times, now = self.move.times, self._time.now()
            if times and due_until(times, now, now + self._guard):
                return SwitchError(self._failed(first, f"IT RUNS NOWHERE NOW: {self._again()}"), error.final)
        return self._ended_in_vain(first, error.final)

    def _failed(self, why: Problem, state: str) -> Problem:
        what = f"`{self.move.name}` couldn't be switched: {why.what}; {state}"
        return Problem(what, self.move.where, why.todo)

    def _still(self) -> str:
        return f"it runs {_RUNS_AS[self.move.to.other]} as before"

    def _again(self) -> str:
        return f"call this again at once: {self.move.command}"
