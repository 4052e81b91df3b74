"""ECS's services as a test has them: what the reads of a plan are answered. Nothing here moves by itself.

Every answer is held against botocore's description of it, so that none can have a form that ECS doesn't give.
"""

import copy
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.validate import ParamValidator
from tests.aws.account import arn
from tests.support.aws_front import AwsFront, Parameters, RefusedError

CLUSTER = "shop"
_CREATED = 1_790_000_000.0


class EcsServices:
    """Answers DescribeServices, DescribeTaskDefinition, ListServiceDeployments and DescribeServiceRevisions."""

    def __init__(self, front: AwsFront) -> None:
        self._model = botocore.session.get_session().get_service_model("ecs")
        self._revisions: dict[str, list[dict[str, Any]]] = {}
        self._services: dict[str, dict[str, Any]] = {}
        self._service_revisions: dict[str, dict[str, Any]] = {}
        self.tells_current_revisions = True
        """Whether DescribeServices names the service's revisions itself."""
        self.keeps_history = True
        """Whether there are any deployments and revisions: of older services there are none."""
        for operation, answer in {
            "DescribeServices": self._describe_services,
            "DescribeTaskDefinition": self._describe_task_definition,
            "ListServiceDeployments": self._list_service_deployments,
            "DescribeServiceRevisions": self._describe_service_revisions,
        }.items():
            front.play(operation, answer)

    def has_revision(self, document: Mapping[str, Any], status: str = "ACTIVE") -> str:
        """The family's next revision, as AWS keeps it: with what it fills in. Its ARN."""
        family = document["family"]
        number = len(self._revisions.setdefault(family, [])) + 1
        told = _as_told(document)
        told |= {
            "taskDefinitionArn": arn("ecs", f"task-definition/{family}:{number}"),
            "revision": number,
            "status": status,
            "compatibilities": ["EC2", "FARGATE"],
            "registeredAt": _CREATED,
        }
        self._revisions[family].append(told)
        return str(told["taskDefinitionArn"])

    def has_service(
        self,
        document: Mapping[str, Any],
        task_definition: str,
        *,
        name: str = "web",
        digests: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        """A service that runs a revision, from CreateService's members; `members` are told of it besides."""
        of_deployment = {
            key: document[key]
            for key in ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
            if key in document
        }
        of_revision = {key: document[key] for key in ("gatewayConnectors", "monitoring") if key in document}
        service_arn = arn("ecs", f"service/{CLUSTER}/{name}")
        deployment = {
            "id": "ecs-svc/1",
            "status": "PRIMARY",
            "taskDefinition": task_definition,
            "desiredCount": document.get("desiredCount", 1),
            "runningCount": document.get("desiredCount", 1),
            "rolloutState": "COMPLETED",
            "createdAt": _CREATED,
            **of_deployment,
        }
        revision_arn = arn("ecs", f"service-revision/{CLUSTER}/{name}/1")
        self._service_revisions[revision_arn] = {
            "serviceRevisionArn": revision_arn,
            "serviceArn": service_arn,
            "taskDefinition": task_definition,
            "createdAt": _CREATED,
            "containerImages": [
                {"containerName": container, "imageDigest": digest} for container, digest in (digests or {}).items()
            ],
            **of_revision,
        }
        told = {
            "serviceArn": service_arn,
            "serviceName": name,
            "clusterArn": arn("ecs", f"cluster/{CLUSTER}"),
            "status": "ACTIVE",
            "taskDefinition": task_definition,
            "deployments": [deployment],
            "roleArn": arn("iam", "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
            "runningCount": deployment["runningCount"],
            "pendingCount": 0,
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "propagateTags": "NONE",
            "enableECSManagedTags": False,
            "enableExecuteCommand": False,
            "loadBalancers": [],
            "serviceRegistries": [],
            "placementConstraints": [],
            "placementStrategy": [],
            "createdAt": _CREATED,
            **{key: value for key, value in document.items() if key not in {*of_deployment, *of_revision, "role"}},
            **members,
        }
        if self.tells_current_revisions:
            told["currentServiceRevisions"] = [{"arn": revision_arn, "runningTaskCount": 1}]
        self._services[name] = told

    def removed(self, name: str = "web") -> None:
        """It is INACTIVE from now on, as ECS keeps it for a while."""
        self._services[name]["status"] = "INACTIVE"

    # -- answers -----------------------------------------------------------------------------------------------

    def _describe_services(self, asked: Parameters) -> Mapping[str, Any]:
        names = asked["services"]
        found = [copy.deepcopy(self._services[name]) for name in names if name in self._services]
        if "TAGS" not in asked.get("include", []):
            for service in found:
                service.pop("tags", None)
        missing = [
            {"arn": arn("ecs", f"service/{CLUSTER}/{name}"), "reason": "MISSING"}
            for name in names
            if name not in self._services
        ]
        return self._checked("DescribeServices", {"services": found, "failures": missing})

    def _describe_task_definition(self, asked: Parameters) -> Mapping[str, Any]:
        name = asked["taskDefinition"].rpartition("/")[2]
        family, _, number = name.partition(":")
        revisions = self._revisions.get(family, [])
        chosen = [
            told for told in revisions if (str(told["revision"]) == number if number else told["status"] == "ACTIVE")
        ]
        if not chosen:
            raise RefusedError("ClientException", "Unable to describe task definition.")
        told = copy.deepcopy(chosen[-1])
        tags = told.pop("tags", [])
        return self._checked("DescribeTaskDefinition", {"taskDefinition": told, "tags": tags})

    def _list_service_deployments(self, asked: Parameters) -> Mapping[str, Any]:
        deployments = [
            {
                "serviceDeploymentArn": revision.replace("service-revision", "service-deployment"),
                "serviceArn": told["serviceArn"],
                "targetServiceRevisionArn": revision,
                "status": "SUCCESSFUL",
                "createdAt": _CREATED,
            }
            for revision, told in self._service_revisions.items()
            if told["serviceArn"] == asked["service"] and self.keeps_history
        ]
        return self._checked("ListServiceDeployments", {"serviceDeployments": deployments})

    def _describe_service_revisions(self, asked: Parameters) -> Mapping[str, Any]:
        found = [self._service_revisions[revision] for revision in asked["serviceRevisionArns"]]
        return self._checked("DescribeServiceRevisions", {"serviceRevisions": found, "failures": []})

    def _checked(self, operation: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        report = ParamValidator().validate(answer, self._model.operation_model(operation).output_shape)
        assert not report.has_errors(), report.generate_report()
        return answer


def _as_told(document: Mapping[str, Any]) -> dict[str, Any]:
    """A task definition with what AWS fills in, as DescribeTaskDefinition tells it."""
    told = copy.deepcopy(dict(document))
    told.setdefault("networkMode", "bridge")
    for member in ("volumes", "placementConstraints"):
        told.setdefault(member, [])
    for container in told["containerDefinitions"]:
        container.setdefault("cpu", 0)
        container.setdefault("essential", True)
        for member in ("environment", "mountPoints", "volumesFrom", "portMappings", "systemControls"):
            container.setdefault(member, [])
        for mapping in container["portMappings"]:
            mapping.setdefault("protocol", "tcp")
            mapping.setdefault("hostPort", mapping["containerPort"] if told["networkMode"] == "awsvpc" else 0)
    return told
