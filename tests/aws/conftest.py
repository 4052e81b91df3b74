"""One AWS on loopback for each worker, emptied for each test, and the program's command line before it."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import botocore.loaders
import botocore.session
import pytest
from tests.aws.account import Account
from tests.aws.configs import Folder
from tests.support.aws_front import AwsFront

from esprestack import cli, jobs


class Said(NamedTuple):
    """What a command ended with and said."""

    code: int
    out: str
    err: str


Esprestack: TypeAlias = Callable[..., Said]


@pytest.fixture(scope="session")
def running_front() -> Iterator[AwsFront]:
    with AwsFront() as front:
        yield front


@pytest.fixture(scope="session")
def clients(running_front: AwsFront) -> Account:
    return Account(running_front)


@pytest.fixture(scope="session")
def models_read_once() -> Iterator[None]:
    """botocore reads its models of the services anew for each session, which is each command here: 0.1 s."""
    loader = botocore.loaders.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lambda _: loader)
        yield


@pytest.fixture
def front(running_front: AwsFront) -> AwsFront:
    running_front.reset()
    return running_front


@pytest.fixture
def account(front: AwsFront, clients: Account) -> Account:
    """An account with the task definition `app` and no rules."""
    clients.has_task_definition("app")
    return clients


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The working folder, empty."""
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


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
    monkeypatch.setattr(cli.signal, "signal", handlers.__setitem__)
    return handlers


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sleeps, and a read back asks once."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(jobs, "READ_BACK_SECONDS", 0.0)


@pytest.fixture
def esprestack(
    environment: pytest.MonkeyPatch,
    folder: Folder,
    account: Account,
    signals: dict[int, Callable[[int, Any], None]],
    no_waiting: None,
    models_read_once: None,
    capsys: pytest.CaptureFixture[str],
) -> Esprestack:
    """`esprestack("diff", "--prune")`: the command in the working folder, against the account."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = cli.run(arguments)
        return Said(code, *capsys.readouterr())

    return run
