"""A checkout with an ecspresso.yml as the working folder, and an ECS that has nothing yet."""

from pathlib import Path

import pytest
from tests.aws.account import REGION, client_past
from tests.aws.services.registry import Registry
from tests.support.aws_front import AwsFront
from tests.support.ecs_services import EcsServices
from tests.unit.services.builders import CONFIG, Checkout

from esprestack.aws import Aws
from esprestack.secrets import Vault


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """The working folder with the usual three files, in the region of these tests."""
    monkeypatch.chdir(tmp_path)
    found = Checkout(tmp_path)
    found.write("ecspresso.yml", CONFIG.replace("eu-west-1", REGION))
    return found


@pytest.fixture
def services(front: AwsFront) -> EcsServices:
    return EcsServices(front)


@pytest.fixture
def registry(front: AwsFront) -> Registry:
    return Registry(client_past(front, "ecr"))


@pytest.fixture
def aws(environment: pytest.MonkeyPatch, no_waiting: None) -> Aws:
    return Aws(REGION, 10, Vault())
