"""Over a thousand random rules moved by the command itself, killed at random calls, while a simulated EventBridge and
Scheduler start what is due: no run is missed or doubled, but where that was told beforehand.

Each test prints what it saw: `pytest -m reliability -rP tests/aws/migration/test_simulation.py`.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Lock
from typing import Any

import pytest
from tests.aws.account import Account, a_target
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import Tasks, Time
from tests.aws.migration.simulation import MINUTE, Bus, KilledError, a_moment, an_expression
from tests.support.aws_front import AwsFront

from esprestack import aws
from esprestack.rule import Home
from esprestack.schedule import Rate, parse

pytestmark = pytest.mark.reliability

WORLDS, RULES = 26, 40
MOST_CALLS, MOST_KILLS = 30, 3
READS = ("describe", "get", "list")
_RISK = re.compile(r"^RISK: `(r\d\d)` (.*)$", re.MULTILINE)
_NOWHERE = re.compile(r"^(r\d\d) +IT RUNS NOWHERE NOW", re.MULTILINE)
_WARNED = re.compile(r"`(r\d\d)` may have missed what is due")
_UP_TO = re.compile(r"up to (\d+) run|(one) run")


@dataclass(slots=True)
class Told:
    """What was said of one rule before anything was done, and what of a move that was killed."""

    missed: int | None = 0
    """Of so many runs it was said that they may be missed; None: its next run comes when AWS likes."""
    between: bool = False
    """It was found in neither home."""
    warned: bool = False

    def and_then(self, later: "Told") -> "Told":
        missed = None if self.missed is None or later.missed is None else self.missed + later.missed
        return Told(missed, self.between or later.between, self.warned or later.warned)


@dataclass(slots=True)
class World:
    """One account on its clock."""

    seed: int
    time: Time
    chance: random.Random
    guard: int
    bus: Bus
    kill_at: int | None = None
    """After how many more moments before and after a write the command is killed; None: it isn't."""
    kills: int = 0
    told: dict[str, Told] = field(default_factory=lambda: defaultdict(Told))
    """Of the move that is under way."""
    told_before: dict[str, Told] = field(default_factory=lambda: defaultdict(Told))
    lock: Lock = field(default_factory=Lock)

    def before(self, operation: str) -> None:
        """Reads are many at once, so chance has no part in them."""
        with self.lock:
            is_read = operation.startswith(READS)
            self.time.now += timedelta(seconds=0.02 if is_read else self.chance.choice((0.05, 0.2, 1.0, 4.0)))
        if not is_read:
            self.die_in_turn()

    def after(self, operation: str, given: Mapping[str, Any]) -> None:
        if operation.startswith(READS):
            return
        with self.lock:
            self.bus.write(self.time.now, operation, given)
            self.time.now += timedelta(seconds=0.1)
        self.die_in_turn()

    def die_in_turn(self) -> None:
        if self.kill_at is None:
            return
        self.kill_at -= 1
        if self.kill_at < 0:
            self.kill_at = None
            self.kills += 1
            raise KilledError


@pytest.fixture(params=range(WORLDS))
def world(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    migrate: Esprestack,
    time: Time,
    account: Account,
    folder: Folder,
    tasks: Tasks,
    front: AwsFront,
) -> World:
    chance = random.Random(request.param)  # noqa: S311 - the same each time
    time.now = a_moment(chance)
    guard = chance.choice((2, 5, 5, 8))
    bus = Bus(time.now, timedelta(minutes=guard), chance)
    found = World(request.param, time, chance, guard, bus)
    real = aws.Aws.call

    def call(client: aws.Aws, service: str, operation: str, /, **given: Any) -> Any:
        found.before(operation)
        if operation == "list_tasks":
            remembers(tasks, bus, time.now)
        answer = real(client, service, operation, **given)
        found.after(operation, given)
        return answer

    monkeypatch.setattr(aws.Aws, "call", call)
    monkeypatch.setattr(aws, "_QUOTA", 1e9)
    monkeypatch.setattr(aws, "_QUOTAS", {})
    front.play("ListTargetsByRule", lambda asked: {"Targets": [a_target(asked["Rule"])]}, service="events")
    rules = []
    for number in range(RULES):
        name, expression = f"r{number:02}", an_expression(chance, time.now)
        runs = chance.random() > 0.1
        bus.has_rule(name, expression, time.now - timedelta(seconds=chance.randrange(3600, 300_000)), runs=runs)
        account.has_rule(name, ScheduleExpression=expression, State="ENABLED" if runs else "DISABLED")
        rules.append(a_rule(name, scheduleExpression=expression, **({} if runs else {"disabled": True})))
    folder.config(*rules, **({"backend": "scheduler"} if chance.random() < 0.2 else {}))
    return found


def remembers(tasks: Tasks, bus: Bus, now: datetime) -> None:
    """ECS knows the tasks of the last hour."""
    tasks.tasks.clear()
    for name, expression in bus.expressions.items():
        if expression.startswith("rate("):
            moments = bus.rate_starts(name, Home.RULES, now - timedelta(minutes=62), now)
            tasks.started(name, *(moment + timedelta(seconds=1) for moment in moments))


