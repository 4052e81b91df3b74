"""Whatever is found and whatever people do with the issue: one issue, true to the last check, and no needless word."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from esprestack.reports.drift_issue import Close, Edit, Found, Known, Open, Remark, Reopen, State, decide, marker

MARKER = marker("default", "", "ecschedule.yaml")
START = datetime(2026, 11, 23, 3, tzinfo=UTC)


def found(state: State, hash_: str = "", at: datetime = START, failure: str = "") -> Found:
    text = f"### Drift: x\n\n**drift {hash_}**\n" if state is State.DRIFT else ""
    return Found(MARKER, "Drift: x", state, "c" * 40, "", at, hash_, text, f"counts of {hash_}", failure)


def test_a_marker_cannot_end_its_comment() -> None:
    assert marker("k", "a --> <b>", "x-->y.yaml") == "<!-- esprestack:drift:k:a - -b:x-y.yaml -->"


@dataclass
class World:
    """GitHub, as far as one issue goes."""

    issue: Known | None = None
    remarks: list[str] = field(default_factory=list)
    opened: int = 0

    def carry_out(self, what: Found) -> int:
        """How many writes it took."""
        steps = decide(self.issue, what)
        for step in steps:
            match step:
                case Open(_, body):
                    assert self.issue is None
                    self.issue = Known(1, True, body)
                    self.opened += 1
                case Edit(body):
                    self.issue = replace(self.known, body=body)
                case Remark(text):
                    self.remarks.append(text)
                case Close():
                    assert self.known.is_open
                    self.issue = replace(self.known, is_open=False)
                case Reopen():
                    assert not self.known.is_open
                    self.issue = replace(self.known, is_open=True)
        return len(steps)

    @property
    def known(self) -> Known:
        assert self.issue is not None
        return self.issue


class Life(RuleBasedStateMachine):
    """Checks and people in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.now = START
        self.last: Found | None = None
        self.closed_by_hand = False

    def check(self, what: Found) -> None:
        remarks = len(self.world.remarks)
        before = self.last
        self.world.carry_out(what)
        if before and (before.state, before.plan_hash) == (what.state, what.plan_hash):
            assert len(self.world.remarks) == remarks, "the same finding was told twice"
        assert self.world.carry_out(what) == 0, "a second check at once writes nothing"
        if what.state is not State.FAILED:
            if not (self.closed_by_hand and before and before.plan_hash == what.plan_hash):
                self.closed_by_hand = False
            self.last = what

    @rule(which=st.sampled_from(["a", "b"]), hours=st.integers(1, 30))
    def drift(self, which: str, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.check(found(State.DRIFT, which, self.now))

    @rule()
    def none(self) -> None:
        self.check(found(State.CLEAN, "", self.now))

    @rule(said=st.sampled_from(["no credentials", "a typo"]))
    def error(self, said: str) -> None:
        self.check(found(State.FAILED, "", self.now, said))

    @rule()
    def somebody_closes_it(self) -> None:
        if self.world.issue and self.world.issue.is_open:
            self.world.issue = replace(self.world.issue, is_open=False)
            self.closed_by_hand = True

    @rule()
    def somebody_writes_into_it(self) -> None:
        if self.world.issue:
            self.world.issue = replace(self.world.issue, body=self.world.issue.body + "\r\nI look into it\r\n")

    @invariant()
    def there_is_one_issue_and_it_is_true_to_the_last_check(self) -> None:
        assert self.world.opened <= 1
        if self.last is None or self.world.issue is None or self.closed_by_hand:
            return
        assert self.world.issue.is_open is (self.last.state is State.DRIFT)
        if self.world.issue.is_open:
            assert f"**drift {self.last.plan_hash}**" in self.world.issue.body


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestLife = Life.TestCase


def test_last_checked_is_brought_up_to_date_about_once_a_day() -> None:
    world = World()
    world.carry_out(found(State.DRIFT, "a"))
    assert world.carry_out(found(State.DRIFT, "a", START + timedelta(hours=19))) == 0
    assert world.carry_out(found(State.DRIFT, "a", START + timedelta(hours=21))) == 1
    assert "Last checked 2026-11-24 00:00 UTC" in world.known.body


def test_a_body_that_somebody_emptied_is_written_again() -> None:
    world = World(Known(1, True, "gone"))
    world.carry_out(found(State.DRIFT, "a"))
    assert "**drift a**" in world.known.body
