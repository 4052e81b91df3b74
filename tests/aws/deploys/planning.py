"""Plans for tests: what differs between documents and the scripted ECS, found as simply as can be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.aws.account import ACCOUNT, CLUSTER, REGION
from tests.aws.deploys.builders import a_definition, a_service

from esprestack.config.source import Source, read_tree
from esprestack.errors import Where
from esprestack.services.compare import is_registered
from esprestack.services.documents import tags_in
from esprestack.services.ecs import Ecs
from esprestack.services.model import (
    Comparison,
    Definition,
    Document,
    LiveService,
    ServiceConfig,
    ServicePlan,
    ServiceScope,
)
from esprestack.services.ready import Running, ServiceHome

SCOPE = ServiceScope("aws", REGION, ACCOUNT, CLUSTER, "web")
_OF_CREATION_ONLY = ("tags", "launchType", "schedulingStrategy", "role")


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
    desired = a_service() if service is None else service
    entry = ecs.entry()
    live = _live(ecs, entry) if entry else None
    runs = live.revision if live else None
    same = runs is not None and is_registered(wanted, runs.document, SCOPE)
    tags, has = tags_in(desired.get("tags")), tags_in(entry.get("tags")) if entry else {}
    made: dict[str, Any] = {
        "config": a_config(wanted, desired),
        "scope": ecs.scope,
        "live": live,
        "family": ecs.latest(wanted["family"]),
        "task_definition": Comparison(None, None),
        "service": Comparison(None, None),
        "register": None if same else wanted,
        "create": None if live else desired,
        "update": (_differing(desired, entry) or None) if entry else None,
        "tags_put": {key: value for key, value in tags.items() if has.get(key) != value} if entry else {},
        "tags_removed": tuple(key for key in has if key not in tags),
    }
    return ServicePlan(**(made | members))


def _live(ecs: Ecs, entry: Document) -> LiveService:
    document = {name: entry[name] for name in ("desiredCount", "networkConfiguration") if name in entry}
    controller = entry["deploymentController"]["type"]
    revision = ecs.revision(entry["taskDefinition"])
    return LiveService(entry["serviceArn"], entry["status"], document, revision, controller, answer=entry)


def _differing(desired: Document, entry: Document) -> dict[str, Any]:
    return {
        name: member
        for name, member in desired.items()
        if name not in _OF_CREATION_ONLY and not _is_within(member, entry.get(name))
    }


def _is_within(wanted: Any, found: Any) -> bool:
    """What ECS has beyond what is wanted is its own default."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(_is_within(member, found.get(name)) for name, member in wanted.items())
    return bool(wanted == found)


class ServiceFiles:
    """The files of a service as its commands read them: what they say may be changed at any time."""

    def __init__(self) -> None:
        self.definition: Document | str = "app:1"
        """A text is the image of a definition with nothing else."""
        self.service: Document | None = None
        self.timeout = 600.0
        self.more: dict[str, Any] = {}
        """Members of the plan that are put into it as they are."""
        self.read: list[str] = []
        """The files that took the place of the config's task definition."""

    def plan(self, run: Running, task_definition: str = "") -> ServicePlan:
        """What `ready.ready_plan` returns."""
        self.read += [task_definition] if task_definition else []
        plan = a_plan(Ecs(run.aws(REGION), SCOPE), self.definition, self.service, **self.more)
        return replace(plan, config=replace(plan.config, timeout=self.timeout))

    def home(self, _: Running) -> ServiceHome:
        """What `ready.ready_home` returns."""
        return ServiceHome("ecspresso.yml", SCOPE, self.timeout)
