"""A checkout with an ecspresso.yml as the working folder, and an ECS that has nothing yet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


SERVICES = ("ec2", "ecr", "ecs", "elbv2", "iam", "logs", "s3", "secretsmanager", "ssm")


@pytest.fixture(scope="session")
def past(running_front: AwsFront) -> Mapping[str, Any]:
    """Clients whose calls the front doesn't see, made before the program's own are cached."""
    return {service: client_past(running_front, service) for service in SERVICES}


@pytest.fixture
def registry(front: AwsFront, past: Mapping[str, Any]) -> Registry:
    return Registry(past["ecr"])


@pytest.fixture
def aws(environment: pytest.MonkeyPatch, no_waiting: None) -> Aws:
    return Aws(REGION, 10, Vault())
