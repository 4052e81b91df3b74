"""One AWS on loopback for each worker, emptied for each test, and the program's command line before it."""

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple, TypeAlias

import botocore.session
import pytest
from tests.aws.account import Account
from tests.aws.configs import Folder
from tests.aws.running import Clock, Logs
from tests.aws.schedule_account import ScheduleAccount
from tests.support.aws_front import AwsFront
from tests.support.ecs_tasks import PENDING, RUNNING, EcsTasks, stopped
from tests.support.schedules import Schedules

from esprestack import jobs, retries
from esprestack.backends import task_watch
from esprestack.checks.codes import CODES
from esprestack.cli import run as esprestack_cli
from esprestack.process import COLLECTED_AFTER
from esprestack.rule import Home
from esprestack.terminal import Terminal


class Said(NamedTuple):
    """What a command ended with and said."""

    code: int
    out: str
    err: str


Esprestack: TypeAlias = Callable[..., Said]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs the tests of a module with `HOMES` once for each home."""
    homes = getattr(metafunc.module, "HOMES", ())
    own = any("home" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if homes and not own and "home" in metafunc.fixturenames:
        metafunc.parametrize("home", homes, indirect=True, ids=str)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is marked `of_rules`, a test or one of its cases, is about nothing that a schedule has."""
    items[:] = [
        item for item in items if not (item.get_closest_marker("of_rules") and _home_of(item) is Home.SCHEDULER)
    ]


def _home_of(item: pytest.Item) -> object:
    return item.callspec.params.get("home") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None


@pytest.fixture(scope="session")
def running_front() -> Iterator[AwsFront]:
    with AwsFront() as front:
        yield front


@pytest.fixture(scope="session")
def clients(running_front: AwsFront) -> Account:
    return Account(running_front)


class ClientCache:
    """botocore's sessions and clients by all that they are made of.

    Each command asks for a session and for two clients or more, and to make them costs as much as six calls.
    """

    def __init__(self) -> None:
        self._session = botocore.session.get_session
        self._client = botocore.session.Session.create_client
        self._made: dict[object, Any] = {}
        self._lock = RLock()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        def session() -> Any:
            return self._once("session", self._session)

        def client(of: Any, service: str, **given: Any) -> Any:
            return self._once((service, given.get("region_name")), lambda: self._client(of, service, **given))

        patch.setattr(botocore.session, "get_session", session)
        patch.setattr(botocore.session.Session, "create_client", client)

    def forget(self) -> None:
        self._made.clear()

    def _once(self, what: object, make: Callable[[], Any]) -> Any:
        environment = frozenset(item for item in os.environ.items() if item[0].startswith("AWS_"))
        with self._lock:
            if (what, environment) not in self._made:
                self._made[what, environment] = make()
            return self._made[what, environment]


@pytest.fixture(scope="session")
def client_cache() -> ClientCache:
    return ClientCache()


@pytest.fixture(scope="session", autouse=True)
def rare_collections() -> Iterator[None]:
    """Garbage is collected as rarely as in a process of the program."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTED_AFTER)
    yield
    gc.set_threshold(*before)


_OPEN_MOST = 300
"""Descriptors that a worker has open before garbage is collected after all."""


@pytest.fixture(autouse=True)
def few_open_connections(rare_collections: None) -> Iterator[None]:
    """The connections of commands that ended are garbage, and closed when it is collected: at the latest in time."""
    yield
    if sum(1 for _ in Path("/dev/fd").iterdir()) > _OPEN_MOST:
        gc.collect()


@pytest.fixture
def home(request: pytest.FixtureRequest) -> Home:
    """Where the rules of a test live: `HOMES = tuple(Home)` in a module says that its tests hold for both."""
    return getattr(request, "param", Home.RULES)


@pytest.fixture(scope="session")
def every_schedule() -> Schedules:
    return Schedules()


@pytest.fixture
def schedules(every_schedule: Schedules) -> Schedules:
    """EventBridge Scheduler, empty."""
    every_schedule.reset()
    return every_schedule


@pytest.fixture
def front(running_front: AwsFront, schedules: Schedules) -> AwsFront:
    running_front.reset()
    schedules.serve(running_front)
    return running_front


@pytest.fixture
def account(front: AwsFront, clients: Account, schedules: Schedules, home: Home) -> Account:
    """An account with the task definition `app` and no rules."""
    clients.has_task_definitions("app")
    return ScheduleAccount(front, schedules) if home is Home.SCHEDULER else clients


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Home) -> Folder:
    """The working folder, empty."""
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path, home)


@pytest.fixture
def environment(front: AwsFront, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that reaches nothing but the front, with credentials that are made up."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "ESPRESTACK_", "ECSCHEDULE_"))]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": front.url,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> dict[int, Callable[[int, Any], None]]:
    """The program's signal handlers: kept here instead of in this process, to be called by a test."""
    handlers: dict[int, Callable[[int, Any], None]] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    return handlers


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sleeps, and a read back asks once."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.0)
    monkeypatch.setattr(jobs, "READ_BACK_SECONDS", 0.0)


ANYHOW = [part for code in CODES if code != "no-task-definition" for part in ("--allow", code)]
"""For tests of how keys are carried over, whether or not a task could be started like that."""


def anyhow(esprestack: Esprestack) -> Esprestack:
    """The same command without findings in its way."""

    def run(*arguments: str) -> Said:
        return esprestack(*arguments, *(ANYHOW if arguments[0] in ("diff", "apply") else ()))

    return run


@pytest.fixture
def esprestack(
    environment: pytest.MonkeyPatch,
    folder: Folder,
    account: Account,
    signals: dict[int, Callable[[int, Any], None]],
    no_waiting: None,
    client_cache: ClientCache,
    capsys: pytest.CaptureFixture[str],
) -> Esprestack:
    """`esprestack("diff", "--prune")`: the command in the working folder, against the account.

    The rules of these tests are alike on purpose: that two of them are the same job isn't told.
    """
    client_cache.install(environment)

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        if arguments[0] in ("diff", "apply", "validate"):
            arguments = (*arguments, "--allow", "same-job-twice")
        code = esprestack_cli(arguments)
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that passes while `run` waits for a task."""
    clock = Clock()
    monkeypatch.setattr(Terminal, "pause", lambda terminal, seconds: clock.pause(terminal, seconds))
    monkeypatch.setattr(task_watch, "monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def ecs(account: Account, front: AwsFront, clock: Clock) -> EcsTasks:
    """ECS, whose next task goes well unless a test says otherwise."""
    ecs = EcsTasks(front)
    ecs.start([PENDING, RUNNING, stopped(0)])
    return ecs


@pytest.fixture(scope="session")
def all_logs(running_front: AwsFront) -> Logs:
    return Logs(running_front)


@pytest.fixture
def logs(front: AwsFront, all_logs: Logs) -> Logs:
    """CloudWatch, with the group that task definitions log to."""
    all_logs.has_group()
    return all_logs
