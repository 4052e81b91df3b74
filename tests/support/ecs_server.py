"""An ECS on loopback that plays deployments, tasks and their history as AWS tells of them; what moto has of ECS isn't that.

In come signed requests of any AWS SDK whose endpoint is `EcsServer.url`; ECS's are held against botocore's description
and carried out here, and so are the answers; all other services' go to moto. Time passes with each look, never by the
clock. Calls are recorded and faults injected as at every front (aws_front.py, shaky_front.py).
"""

import copy
import json
from collections.abc import Callable
from threading import RLock
from typing import Any, TypeAlias

from tests.support.aws_front import _Answer, _json, _refusal, _Request
from tests.support.ecs.definitions import Definitions
from tests.support.ecs.histories import Histories
from tests.support.ecs.place import Place
from tests.support.ecs.services import Service, Services
from tests.support.ecs.shapes import Members, RefusedByEcs, check_answer, check_request, of_json
from tests.support.ecs.tasks import Tasks
from tests.support.shaky_front import ShakyFront

_Operation: TypeAlias = Callable[[Members], Members]


class ScriptedEcs:
    """One region's ECS: what is there, and the operations on it."""

    def __init__(self, region: str, account: str, *clusters: str) -> None:
        self.place = Place(region, account)
        self.clusters = set(clusters)
        self.definitions = Definitions(self.place)
        self.tasks = Tasks(self.place, self.definitions, self.clusters)
        self.services = Services(self.place, self.definitions, self.tasks, self.clusters)
        histories = Histories(self.services)
        self._lock = RLock()
        self._operations: dict[str, _Operation] = {
            "RegisterTaskDefinition": self.definitions.register,
            "DescribeTaskDefinition": self.definitions.describe,
            "ListTaskDefinitions": self.definitions.listing,
            "DeregisterTaskDefinition": self.definitions.deregister,
            "DeleteTaskDefinitions": self.definitions.delete,
            "CreateService": self.services.create,
            "UpdateService": self.services.update,
            "DescribeServices": self.services.describe,
            "ListServices": self.services.listing,
            "DeleteService": self.services.delete,
            "TagResource": self.services.tag,
            "UntagResource": self.services.untag,
            "ListTagsForResource": self.services.list_tags,
            "ListServiceDeployments": histories.list_deployments,
            "DescribeServiceDeployments": histories.describe_deployments,
            "DescribeServiceRevisions": histories.describe_revisions,
            "StopServiceDeployment": histories.stop_deployment,
            "RunTask": self.tasks.run,
            "ListTasks": self.tasks.listing,
            "DescribeTasks": self.tasks.describe,
            "StopTask": self.tasks.stop,
            "ListClusters": self._list_clusters,
            "DescribeClusters": self._describe_clusters,
        }

    def answer(self, operation: str, parameters: Members) -> Members:
        """What ECS answers. Raises RefusedByEcs."""
        if operation not in self._operations:
            raise AssertionError(f"the scripted ECS has no {operation}")
        with self._lock:
            check_request(operation, parameters)
            answer = copy.deepcopy(self._operations[operation](parameters))
            check_answer(operation, answer)
            return answer

    def replace(self, operation: str, answer: _Operation) -> None:
        """From now on `answer` is what the operation does."""
        self._operations[operation] = answer

    def service(self, name: str = "web") -> Service:
        """The one service of this name. A test may change it past the API."""
        (found,) = (service for service in self.services.every.values() if service.name == name)
        return found

    def settle(self, name: str = "web") -> None:
        """Lets time pass until nothing more happens to the service."""
        rollout = self.service(name).rollout
        for _ in range(50):
            rollout.move()

    def snapshot(self) -> dict[str, Any]:
        """What there is, but for times, events and tasks: to be compared with what it was before."""
        return {
            "definitions": {
                one.arn: (one.status, copy.deepcopy(one.document), dict(one.tags))
                for family in self.definitions.families.values()
                for one in family
            },
            "services": {
                arn: {
                    "status": one.status,
                    "settings": copy.deepcopy(one.settings),
                    "tags": dict(one.tags),
                    "desired": one.desired,
                    "runs": one.rollout.primary.revision.definition.arn,
                    "deployments": len(one.rollout.history),
                }
                for arn, one in self.services.every.items()
            },
        }

    def _list_clusters(self, _: Members) -> Members:
        return {"clusterArns": [self.place.arn(f"cluster/{name}") for name in sorted(self.clusters)]}

    def _describe_clusters(self, asked: Members) -> Members:
        arns = [self.place.arn(f"cluster/{name.rpartition('/')[2]}") for name in asked.get("clusters", ["default"])]
        known = [arn for arn in arns if arn.rpartition("/")[2] in self.clusters]
        return {
            "clusters": [
                {"clusterArn": arn, "clusterName": arn.rpartition("/")[2], "status": "ACTIVE"} for arn in known
            ],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        }


class EcsServer(ShakyFront):
    """`with EcsServer() as server:` serves an AWS whose ECS is `server.ecs`, with one cluster and nothing in it."""

    def __init__(self, region: str = "eu-central-1", account: str = "123456789012", cluster: str = "jobs") -> None:
        super().__init__()
        self._made_of = region, account, cluster
        self.ecs = ScriptedEcs(*self._made_of)

    def reset(self) -> None:
        """The same, and an ECS as at the start."""
        super().reset()
        self.calm()
        self.ecs = ScriptedEcs(*self._made_of)

    def _carry_out(self, request: _Request) -> _Answer:
        if request.service != "ecs":
            return super()._carry_out(request)
        try:
            answer = self.ecs.answer(request.operation, request.parameters)
        except RefusedByEcs as refused:
            return _refusal(request, refused.code, refused.message, refused.status)
        return _json(json.loads(json.dumps(answer, default=of_json)))
