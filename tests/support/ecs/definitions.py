"""Task definitions of the scripted ECS: registered, described, listed, deregistered, deleted."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.ecs.place import Place, last_part, page
from tests.support.ecs.shapes import Members, unusable

_OF_A_CONTAINER: Members = {
    "cpu": 0,
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "portMappings": [],
    "volumesFrom": [],
    "systemControls": [],
}
"""What ECS fills in where nothing was said."""


@dataclass(slots=True)
class Registered:
    """A revision. `document` is what was registered, `tags` apart."""

    arn: str
    family: str
    revision: int
    document: dict[str, Any]
    tags: dict[str, str]
    registered_at: datetime
    status: str = "ACTIVE"

    @property
    def containers(self) -> list[dict[str, Any]]:
        containers: list[dict[str, Any]] = self.document["containerDefinitions"]
        return containers

    @property
    def images(self) -> list[str]:
        return [container["image"] for container in self.containers]

    def described(self) -> dict[str, Any]:
        """As ECS shows it: with its own defaults, and without the tags."""
        mode = self.document.get("networkMode")
        has_no_bridge = mode in ("awsvpc", "host")
        return {
            "volumes": [],
            "placementConstraints": [],
            "compatibilities": ["EC2", "FARGATE"] if mode == "awsvpc" else ["EC2"],
            **copy.deepcopy(self.document),
            "containerDefinitions": [_filled(container, has_no_bridge) for container in self.containers],
            "taskDefinitionArn": self.arn,
            "revision": self.revision,
            "status": self.status,
            "registeredAt": self.registered_at,
            "registeredBy": "arn:aws:iam::123456789012:user/somebody",
            "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
        }


def _filled(container: Members, has_no_bridge: bool) -> dict[str, Any]:
    filled = copy.deepcopy({**_OF_A_CONTAINER, **container})
    for port in filled["portMappings"]:
        port.setdefault("protocol", "tcp")
        port.setdefault("hostPort", port["containerPort"] if has_no_bridge else 0)
    if check := filled.get("healthCheck"):
        filled["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **check}
    return filled


@dataclass(slots=True)
class Definitions:
    """All families."""

    place: Place
    families: dict[str, list[Registered]] = field(default_factory=dict)

    def find(self, reference: str) -> Registered:
        """By ARN, `family:revision`, or `family` for its latest active one. Raises RefusedByEcs."""
        family, _, revision = last_part(reference).partition(":")
        known = self.families.get(family, [])
        wanted = [one for one in known if (str(one.revision) == revision if revision else one.status == "ACTIVE")]
        if not wanted:
            raise unusable("Unable to describe task definition.")
        return wanted[-1]

    def usable(self, reference: str) -> Registered:
        """One that tasks can be started of."""
        found = self.find(reference)
        if found.status != "ACTIVE":
            raise unusable("TaskDefinition is inactive")
        return found

    # -- operations --------------------------------------------------------------------------------------------

    def register(self, asked: Members) -> Members:
        document = {name: copy.deepcopy(member) for name, member in asked.items() if name != "tags"}
        if not document["containerDefinitions"]:
            raise unusable("Container list cannot be empty.")
        fargate = "FARGATE" in document.get("requiresCompatibilities", [])
        if fargate and not ("cpu" in document and "memory" in document):
            raise unusable("Fargate requires that 'cpu' and 'memory' be defined at the task level.")
        family = self.families.setdefault(document["family"], [])
        number = len(family) + 1
        tags = {tag["key"]: tag.get("value", "") for tag in asked.get("tags", [])}
        arn = self.place.arn(f"task-definition/{document['family']}:{number}")
        made = Registered(arn, document["family"], number, document, tags, self.place.pass_time(1))
        family.append(made)
        return {"taskDefinition": made.described(), "tags": tags_of(tags)}

    def describe(self, asked: Members) -> Members:
        found = self.find(asked["taskDefinition"])
        tags = {"tags": tags_of(found.tags)} if "TAGS" in asked.get("include", []) else {}
        return {"taskDefinition": found.described(), **tags}

    def listing(self, asked: Members) -> Members:
        family, status = asked.get("familyPrefix"), asked.get("status", "ACTIVE")
        every = [one for name in sorted(self.families) if family in (None, name) for one in self.families[name]]
        arns = [one.arn for one in every if one.status == status]
        ordered = arns[::-1] if asked.get("sort") == "DESC" else arns
        found, token = page(ordered, asked.get("maxResults"), 100, asked.get("nextToken"))
        return {"taskDefinitionArns": found, **({"nextToken": token} if token else {})}

    def deregister(self, asked: Members) -> Members:
        if ":" not in last_part(asked["taskDefinition"]):
            raise unusable("Task definition revision is required.")
        found = self.usable(asked["taskDefinition"])
        found.status = "INACTIVE"
        return {"taskDefinition": found.described()}

    def delete(self, asked: Members) -> Members:
        deleted, failures = [], []
        for reference in asked["taskDefinitions"]:
            found = self.find(reference)
            if found.status == "ACTIVE":
                reason = "The specified task definition is still in ACTIVE status."
                failures.append({"arn": found.arn, "reason": reason})
                continue
            found.status = "DELETE_IN_PROGRESS"
            deleted.append(found.described())
        return {"taskDefinitions": deleted, "failures": failures}


def tags_of(tags: Members) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
