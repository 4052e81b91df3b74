"""Services of the scripted ECS: created, updated, described, listed, deleted, tagged."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.ecs.defaults import service_as_told
from tests.support.ecs.definitions import Definitions, Registered, tags_of
from tests.support.ecs.place import Place, last_part, page
from tests.support.ecs.rollouts import Rollout
from tests.support.ecs.shapes import Members, RefusedByEcs, invalid
from tests.support.ecs.tasks import Tasks, known_cluster

TRIGGERS = frozenset(
    {
        "loadBalancers", "networkConfiguration", "platformVersion", "serviceConnectConfiguration", "serviceRegistries",
        "volumeConfigurations", "vpcLatticeConfigurations",
    }
)  # fmt: skip
"""Attributes whose change makes a new deployment, beside the task definition.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

_NOT_WITH_CODE_DEPLOY = ("taskDefinition", "networkConfiguration", "platformVersion", "loadBalancers")
_NOT_SETTINGS = (
    "cluster",
    "service",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "clientToken",
    "tags",
    "forceNewDeployment",
)
_SHOWN_BY_DEPLOYMENTS = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
_SHOWN_BY_REVISIONS = ("gatewayConnectors", "monitoring")
_NOT_SHOWN = (*_SHOWN_BY_DEPLOYMENTS, *_SHOWN_BY_REVISIONS)
"""Members that DescribeServices has no place for at the service itself."""
_KEPT_BY_REVISIONS = TRIGGERS | {*_SHOWN_BY_REVISIONS}
_MOST_SERVICES = 10


@dataclass(slots=True)
class Service:
    """A service; `settings` are the members that were given, but for what stands elsewhere."""

    name: str
    arn: str
    cluster: str
    settings: dict[str, Any]
    tags: dict[str, str]
    desired: int
    created_at: datetime
    token: str
    rollout: Rollout
    status: str = "ACTIVE"

    @property
    def controller(self) -> str:
        return str(self.settings.get("deploymentController", {}).get("type", "ECS"))

    @property
    def is_daemon(self) -> bool:
        return self.settings.get("schedulingStrategy") == "DAEMON"

    @property
    def cluster_arn(self) -> str:
        return f"{self.arn.rpartition(':service/')[0]}:cluster/{self.cluster}"

    def counts(self) -> dict[str, tuple[int, int, int]]:
        return {one.revision.arn: (one.desired, one.running, one.pending) for one in self.rollout.deployments[::-1]}

    def described(self, *, with_tags: bool) -> dict[str, Any]:
        deployments = self.rollout.deployments
        told = service_as_told(self.settings)
        shown = {name: member for name, member in told.items() if name not in (*_NOT_SHOWN, "role")}
        return {
            "loadBalancers": [],
            "serviceRegistries": [],
            "placementConstraints": [],
            "placementStrategy": [],
            "enableECSManagedTags": False,
            "enableExecuteCommand": False,
            "availabilityZoneRebalancing": "DISABLED",
            **shown,
            **({"roleArn": self.settings["role"]} if "role" in self.settings else {}),
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster_arn,
            "status": self.status,
            "desiredCount": sum(one.desired for one in deployments[:1]) if self.is_daemon else self.desired,
            "runningCount": sum(one.running for one in deployments),
            "pendingCount": sum(one.pending for one in deployments),
            "taskDefinition": self.rollout.primary.revision.definition.arn,
            "deployments": [one.described() for one in deployments] if self.controller == "ECS" else [],
            "events": copy.deepcopy(self.rollout.events),
            "createdAt": self.created_at,
            "createdBy": "arn:aws:iam::123456789012:user/somebody",
            **({"tags": tags_of(self.tags)} if with_tags else {}),
        }


