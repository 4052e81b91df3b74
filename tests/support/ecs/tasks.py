"""Tasks of the scripted ECS: run, listed, described, stopped. A task goes one status further each time it's described.

How one ends is said by what it runs: `exit 3` in a container's command ends it with 3, an image whose tag begins with
`bad-pull` can't be pulled. `endings` says it of the next tasks instead.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.ecs.definitions import Definitions, Registered, tags_of
from tests.support.ecs.place import Place, last_part, page
from tests.support.ecs.shapes import Members, RefusedByEcs, invalid

MOST_TASKS = 10
ESSENTIAL_EXITED = "Essential container in task exited"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a task ends. Exit codes by container; None: it has none, because it never ran."""

    codes: Members = field(default_factory=dict)
    stop_code: str = "EssentialContainerExited"
    reason: str = ESSENTIAL_EXITED
    container_reason: str = ""
    after: int = 1
    """Looks at which it is RUNNING before."""

    @property
    def never_starts(self) -> bool:
        return self.stop_code == "TaskFailedToStart"


CANNOT_PULL = Ending(
    stop_code="TaskFailedToStart",
    reason="CannotPullContainerError: pull image manifest has been retried 1 time(s): not found",
    container_reason="CannotPullContainerError: not found",
)


@dataclass(slots=True)
class Played:
    """A task."""

    arn: str
    definition: Registered
    group: str
    started_by: str
    created_at: datetime
    ending: Ending
    overrides: Members = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    looks: int = 0
    stop_code: str = ""
    reason: str = ""

    @property
    def is_of_a_service(self) -> bool:
        return self.group.startswith("service:")

    @property
    def cluster(self) -> str:
        return self.arn.split("/")[1]

    def stop(self, code: str, reason: str) -> None:
        self.status = self.desired_status = "STOPPED"
        self.stop_code, self.reason = code, reason

    def end(self) -> None:
        self.stop(self.ending.stop_code, self.ending.reason)

    def move(self) -> None:
        """One status further."""
        if self.is_of_a_service or self.status == "STOPPED":
            return
        match self.status:
            case "PROVISIONING":
                self.status = "PENDING"
            case "PENDING" if self.ending.never_starts:
                self.end()
            case "PENDING":
                self.status = "RUNNING"
            case "RUNNING":
                self.looks += 1
                if self.looks >= self.ending.after:
                    self.end()

    def described(self) -> dict[str, Any]:
        return {
            "taskArn": self.arn,
            "taskDefinitionArn": self.definition.arn,
            "clusterArn": f"{self.arn.rpartition(':task/')[0]}:cluster/{self.cluster}",
            "lastStatus": self.status,
            "desiredStatus": self.desired_status,
            "group": self.group,
            "startedBy": self.started_by,
            "createdAt": self.created_at,
            "overrides": {"containerOverrides": [], **self.overrides},
            "containers": [self._container(container["name"]) for container in self.definition.containers],
            **({"stopCode": self.stop_code, "stoppedReason": self.reason} if self.stop_code else {}),
        }

    def _container(self, name: str) -> dict[str, Any]:
        container = {"name": name, "lastStatus": self.status}
        ran = self.status in ("RUNNING", "STOPPED") and not self.ending.never_starts
        if self.status == "STOPPED" and self.ending.container_reason:
            container["reason"] = self.ending.container_reason
        if not ran:
            return container
        code = self.ending.codes.get(name, 0) if self.stop_code == self.ending.stop_code else 137
        return {**container, "runtimeId": f"{last_part(self.arn)}-{name}"} | (
            {"exitCode": code} if self.status == "STOPPED" and code is not None else {}
        )


