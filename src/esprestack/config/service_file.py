"""The schema of `ecspresso.yml`: the keys that ecspresso has and that mean something here.

In: the tree of a file; out: a frozen `ServiceFile`, or every error at once with its place. What ecspresso has and
this program hasn't (`codedeploy`, `appspec`, `express_definition`) is refused before, by `services.read`.
"""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from esprestack.config.durations import seconds
from esprestack.config.model import Plugin
from esprestack.config.values import Part, Text, Texts, key, kind

DEFAULT_CLUSTER = "default"
"""ECS's own default: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"""

DEFAULT_TIMEOUT = 600.0
"""ecspresso's, in seconds."""

_VERSIONS = re.compile(r"\s*(=|!=|>|<|>=|<=|~>)?\s*v?\d+(\.\d+)*([-+][\w.+-]+)?\s*", re.ASCII)


def _duration(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError(f"must be a duration such as `10m` or `1h30m`, not {kind(value)}")
    return seconds(value)


def _version(value: Any) -> str:
    """https://pkg.go.dev/github.com/hashicorp/go-version"""
    if not isinstance(value, str) or not all(map(_VERSIONS.fullmatch, value.split(","))):
        raise ValueError(f"must be a constraint such as `>= 2.0.0, < 3`, not {kind(value)}")
    return str(value)


class Ignore(Part):
    """What others may set on the service without making a difference."""

    tags: Texts | None = key("tags", description="Keys of tags on the service and its task definition")


class ServiceFile(Part):
    """A config file of one ECS service: ecspresso's format."""

    required_version: Annotated[str, BeforeValidator(_version)] | None = key(
        "required_version", description="Of ecspresso; read, and not looked at"
    )
    region: Text | None = key("region", description="Default: AWS_REGION", min_length=1)
    cluster: Text = key(
        "cluster", default=DEFAULT_CLUSTER, description="Name or ARN of the ECS cluster. Default: default", min_length=1
    )
    service: Text | None = key("service", description="The service's name", min_length=1)
    service_definition: Text | None = key(
        "service_definition", description="The file of the service, relative to this one", min_length=1
    )
    task_definition: Text = key(
        "task_definition",
        default=...,
        description="The file of the task definition, relative to this one",
        min_length=1,
    )
    timeout: Annotated[float, BeforeValidator(_duration)] = key(
        "timeout", default=DEFAULT_TIMEOUT, description="How long a deploy may take, such as 10m. Default: 10m"
    )
    plugins: list[Plugin] | None = key("plugins", description="Sources of look-ups")
    ignore: Ignore | None = key("ignore", description="What makes no difference")
    filter_command: Text | None = key("filter_command", description="Of ecspresso; read, and not looked at")