def listen(world: World, said: str) -> None:
    """What a call, however it ended, said of its rules."""
    for name, risk in _RISK.findall(said):
        told, number = world.told[name], _UP_TO.search(risk)
        told.missed = max(told.missed, int(number[1] or 1)) if number and told.missed is not None else None
    for name in _NOWHERE.findall(said):
        world.told[name].between = True
    for name in _WARNED.findall(said):
        world.told[name].warned = True


def moved(world: World, migrate: Esprestack, capsys: pytest.CaptureFixture[str], *options: str) -> None:
    """Moves all rules, however often that has to be tried, and passes an hour or a part of one in between."""
    chance = world.chance
    asked = ("--guard", str(world.guard), *options)
    listen(world, migrate(*asked, "--dry-run").out)
    for attempt in range(MOST_CALLS):
        if attempt < MOST_KILLS and chance.random() < 0.9:
            world.kill_at = chance.randrange(3 * RULES)
        wait = chance.choice((30, 1500, 3000))
        try:
            said = migrate(*asked, "--wait", str(wait))
        except KilledError:
            listen(world, capsys.readouterr().out)
            world.time.now += timedelta(seconds=chance.choice((5, 60, 200, chance.randrange(7200))))
            continue
        world.kill_at = None
        listen(world, said.out + said.err)
        assert " failed" not in said.out, said.err
        last = said.out.splitlines()[-1]
        if " later" not in last:
            assert said.code == 0 or " refused" in last, said.err
            return
        world.time.now += timedelta(seconds=chance.randrange(7200))
    pytest.fail(f"seed {world.seed}: not moved in {MOST_CALLS} calls")


def test_no_run_is_missed_or_doubled_but_where_it_was_told(
    world: World, migrate: Esprestack, capsys: pytest.CaptureFixture[str]
) -> None:
    accept = ["--accept-missed-runs"] if world.chance.random() < 0.6 else []
    moved(world, migrate, capsys, *accept)
    if world.chance.random() < 0.3:
        world.time.now += timedelta(hours=1)
        world.told_before, world.told = world.told, defaultdict(Told)
        moved(world, migrate, capsys, "--rollback", *accept)
    end = world.time.now + timedelta(hours=30)
    seen = Counter(rules=RULES, kills=world.kills)
    for name, expression in world.bus.expressions.items():
        seen["moved"] += any(change.runs for change in world.bus.acting[name, Home.SCHEDULER].changes)
        whole = f"seed {world.seed}: {name} {expression}, guard {world.guard}"
        told = world.told_before[name].and_then(world.told[name])
        if not world.bus.acting[name, Home.RULES].changes[0].runs:
            assert not any(change.runs for home in Home for change in world.bus.acting[name, home].changes), whole
            seen["disabled"] += 1
        elif isinstance(parse(expression), Rate):
            seen += check_rate(world, name, told, end, whole)
        else:
            seen += check_cron(world, name, told, end, whole)
    print(f"seed {world.seed}:", *(f"{key}={count}" for key, count in sorted(seen.items())))


def check_cron(world: World, name: str, told: Told, end: datetime, whole: str) -> Counter[str]:
    starts = world.bus.starts(name, end)
    missed = [run for run, count in starts.items() if not count]
    assert max(starts.values(), default=1) <= 1, (
        f"{whole}: doubled {[run for run, count in starts.items() if count > 1]}"
    )
    if not told.between and not told.warned:
        assert told.missed is None or len(missed) <= told.missed, f"{whole}: missed {missed}, told {told}"
    return tallied(len(starts), len(missed), told)


def check_rate(world: World, name: str, told: Told, end: datetime, whole: str) -> Counter[str]:
    schedule = parse(world.bus.expressions[name])
    assert isinstance(schedule, Rate)
    bus, period = world.bus, schedule.period
    starts = sorted(moment for home in Home for moment in bus.rate_starts(name, home, bus.begin, end))
    apart = [later - earlier for earlier, later in pairwise(starts)]
    shortest, longest = min(apart, default=period), max(apart, default=period)
    if told.missed is not None:
        assert shortest >= period - MINUTE, f"{whole}: doubled, {shortest} apart"
    if told.missed == 0 and not told.between and not told.warned:
        assert longest <= period + MINUTE, f"{whole}: missed, {longest} apart"
    missed = max(round(longest / period) - 1, 0)
    if told.missed and not told.between:
        assert missed <= told.missed + 1, f"{whole}: missed {missed}, told {told}"
    return tallied(len(starts), missed, told)


def tallied(runs: int, missed: int, told: Told) -> Counter[str]:
    why = "after-kill" if told.between else "warned" if told.warned else "told"
    return Counter({"runs": runs, f"missed-{why}": missed, "risky": int(told.missed != 0)})
