"""Plans and files for tests: documents as short as they can be, read and planned as the program does it."""

import json
from dataclasses import replace
from typing import Any

from tests.aws.account import ACCOUNT, CLUSTER, REGION
from tests.aws.configs import Folder
from tests.aws.deploys.builders import a_definition, a_service

from esprestack.config.source import Source, read_tree
from esprestack.errors import Where
from esprestack.plan.compare import Veil
from esprestack.secrets import Vault
from esprestack.services.ecs import Ecs
from esprestack.services.live import read_live
from esprestack.services.model import Definition, Document, ServiceConfig, ServicePlan, ServiceScope
from esprestack.services.plan import plan_service

SCOPE = ServiceScope("aws", REGION, ACCOUNT, CLUSTER, "web")


def a_config(definition: Document, service: Document | None = None, timeout: float = 600.0) -> ServiceConfig:
    def file(path: str, document: Document) -> Definition:
        source = Source(path, "{}\n")
        return Definition(path, document, read_tree("{}\n", source, lambda line, column: Where(path, line, column)))

    return ServiceConfig(
        path="ecspresso.yml",
        region=REGION,
        cluster=CLUSTER,
        service="web",
        timeout=timeout,
        task_definition=file("task-definition.json", definition),
        service_definition=file("service.json", service) if service is not None else None,
    )


def a_plan(
    ecs: Ecs, definition: Document | str = "app:1", service: Document | None = None, **members: Any
) -> ServicePlan:
    """The plan that makes of ECS what the documents say; a text is the image of a definition with nothing else.

    `members` are put into the plan as they are.
    """
    wanted = a_definition(definition) if isinstance(definition, str) else definition
    config = a_config(wanted, a_service() if service is None else service)
    seen = read_live(ecs.aws, config, ecs.scope, parallel=2)
    return replace(plan_service(config, ecs.scope, seen, Veil(Vault())), **members)


class ServiceFiles:
    """The files of the service `web` in the working folder: what they say may be changed at any time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._say("app:1", None, 600.0)

    def _say(self, definition: Document | str, service: Document | None, timeout: float) -> None:
        self._definition, self._service, self._timeout = definition, service, timeout
        document = a_definition(definition) if isinstance(definition, str) else definition
        self._folder.write(json.dumps(document), "task.json")
        self._folder.write(json.dumps(a_service() if service is None else service), "service.json")
        lines = ["service_definition: service.json", "task_definition: task.json", f"timeout: {timeout:g}s"]
        self._folder.write(
            "\n".join([f"region: {REGION}", f"cluster: {CLUSTER}", "service: web", *lines]), "ecspresso.yml"
        )

    @property
    def definition(self) -> Document | str:
        """A text is the image of a definition with nothing else."""
        return self._definition

    @definition.setter
    def definition(self, definition: Document | str) -> None:
        self._say(definition, self._service, self._timeout)

    @property
    def service(self) -> Document | None:
        return self._service

    @service.setter
    def service(self, service: Document | None) -> None:
        self._say(self._definition, service, self._timeout)

    @property
    def timeout(self) -> float:
        """Seconds."""
        return self._timeout

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self._say(self._definition, self._service, seconds)