@dataclass(slots=True)
class Tasks:
    """All tasks of all clusters, in the order in which they were started."""

    place: Place
    definitions: Definitions
    clusters: set[str]
    played: dict[str, Played] = field(default_factory=dict)
    endings: deque[Ending] = field(default_factory=deque)
    """How the next tasks of RunTask end; empty: as what they run says."""
    failures: list[Members] = field(default_factory=list)
    """What the next RunTask gives up at once; that many tasks fewer are started."""
    launches: dict[str, list[Played]] = field(default_factory=dict)
    """By the tokens of RunTask."""

    def start(self, cluster: str, definition: Registered, group: str, started_by: str, **members: Any) -> Played:
        arn = self.place.arn(f"task/{cluster}/{self.place.number():08x}{0:024x}")
        members.setdefault("ending", ending_of(definition, members.get("overrides", {})))
        task = Played(arn, definition, group, started_by, self.place.now, **members)
        self.played[arn] = task
        return task

    def of_deployment(self, id_: str) -> list[Played]:
        return [task for task in self.played.values() if task.started_by == id_]

    # -- operations --------------------------------------------------------------------------------------------

    def run(self, asked: Members) -> Members:
        cluster = known_cluster(self.clusters, asked)
        if asked.get("count", 1) > MOST_TASKS or asked.get("count", 1) < 1:
            raise invalid("Count must be between 1 and 10.")
        if asked.get("propagateTags") == "SERVICE":
            raise invalid("SERVICE is not a valid value for propagateTags when running a task.")
        definition = self.definitions.usable(asked["taskDefinition"])
        overrides = asked.get("overrides", {})
        names = {container["name"] for container in definition.containers}
        for override in overrides.get("containerOverrides", []):
            if override.get("name") not in names:
                raise invalid(
                    f"Override for container named {override.get('name')} is not a container in the TaskDefinition."
                )
        token = asked.get("clientToken") or str(self.place.number())
        if token not in self.launches:
            failures, self.failures = self.failures, []
            tags = {tag["key"]: tag.get("value", "") for tag in asked.get("tags", [])}
            group = asked.get("group", f"family:{definition.family}")
            self.launches[token] = [
                self.start(
                    cluster, definition, group, asked.get("startedBy", ""), overrides=overrides, tags=tags,
                    **({"ending": self.endings.popleft()} if self.endings else {}),
                )
                for _ in range(asked.get("count", 1) - len(failures))
            ]  # fmt: skip
        else:
            failures = []
        self.place.pass_time(1)
        return {"tasks": [task.described() for task in self.launches[token]], "failures": failures}

    def listing(self, asked: Members) -> Members:
        cluster = known_cluster(self.clusters, asked)
        wanted = {
            "group": f"service:{last_part(asked['serviceName'])}" if "serviceName" in asked else None,
            "started_by": asked.get("startedBy"),
            "desired_status": asked.get("desiredStatus", "RUNNING"),
        }
        arns = [
            arn
            for arn, task in self.played.items()
            if task.cluster == cluster and asked.get("family") in (None, task.definition.family)
            if all(value in (None, getattr(task, name)) for name, value in wanted.items())
        ]
        found, token = page(arns, asked.get("maxResults"), 100, asked.get("nextToken"))
        return {"taskArns": found, **({"nextToken": token} if token else {})}

    def describe(self, asked: Members) -> Members:
        cluster = known_cluster(self.clusters, asked)
        self.place.pass_time(5)
        found, failures = [], []
        for reference in asked["tasks"]:
            arn = reference if reference.startswith("arn:") else self.place.arn(f"task/{cluster}/{reference}")
            if task := self.played.get(arn):
                task.move()
                found.append(
                    task.described() | ({"tags": tags_of(task.tags)} if "TAGS" in asked.get("include", []) else {})
                )
            else:
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"tasks": found, "failures": failures}

    def stop(self, asked: Members) -> Members:
        known_cluster(self.clusters, asked)
        task = self.played.get(asked["task"])
        if task is None:
            raise invalid("The referenced task was not found.")
        if task.status != "STOPPED":
            task.stop("UserInitiated", asked.get("reason", "Task stopped by user"))
        return {"task": task.described()}


def known_cluster(clusters: set[str], asked: Members) -> str:
    name = last_part(asked.get("cluster", "default"))
    if name not in clusters:
        raise RefusedByEcs("ClusterNotFoundException", "Cluster not found.")
    return name


def ending_of(definition: Registered, overrides: Members) -> Ending:
    """How a task of this definition ends, by what its containers run."""
    if any(tag_of(image).startswith("bad-pull") for image in definition.images):
        return CANNOT_PULL
    commands = {container["name"]: container.get("command", []) for container in definition.containers}
    commands |= {one["name"]: one["command"] for one in overrides.get("containerOverrides", []) if "command" in one}
    return Ending({name: _exit_code(command) for name, command in commands.items()})


def tag_of(image: str) -> str:
    return image.rpartition(":")[2]


def _exit_code(command: Sequence[str]) -> int:
    found = re.search(r"\bexit (\d+)", " ".join(command))
    return int(found[1]) if found else 0
