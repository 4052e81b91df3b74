"""kill -9 at each call of a migration, before and after AWS has carried it out."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from moto.events.models import events_backends
from tests.aws.account import ACCOUNT, CLUSTER, REGION, Account
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import SERVICES, has_role
from tests.aws.schedule_account import ScheduleAccount, group_of
from tests.aws.test_checks import Things
from tests.support.schedules import Schedules
from tests.support.shaky_front import ShakyFront
from tests.support.zygote import Zygote

pytestmark = pytest.mark.reliability

States = dict[str, tuple[bool | None, bool | None]]
"""Of each rule, whether it is enabled as a rule and as a schedule; None: it isn't there."""
BEFORE: States = {"nightly": (True, None), "off": (False, None)}
MOVED: States = {"nightly": (False, True), "off": (False, False)}
BACK: States = {"nightly": (True, False), "off": (False, False)}


@pytest.fixture(scope="session")
def running_front() -> Iterator[ShakyFront]:
    with ShakyFront() as front:
        yield front


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


class World:
    """A rule that runs, hours from now, and one that is disabled; the config that they are in."""

    def __init__(
        self,
        esprestack: Esprestack,
        folder: Folder,
        account: Account,
        schedules: Schedules,
        front: ShakyFront,
        things: Things,
    ) -> None:
        self.esprestack = esprestack
        self.folder = folder
        self.account = account
        self.schedules = schedules
        self.front = front
        self.things = things
        later = datetime.now(UTC) + timedelta(hours=6)
        self.expression = f"cron({later.minute} {later.hour} * * ? *)"

    def restart(self) -> None:
        self.front.reset()
        self.front.calm()
        self.schedules.reset()
        self.schedules.serve(self.front)
        has_role(self.things, "ecsEventsRole", *SERVICES)
        self.account.has_task_definitions("app")
        for name in BEFORE:
            state = "DISABLED" if name == "off" else "ENABLED"
            self.account.has_rule(name, ScheduleExpression=self.expression, State=state)
        self.folder.config(*(
            a_rule(name, scheduleExpression=self.expression, **({"disabled": True} if name == "off" else {}))
            for name in BEFORE
        ))  # fmt: skip

    def states(self) -> States:
        """The servers' own memory."""
        rules = events_backends[ACCOUNT][REGION].event_buses["default"].rules
        schedules = {name: found["State"] == "ENABLED" for (_, name), found in self.schedules.schedules.items()}
        return {name: (rule.state == "ENABLED", schedules.get(name)) for name, rule in rules.items()}

    def check(self, told: str) -> None:
        """What holds at any moment."""
        for name, (rule, schedule) in self.states().items():
            assert not (rule and schedule), f"{told}: {name} runs in both homes"

    def killed_at(self, zygote: Zygote, number: int, *options: str, answered: bool) -> int:
        """A migration that is killed at a call; its exit code."""
        known, child, seen = threading.Event(), 0, list[str]()

        def send(call: int, after: bool) -> None:
            try:
                self.check(f"killed at {number}, at call {call}")
            except AssertionError as error:
                seen.append(str(error))
            if (call, after) == (number, answered):
                known.wait()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

        self.front.on_call = send
        child = zygote.start(["migrate", *options])
        known.set()
        code = zygote.end()
        self.front.on_call = None
        assert not seen
        return code

    def check_goes_on(self, told: str, wanted: States, *options: str) -> None:
        """Another call of the same command ends what was begun."""
        said = self.esprestack("migrate", *options)
        assert said.code == 0, f"{told}: {said.err}"
        assert self.states() == wanted, told
        assert all(group == group_of(CLUSTER) for group, _ in self.schedules.schedules), told
        text = (self.folder.path / "ecschedule.yaml").read_text()
        assert ("backend: scheduler" in text) == (wanted is MOVED), told
        assert not list(self.folder.path.glob(".*")), told


@pytest.fixture
def world(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    scheduled: ScheduleAccount,
    running_front: ShakyFront,
    things: Things,
) -> World:
    return World(esprestack, folder, account, scheduled.schedules, running_front, things)


@pytest.mark.parametrize("answered", [False, True], ids=["unanswered", "answered"])
def test_a_migration_that_is_killed_at_any_call_never_runs_a_rule_twice_and_the_next_one_ends_it(
    world: World, zygote: Zygote, answered: bool
) -> None:
    kills = between = 0
    for number in range(100):
        world.restart()
        code = world.killed_at(zygote, number, answered=answered)
        if code == 0:  # it ended before this call, or just after its last one
            break
        assert code == -signal.SIGKILL
        kills += 1
        between += world.states()["nightly"] == (False, False)
        world.check_goes_on(f"killed at call {number}", MOVED)
    assert world.states() == MOVED
    print(f"{kills} kills")
    assert kills > 20
    assert between >= 2, "between DisableRule and the schedule's beginning"


def test_a_way_back_that_is_killed_at_any_call_never_runs_a_rule_twice_and_the_next_one_ends_it(
    world: World, zygote: Zygote
) -> None:
    kills = 0
    for number in range(100):
        world.restart()
        world.check_goes_on("moved", MOVED)
        world.front.calm()
        code = world.killed_at(zygote, number, "--rollback", answered=True)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        world.check_goes_on(f"killed at call {number}", BACK, "--rollback")
    assert world.states() == BACK
    print(f"{kills} kills")
    assert kills > 15
