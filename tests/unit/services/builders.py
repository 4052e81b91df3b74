"""Small builders for services: a checkout with its three files, documents as short as they can be, and what AWS has."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from esprestack.config.load import Prepared, Surroundings, prepare_alone, read_source
from esprestack.config.lookups.base import Lookup
from esprestack.config.lookups.environment import Environment
from esprestack.config.lookups.given import Secrets, Variables
from esprestack.config.source import Source, read_tree
from esprestack.config.tree import Tree
from esprestack.errors import ConfigError, Where
from esprestack.plan.compare import Veil
from esprestack.secrets import Vault
from esprestack.services.model import (
    Definition,
    LiveService,
    Revision,
    Seen,
    ServiceConfig,
    ServicePlan,
    ServiceScope,
)
from esprestack.services.plan import plan_service
from esprestack.services.read import PreparedService, examine_service, prepare_service

CONFIG = """\
region: eu-west-1
cluster: shop
service: web
service_definition: service.json
task_definition: task.json
"""
"""The usual config. What a test adds begins on line 6."""


def a_container(name: str = "app", **members: Any) -> dict[str, Any]:
    return {"name": name, "image": "app:1", **members}


def a_task_definition(*containers: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """A task definition on Fargate with the container `app`, or with `containers`; a member that is None isn't there."""
    usual = {
        "family": "web",
        "executionRoleArn": "arn:aws:iam::123456789012:role/puller",
        "networkMode": "awsvpc",
        "containerDefinitions": list(containers or [a_container()]),
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    }
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


def a_service_definition(**members: Any) -> dict[str, Any]:
    """A service of two tasks on Fargate; a member that is None isn't there."""
    usual = {
        "launchType": "FARGATE",
        "desiredCount": 2,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    }
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


SCOPE = ServiceScope("aws", "eu-west-1", "123456789012", "shop", "web")


def a_revision(document: Mapping[str, Any] | None = None, number: int = 1, status: str = "ACTIVE") -> Revision:
    """A revision of the family `web`, as AWS has it: by default the usual task definition."""
    return Revision(SCOPE.arn(f"task-definition/web:{number}"), document or a_task_definition(), status)


def a_live(document: Mapping[str, Any] | None = None, revision: Revision | None = None, **members: Any) -> LiveService:
    """The service as AWS has it, two tasks running: by default the usual one with the usual task definition."""
    usual: dict[str, Any] = {"status": "ACTIVE", "desired": 2, "running": 2}
    document = document or a_service_definition()
    return LiveService(SCOPE.service_arn, document=document, revision=revision or a_revision(), **{**usual, **members})


def seen(service: LiveService | None = None, family: Revision | None = None, **members: Any) -> Seen:
    """What AWS has; the family's latest revision is the one that runs unless another is given."""
    return Seen(service, family or (service.revision if service else None), **members)


def a_service_config(
    task: Mapping[str, Any] | None = None, service: Mapping[str, Any] | None = None, name: str = "web", **members: Any
) -> ServiceConfig:
    """A config as it is read; `service={}` is one without a service definition, `name=""` one without a service."""
    definitions = {"task.json": task or a_task_definition()}
    definitions |= {"service.json": a_service_definition() if service is None else service} if service != {} else {}
    read = {path: Definition(path, document, a_tree(document, path)) for path, document in definitions.items()}
    usual: dict[str, Any] = {"region": "eu-west-1", "cluster": "shop", "service": name, "timeout": 600.0}
    return ServiceConfig(
        "ecspresso.yml",
        task_definition=read["task.json"],
        service_definition=read.get("service.json"),
        **{**usual, **members},
    )


def a_service_plan(
    found: Seen | None = None,
    task: Mapping[str, Any] | None = None,
    service: Mapping[str, Any] | None = None,
    *,
    vault: Vault | None = None,
    **members: Any,
) -> ServicePlan:
    """The plan of a config against what AWS has; nothing by default."""
    return plan_service(a_service_config(task, service, **members), SCOPE, found or seen(), Veil(vault or Vault()))


class Checkout:
    """A folder with an ecspresso.yml and the files that it names, read with what a workflow hands over."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.vault = Vault()
        self.env: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.write("ecspresso.yml", CONFIG)
        self.task(a_task_definition())
        self.service(a_service_definition())

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def config(self, *lines: str) -> None:
        """The usual config with these lines too, from line 6 on."""
        self.write("ecspresso.yml", CONFIG + "".join(f"{line}\n" for line in lines))

    def task(self, document: Mapping[str, Any]) -> None:
        self.write("task.json", json.dumps(document, indent=2))

    def service(self, document: Mapping[str, Any]) -> None:
        self.write("service.json", json.dumps(document, indent=2))

    @property
    def surroundings(self) -> Surroundings:
        local: list[Lookup] = [Environment(self.env, ()), Secrets(self.secrets, self.vault), Variables({})]
        return Surroundings(self.root, local)

    def prepared(self, name: str = "ecspresso.yml") -> PreparedService:
        path = self.root / name
        config: Prepared = prepare_alone(read_source(path, self.root), path.parent, self.surroundings)
        return prepare_service(config, self.surroundings)

    def read(self, prepared: PreparedService | None = None) -> ServiceConfig:
        """The usual config, or the one that was prepared. Raises ConfigError with everything that is wrong."""
        examined = examine_service(prepared or self.prepared(), self.vault)
        if examined.config is None:
            raise ConfigError(examined.problems)
        return examined.config

    def problems(self, name: str = "ecspresso.yml") -> list[str]:
        """All that is wrong, warnings too, as it is printed."""
        examined = examine_service(self.prepared(name), self.vault)
        warnings = examined.config.warnings if examined.config else ()
        return [str(problem) for problem in (*examined.problems, *warnings)]

    def refused(self, name: str = "ecspresso.yml") -> str:
        """Why it can't even be prepared."""
        with pytest.raises(ConfigError) as error:
            self.prepared(name)
        return str(error.value)


def a_tree(document: Any, path: str = "task.json") -> Tree:
    """The tree of the document's JSON, one line each value."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    return read_tree(text, Source(path, text), lambda line, column: Where(path, line, column))
