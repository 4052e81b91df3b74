"""An AWS whose ECS is scripted, with a cluster and nothing in it."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.aws.account import REGION, client_past
from tests.aws.configs import Folder
from tests.aws.conftest import ClientCache
from tests.aws.deploys.planning import SCOPE, ServiceFiles
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import World
from tests.support.aws_front import AwsFront
from tests.support.ecs_server import EcsServer, ScriptedEcs

from esprestack import aws
from esprestack.backends import task_watch
from esprestack.secrets import Vault
from esprestack.services import wait
from esprestack.services.ecs import Ecs
from esprestack.terminal import Terminal


@pytest.fixture(scope="session")
def running_front() -> Iterator[EcsServer]:
    with EcsServer() as server:
        yield server


@pytest.fixture
def server(front: AwsFront) -> EcsServer:
    assert isinstance(front, EcsServer)
    return front


@pytest.fixture
def ecs(server: EcsServer) -> ScriptedEcs:
    """What is there, looked at and changed past the API."""
    return server.ecs


@pytest.fixture(scope="session")
def sdk(running_front: EcsServer) -> Any:
    """boto3's client."""
    return boto3.client(
        "ecs",
        region_name=REGION,
        endpoint_url=running_front.url,
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="session")
def past(running_front: EcsServer) -> Mapping[str, Any]:
    """Clients of other services, past the front; made before the program's own are remembered."""
    return {service: client_past(running_front, service) for service in ("events", "logs")}


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def client(environment: pytest.MonkeyPatch, client_cache: ClientCache, no_waiting: None, vault: Vault) -> Ecs:
    """The program's calls about the service `web`."""
    client_cache.install(environment)
    environment.delenv("AWS_MAX_ATTEMPTS")
    environment.setattr(aws, "_QUOTAS", {})  # a refusal slows nothing down
    environment.setattr(aws, "_QUOTA", 1e9)
    return Ecs(aws.Aws(REGION, 2, vault), SCOPE)


@pytest.fixture
def world(ecs: ScriptedEcs) -> World:
    return World(ecs)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that passes while somebody waits: all at once."""
    clock = Clock()
    monkeypatch.setattr(wait, "monotonic", lambda: clock.now)
    monkeypatch.setattr(task_watch, "monotonic", lambda: clock.now)
    monkeypatch.setattr(Terminal, "pause", lambda terminal, seconds: clock.pause(seconds) or terminal.stop.is_set())
    return clock


@pytest.fixture
def files(folder: Folder) -> ServiceFiles:
    """The files of the service `web`."""
    return ServiceFiles(folder)
