"""The files of a service that is there already: ecspresso.yml and its definitions. To deploy them changes nothing.

In: the live service; out: texts. Only members that requests take stand in them; what is empty is left out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from esprestack.config.spans import escaped
from esprestack.errors import AwsError, InputError, Problem, RefusedError, Severity
from esprestack.plan.compare import Veil
from esprestack.services.deployments import service_now
from esprestack.services.ecs import Ecs
from esprestack.services.model import Document, Revision
from esprestack.services.shapes import taken
from esprestack.services.update_service import require_ours

_ELSEWHERE = ("cluster", "serviceName", "taskDefinition", "clientToken")
"""Members of CreateService that ecspresso.yml says, or nobody does."""

_OF_DEPLOYMENTS = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
"""Members of CreateService that DescribeServices has no place for but in `deployments`."""


@dataclass(frozen=True, slots=True)
class Names:
    """Where the definitions stand, as ecspresso.yml says it: relative to itself."""

    task_definition: str = "ecs-task-def.json"
    service_definition: str = "ecs-service-def.json"


@dataclass(frozen=True, slots=True)
class Files:
    """The texts. No service definition: of a task definition alone."""

    config: str
    task_definition: str
    service_definition: str | None
    warnings: tuple[Problem, ...] = ()


def files_of_service(ecs: Ecs, names: Names, veil: Veil) -> Files:
    """Of the service and of what its primary deployment runs. Raises InputError, RefusedError, AwsError."""
    entry = ecs.entry()
    if entry is None:
        what = f"there is no service `{ecs.scope.service}` in the cluster `{ecs.scope.cluster}`"
        raise InputError(Problem(what, todo="check --service, --cluster and --region"))
    require_ours(service_now(entry))
    revision = ecs.revision(entry["taskDefinition"])
    if revision is None:
        raise RefusedError(Problem(f"ECS doesn't describe {entry['taskDefinition']} any more"))
    document = _service(entry)
    scaled = _is_scaled(ecs)
    if scaled:
        document.pop("desiredCount", None)
    return Files(
        _config(ecs, names, with_service=True),
        _text(_pruned(revision.document)),
        _text(document),
        (*_warnings(revision, veil), *(_scaling(scaled))),
    )


def files_of_task(ecs: Ecs, family: str, names: Names, veil: Veil) -> Files:
    """Of a task definition that no service runs. Raises InputError, AwsError."""
    revision = ecs.revision(family)
    if revision is None:
        raise InputError(Problem(f"there is no task definition {family}", todo="check --task-definition and --region"))
    config = _config(ecs, names, with_service=False)
    return Files(config, _text(_pruned(revision.document)), None, tuple(_warnings(revision, veil)))


def _service(entry: Document) -> dict[str, Any]:
    """CreateService's members; some of them DescribeServices shows at the primary deployment alone."""
    primary = [taken("CreateService", one) for one in entry.get("deployments") or () if one.get("status") == "PRIMARY"]
    shown_there = {name: one[name] for one in primary for name in _OF_DEPLOYMENTS if name in one}
    members = {**shown_there, **taken("CreateService", entry)}
    if members.get("schedulingStrategy") == "DAEMON":
        members.pop("desiredCount", None)
        members.pop("placementStrategy", None)
    return {name: member for name, member in _pruned(members).items() if name not in _ELSEWHERE}


def _pruned(value: Any) -> Any:
    """Without what is empty; an empty text is a value, and stays."""
    if isinstance(value, Mapping):
        return {key: _pruned(member) for key, member in value.items() if member not in (None, [], {})}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def _config(ecs: Ecs, names: Names, *, with_service: bool) -> str:
    lines = {
        "region": ecs.scope.region,
        "cluster": ecs.scope.cluster,
        **({"service": ecs.scope.service, "service_definition": names.service_definition} if with_service else {}),
        "task_definition": names.task_definition,
        "timeout": "10m",
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def _text(document: Document) -> str:
    """JSON in which text that looks like a template stays what it is when it is rendered."""
    return escaped(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _is_scaled(ecs: Ecs) -> bool | None:
    """Whether Application Auto Scaling looks after the desired count; None: nobody may know.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
    """
    asked = {"ServiceNamespace": "ecs", "ResourceIds": [f"service/{ecs.scope.cluster}/{ecs.scope.service}"]}
    try:
        answer = ecs.aws.call("application-autoscaling", "describe_scalable_targets", **asked)
    except AwsError as error:
        if error.final:
            raise
        return None
    return bool(answer.get("ScalableTargets"))


def _scaling(scaled: bool | None) -> Iterator[Problem]:
    if scaled is None:
        what = "`desiredCount` was written, and nobody may know whether Application Auto Scaling looks after it"
        yield Problem(what, todo="remove it if it does", severity=Severity.WARNING)


def _warnings(revision: Revision, veil: Veil) -> Iterator[Problem]:
    """Values in plain text whose names say that they are secrets."""
    for container in revision.document.get("containerDefinitions") or ():
        named = [variable["name"] for variable in container.get("environment") or () if variable.get("value")]
        for name in filter(veil.is_secret_name, named):
            what = f"the value of {name} of the container `{container['name']}` stands in the file in plain text"
            todo = "move it to `secrets`, or write {{ must_env `" + name + "` }}"
            yield Problem(what, todo=todo, severity=Severity.WARNING)
