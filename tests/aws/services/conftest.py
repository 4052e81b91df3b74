"""An AWS whose ECS is scripted, with a cluster and nothing in it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.aws.account import REGION
from tests.support.aws_front import AwsFront
from tests.support.ecs_server import EcsServer, ScriptedEcs


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
