"""A small account with a rule of every kind, an AWS that fails on purpose, and what must hold whatever fails."""

from collections.abc import Iterator

import pytest
from tests.aws.account import Account
from tests.aws.configs import Folder
from tests.aws.conftest import Esprestack
from tests.aws.reliability.world import World
from tests.support.shaky_front import ShakyFront

from esprestack import aws


@pytest.fixture(scope="session")
def running_front() -> Iterator[ShakyFront]:
    with ShakyFront() as front:
        yield front


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal slows nothing down: these runs are many."""
    monkeypatch.setattr(aws, "_QUOTA", 1e9)
    monkeypatch.setattr(aws, "_QUOTAS", {})


@pytest.fixture
def world(esprestack: Esprestack, folder: Folder, account: Account, running_front: ShakyFront) -> World:
    return World(esprestack, folder, account, running_front)
