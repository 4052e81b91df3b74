"""The scripted ECS behind a policy: each call about services is held against IAM's actions, resources and conditions.

Which resources and conditions an action has is AWS's own table:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from collections.abc import Iterator
from typing import Any

from tests.aws.account import arn
from tests.support.aws_front import Parameters, _Request
from tests.support.ecs.place import last_part
from tests.support.ecs_server import EcsServer
from tests.support.guarded_front import GuardedFront

from esprestack.checks.policy import Request

_OF_NOTHING = frozenset({"DescribeTaskDefinition", "ListTaskDefinitions", "ListClusters", "DeregisterTaskDefinition"})
"""Actions on ECS that can't be limited to anything."""
_OF_A_CLUSTER = frozenset({"ListServices", "ListTasks"})


class GuardedEcs(GuardedFront, EcsServer):
    """`policy` is all that the caller may do; None: everything."""

    def needed(self, request: _Request) -> Iterator[Request]:
        asked, action = request.parameters, f"{request.service}:{request.operation}"
        match request.service:
            case "ecs":
                yield from self._needed_of_ecs(request.operation, asked)
            case "ecr":
                yield Request(action, arn("ecr", f"repository/{asked['repositoryName']}"))
            case "logs" if request.operation == "GetLogEvents":
                stream = f"log-group:{asked['logGroupName']}:log-stream:{asked['logStreamName']}"
                yield Request(action, arn("logs", stream))
            case "logs":
                yield Request(action, arn("logs", "log-group::log-stream:"))
            case "secretsmanager":
                yield Request(action, asked["SecretId"])
            case "elbv2" | "elasticloadbalancing":
                yield Request(f"elasticloadbalancing:{request.operation}", "*")
            case "s3":
                # botocore takes the bucket out of the paths of its model once somebody makes a client of S3
                path = f"{asked['Bucket']}/{asked['Key']}" if "Bucket" in asked else asked["Key"]
                yield Request("s3:GetObject", f"arn:aws:s3:::{path}")
            case "events" if request.operation == "ListEventBuses":
                yield Request(action, "*")
            case _:
                yield from super().needed(request)

    def _needed_of_ecs(self, operation: str, asked: Parameters) -> Iterator[Request]:
        action = f"ecs:{operation}"
        if operation in _OF_NOTHING:
            yield Request(action, "*")
            return
        cluster = last_part(asked.get("cluster", "default"))
        context = {"ecs:cluster": arn("ecs", f"cluster/{cluster}")}
        if operation in _OF_A_CLUSTER:
            yield Request(action, "*", context=context)
        for resource in _resources(operation, asked, cluster):
            yield Request(action, resource, context=context)
        if operation not in ("TagResource", "UntagResource") and asked.get("tags"):
            made = {"ecs:createaction": operation}
            yield from (
                Request("ecs:TagResource", tagged, context=made) for tagged in _tagged(operation, asked, cluster)
            )
        for service, roles in (("ecs-tasks", self._roles_of_tasks(asked)), ("ecs", _roles(asked))):
            passed = {"iam:passedtoservice": f"{service}.amazonaws.com"}
            yield from (Request("iam:PassRole", role, context=passed) for role in roles)

    def _roles_of_tasks(self, asked: Parameters) -> Iterator[str]:
        """What the tasks will have: of what is registered, or of the definition that is named."""
        named = asked.get("taskDefinition")
        document = self.ecs.definitions.find(named).document if named else asked
        for member in ("taskRoleArn", "executionRoleArn"):
            if role := document.get(member):
                yield role if role.startswith("arn:") else arn("iam", f"role/{role}")


def _resources(operation: str, asked: Parameters, cluster: str) -> Iterator[str]:
    match operation:
        case "DescribeClusters":
            yield from (arn("ecs", f"cluster/{last_part(name)}") for name in asked["clusters"])
        case "DescribeServices":
            yield from (_service(cluster, name) for name in asked["services"])
        case "CreateService":
            yield _service(cluster, asked["serviceName"])
        case "UpdateService" | "ListServiceDeployments":
            yield _service(cluster, asked["service"])
        case "DescribeServiceDeployments" | "DescribeServiceRevisions" | "StopServiceDeployment":
            (key,) = asked.keys() - {"stopType"}
            for part in [asked[key]] if isinstance(asked[key], str) else asked[key]:
                yield part
                yield _service(*part.split("/")[1:3])
        case "RegisterTaskDefinition":
            yield arn("ecs", f"task-definition/{asked['family']}:*")
        case "RunTask":
            yield arn("ecs", f"task-definition/{last_part(asked['taskDefinition'])}")
        case "DescribeTasks" | "StopTask":
            yield from asked.get("tasks") or [asked["task"]]
        case "TagResource" | "UntagResource":
            yield asked["resourceArn"]
        case _ if operation not in _OF_A_CLUSTER:
            raise AssertionError(f"nobody knows what {operation} needs")


def _tagged(operation: str, asked: Parameters, cluster: str) -> Iterator[str]:
    """What a call tags while it makes it."""
    if operation == "RunTask":
        yield arn("ecs", f"task/{cluster}/*")
    else:
        yield from _resources(operation, asked, cluster)


def _service(cluster: str, name: str) -> str:
    return arn("ecs", f"service/{cluster}/{last_part(name)}")


def _roles(asked: Any) -> Iterator[str]:
    """Every role that ECS itself is given, however deep in a request."""
    if isinstance(asked, dict):
        for key, member in asked.items():
            if key in ("role", "roleArn"):
                yield member
            else:
                yield from _roles(member)
    elif isinstance(asked, list):
        for item in asked:
            yield from _roles(item)
