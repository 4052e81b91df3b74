"""What is there before a test begins, made past the API's front; and how a test looks at it afterwards."""

from typing import Any

from tests.aws.account import CLUSTER
from tests.aws.deploys.builders import a_definition, to_create
from tests.support.aws_front import AwsFront
from tests.support.ecs_server import ScriptedEcs

WHERE = {"cluster": CLUSTER, "service": "web"}


class World:
    """The service `web`, made and changed by others than the program."""

    def __init__(self, ecs: ScriptedEcs) -> None:
        self.ecs = ecs

    def registers(self, *images: str, family: str = "web") -> None:
        for image in images:
            self.ecs.answer("RegisterTaskDefinition", a_definition(image, family=family))

    def runs(self, *images: str, **members: Any) -> None:
        """Every image was deployed once and well, the last one is what runs."""
        for image in images:
            self.registers(image)
            if self.ecs.services.every:
                self.deploys("web")
            else:
                self.ecs.answer("CreateService", to_create(**members))
            self.ecs.settle()

    def deploys(self, task_definition: str, **members: Any) -> None:
        """Somebody deploys it, and doesn't wait."""
        self.ecs.answer("UpdateService", {**WHERE, "taskDefinition": task_definition, **members})

    @property
    def revisions(self) -> list[str]:
        """The active ones."""
        found = [one for family in self.ecs.definitions.families.values() for one in family if one.status == "ACTIVE"]
        return [name(one.arn) for one in found]

    @property
    def running(self) -> str:
        """What the service's primary deployment runs."""
        return name(self.ecs.service().rollout.primary.revision.definition.arn)

    @property
    def deployments(self) -> list[str]:
        """What each deployment so far brought, the first one first."""
        return [name(entry.target.definition.arn) for entry in self.ecs.service().rollout.history]


def name(arn: str) -> str:
    return arn.rpartition("/")[2]


def writes(front: AwsFront) -> list[str]:
    return [call.operation for call in front.writes()]


def updates(front: AwsFront) -> list[dict[str, Any]]:
    """The parameters of each UpdateService, but for where the service is."""
    asked = [call.parameters for call in front.calls if call.operation == "UpdateService"]
    return [{key: member for key, member in one.items() if key not in ("cluster", "service")} for one in asked]
