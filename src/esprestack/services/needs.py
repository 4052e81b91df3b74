"""What one service's config needs of AWS: the ARNs of all that its files name, as far as that is known without asking.

In: a config, opened, with `*` for what isn't known; out: resources for IAM's statements (`policies`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from esprestack.config.likely import likely_place, texts_in
from esprestack.iam import Looked
from esprestack.rule import Scope
from esprestack.services.documents import with_texts
from esprestack.services.images import ecr_image
from esprestack.services.model import Document, ServiceConfig

_UNKNOWN = "*"


@dataclass(frozen=True, slots=True)
class ServiceNeeds:
    """A service and its documents, in which `*` stands for what isn't known before AWS is asked."""

    scope: Scope
    name: str
    """Empty where a config has none."""
    task: Document
    """RegisterTaskDefinition's members."""
    service: Document
    """CreateService's members; empty where a config has no file of them."""
    looked: tuple[Looked, ...] = ()

    # -- in ECS ------------------------------------------------------------------------------------------------

    @property
    def services(self) -> list[str]:
        """The service; a list as all others, for there may be none."""
        return [self._below("service", self.name)] if self.name else []

    def of_service(self, kind: str) -> list[str]:
        """The service and all its resources of a kind: for those calls both have to be allowed."""
        return [*self.services, self._below(kind, f"{self.name}/*")] if self.name else []

    @property
    def tasks(self) -> str:
        """All tasks of the cluster."""
        return self._below("task", "*")

    @property
    def family(self) -> str:
        """The task definition in any revision."""
        return self.scope.arn("ecs", f"task-definition/{self.task.get('family', _UNKNOWN)}:*")

    def _below(self, kind: str, name: str) -> str:
        return self.scope.arn("ecs", f"{kind}/{self.scope.cluster.rpartition('/')[2]}/{name}")

    # -- what the files name -----------------------------------------------------------------------------------

    @property
    def task_roles(self) -> list[str]:
        """What the tasks' roles are: ECS's tasks take them."""
        return self._roles(self.task.get("taskRoleArn"), self.task.get("executionRoleArn"))

    @property
    def ecs_roles(self) -> list[str]:
        """Those of the service that ECS itself takes: for volumes, load balancers, hooks and the like."""
        return self._roles(self.service.get("role"), *_named("roleArn", self.service))

    @property
    def volume_roles(self) -> list[str]:
        """Those of them that ECS takes for a task, too."""
        return self._roles(*_named("roleArn", self.service.get("volumeConfigurations")))

    def _roles(self, *names: Any) -> list[str]:
        return [self.scope.expand(str(name), "iam", "role/") for name in names if name]

    @property
    def repositories(self) -> list[str]:
        """Of images in the account's and region's ECR; others aren't asked for."""
        found = []
        for image in self._of_containers("image"):
            ecr = ecr_image(image)
            if image == _UNKNOWN:
                found.append(self.scope.arn("ecr", "repository/*"))
            elif ecr and self.scope.region in (ecr.region, _UNKNOWN) and self.scope.account in (ecr.account, _UNKNOWN):
                place = replace(self.scope, region=ecr.region, account=ecr.account)
                found.append(place.arn("ecr", f"repository/{ecr.repository}"))
        return found

    @property
    def parameters(self) -> list[str]:
        """Of SSM."""
        named = [name for name in self._values_from() if ":secretsmanager:" not in name]
        return [self.scope.expand(name.removeprefix("/"), "ssm", "parameter/") for name in named]

    @property
    def secrets(self) -> list[str]:
        """Of Secrets Manager, whose ARNs may lack their last part in a file."""
        unknown = [self.scope.arn("secretsmanager", "secret:*")] if _UNKNOWN in self._values_from() else []
        arns = [":".join(name.split(":")[:7]) for name in self._values_from() if ":secretsmanager:" in name]
        return [*(f"{arn}*" for arn in arns), *unknown]

    def _values_from(self) -> list[str]:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html"""
        documents = self.task, self.service
        return [name for name in (*_named("valueFrom", documents), *_named("credentialsParameter", documents)) if name]

    @property
    def log_groups(self) -> list[str]:
        """Of the log driver `awslogs`, with all their streams."""
        found = []
        for log in self._of_containers("logConfiguration"):
            options = log.get("options") or {}
            if log.get("logDriver") == "awslogs" and options.get("awslogs-group"):
                region = options.get("awslogs-region") or self.scope.region
                found.append(replace(self.scope, region=region).arn("logs", f"log-group:{options['awslogs-group']}:*"))
        return found

    @property
    def log_places(self) -> list[str]:
        """Every log group of the regions of those: what lists them can't be limited to one."""
        return [f"{':'.join(arn.split(':')[:6])}:*" for arn in self.log_groups]

    @property
    def environment_files(self) -> list[str]:
        files = [file.get("value") for files in self._of_containers("environmentFiles") for file in files]
        return [f"arn:{self.scope.partition}:s3:::*" if file == _UNKNOWN else str(file) for file in files if file]

    def _of_containers(self, member: str) -> list[Any]:
        return [one[member] for one in self.task.get("containerDefinitions") or () if one.get(member)]

    # -- what is asked only of some services -------------------------------------------------------------------

    @property
    def has_target_groups(self) -> bool:
        return any(_named("targetGroupArn", self.service))

    @property
    def has_named_namespace(self) -> bool:
        """Whether AWS's ARN of it is asked for its name."""
        namespace = (self.service.get("serviceConnectConfiguration") or {}).get("namespace")
        return bool(namespace) and not str(namespace).startswith("arn:")

    @property
    def is_counted(self) -> bool:
        """Whether it is asked who else looks after the count."""
        return "desiredCount" in self.service


def service_needs(
    config: ServiceConfig, account: str, known: Callable[[str], str], looked: tuple[Looked, ...] = ()
) -> ServiceNeeds:
    """`account`: `*` where only an ARN of the config may say it. `known` opens a text, or makes it `*`."""
    task = with_texts(config.task_definition.document, known)
    service = with_texts(config.service_definition.document, known) if config.service_definition else {}
    cluster = known(config.cluster)
    own = (str(task.get(member) or "") for member in ("taskRoleArn", "executionRoleArn"))
    place = likely_place((cluster, *own, *texts_in(service), *texts_in(task)), known(config.region), account)
    scope = replace(place, cluster=place.shorten(cluster, "ecs", "cluster/"))
    return ServiceNeeds(scope, known(config.service), task, service, looked)


def _named(name: str, value: Any) -> Iterator[str]:
    """The texts of all members of this name, however deep in a document."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key == name and isinstance(member, str):
                yield member
            yield from _named(name, member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _named(name, item)