@dataclass(slots=True)
class Services:
    """All services of all clusters, by ARN."""

    place: Place
    definitions: Definitions
    tasks: Tasks
    clusters: set[str]
    every: dict[str, Service] = field(default_factory=dict)
    rollback_returns: bool = False
    hides_new: int = 0
    """Both are new services' then: see Rollout."""
    merges: bool = False
    """Whether what UpdateService isn't told of a deployment configuration stays, however deep; else it goes."""

    def find(self, asked: Members) -> Service:
        """The service of a request. Raises RefusedByEcs."""
        service = self.every.get(self._arn(asked, asked["service"]))
        if service is None:
            raise RefusedByEcs("ServiceNotFoundException", "Service not found.")
        return service

    def _arn(self, asked: Members, service: str) -> str:
        cluster = known_cluster(self.clusters, asked)
        return self.place.arn(f"service/{cluster}/{last_part(service)}")

    # -- services ----------------------------------------------------------------------------------------------

    def create(self, asked: Members) -> Members:
        cluster, name = known_cluster(self.clusters, asked), asked["serviceName"]
        arn = self._arn(asked, name)
        there = self.every.get(arn)
        if there and there.status != "INACTIVE":
            if asked.get("clientToken") and asked["clientToken"] == there.token:
                return {"service": there.described(with_tags=True)}
            raise invalid("Creation of service was not idempotent.")
        settings = {key: copy.deepcopy(member) for key, member in asked.items() if key not in _NOT_SETTINGS}
        daemon = settings.get("schedulingStrategy") == "DAEMON"
        if daemon and "desiredCount" in asked:
            raise invalid(
                "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again"
            )
        if not daemon and "desiredCount" not in asked:
            raise invalid("Unable to create service: desiredCount is required.")
        definition = self.definitions.usable(asked["taskDefinition"])
        rollout = Rollout(
            name, cluster, self.place, self.tasks, daemon,
            has_history=settings.get("deploymentController", {}).get("type", "ECS") == "ECS",
            rollback_returns=self.rollback_returns,
            hides_new=self.hides_new,
        )  # fmt: skip
        tags = {tag["key"]: tag.get("value", "") for tag in asked.get("tags", [])}
        token, desired = asked.get("clientToken", ""), asked.get("desiredCount", 0)
        made = Service(name, arn, cluster, settings, tags, desired, self.place.now, token, rollout)
        self.every[arn] = made
        self._deploy(made, definition)
        return {"service": made.described(with_tags=True)}

    def update(self, asked: Members) -> Members:
        service = self.find(asked)
        if service.status != "ACTIVE":
            raise RefusedByEcs("ServiceNotActiveException", "Service was not ACTIVE.")
        given = {key: copy.deepcopy(member) for key, member in asked.items() if key not in _NOT_SETTINGS}
        if service.is_daemon and "desiredCount" in asked:
            raise invalid(
                "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again"
            )
        if service.controller == "CODE_DEPLOY" and any(name in asked for name in _NOT_WITH_CODE_DEPLOY):
            raise invalid(
                "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."
            )
        old = service.rollout.primary
        definition = (
            self.definitions.usable(asked["taskDefinition"]) if "taskDefinition" in asked else old.revision.definition
        )
        if "desiredCount" in asked:
            service.desired = asked["desiredCount"]
            old.desired = service.desired
        changed = any(given[name] != service.settings.get(name) for name in given.keys() & _KEPT_BY_REVISIONS)
        if self.merges and "deploymentConfiguration" in given:
            before = service.settings.get("deploymentConfiguration", {})
            given["deploymentConfiguration"] = _merged(before, given["deploymentConfiguration"])
        service.settings.update(given)
        service.rollout.breaker = _breaker(service)
        if changed or asked.get("forceNewDeployment") or definition.arn != old.revision.definition.arn:
            self._deploy(service, definition)
        return {"service": service.described(with_tags=True)}

    def _deploy(self, service: Service, definition: Registered) -> None:
        service.rollout.breaker = _breaker(service)
        told = service_as_told(service.settings)
        settings = {name: told[name] for name in _KEPT_BY_REVISIONS & service.settings.keys()}
        service.rollout.begin(definition, settings, service.desired)

    def describe(self, asked: Members) -> Members:
        known_cluster(self.clusters, asked)
        if len(asked["services"]) > _MOST_SERVICES:
            raise invalid("Services can have at most 10 items.")
        found, failures = [], []
        for name in asked["services"]:
            if service := self.every.get(self._arn(asked, name)):
                service.rollout.move()
                found.append(service.described(with_tags="TAGS" in asked.get("include", [])))
            else:
                failures.append({"arn": self._arn(asked, name), "reason": "MISSING"})
        return {"services": found, "failures": failures}

    def listing(self, asked: Members) -> Members:
        cluster = known_cluster(self.clusters, asked)
        arns = [arn for arn, one in self.every.items() if one.cluster == cluster and one.status != "INACTIVE"]
        found, token = page(arns, asked.get("maxResults"), 10, asked.get("nextToken"))
        return {"serviceArns": found, **({"nextToken": token} if token else {})}

    def delete(self, asked: Members) -> Members:
        service = self.find(asked)
        if service.desired and not asked.get("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        service.status = "INACTIVE"
        for task in self.tasks.played.values():
            if task.cluster == service.cluster and task.group == f"service:{service.name}" and task.status != "STOPPED":
                task.stop("ServiceSchedulerInitiated", "Service deleted")
        return {"service": service.described(with_tags=False)}

    # -- tags --------------------------------------------------------------------------------------------------

    def tag(self, asked: Members) -> Members:
        self._tags(asked).update({tag["key"]: tag.get("value", "") for tag in asked["tags"]})
        return {}

    def untag(self, asked: Members) -> Members:
        for key in asked["tagKeys"]:
            self._tags(asked).pop(key, None)
        return {}

    def list_tags(self, asked: Members) -> Members:
        return {"tags": tags_of(self._tags(asked))}

    def _tags(self, asked: Members) -> dict[str, str]:
        arn = asked["resourceArn"]
        if ":task-definition/" in arn:
            return self.definitions.find(arn).tags
        if arn not in self.every:
            raise RefusedByEcs("ResourceNotFoundException", "The specified resource wasn't found.")
        return self.every[arn].tags


def _breaker(service: Service) -> Members:
    breaker: Members = service.settings.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    return breaker


def _merged(before: Members, given: Members) -> dict[str, Any]:
    both = {
        name: _merged(before[name], member)
        for name, member in given.items()
        if isinstance(member, dict) and isinstance(before.get(name), dict)
    }
    return {**before, **given, **both}
