"""The schema of `ecschedule.yaml`: all of ecschedule's keys, and ours beside them (docs/config.md is made from it).

In: the tree of `source`; out: a frozen `Config`, or every error at once with its place. Scalars arrive as text and
get their type here, where the field is known, so that `010` stays a text in an environment and `yes` is no boolean.
"""

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
)
from pydantic import model_validator as validates

from esprestack.config.source import Scalar
from esprestack.rule import TRACKING_TAG

NAME_PATTERN = r"^[\.\-_A-Za-z0-9]+$"
"""Rule names and target ids: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""


_WHOLE = re.compile(r"-?[0-9]{1,18}")


def _text(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    raise ValueError(f"must be a text, not {_kind(value)}")


def _whole(value: Any) -> Any:
    if isinstance(value, Scalar) and _WHOLE.fullmatch(value):
        return int(value)
    raise ValueError(f"must be a whole number, not {_kind(value)}")


def _flag(value: Any) -> Any:
    if isinstance(value, Scalar) and value.plain and value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return value.lower() == "true"
    raise ValueError(f"must be true or false, not {_kind(value)}")


def _moment(value: Any) -> Any:
    """An ISO date or time; a time without zone, and a date's beginning, are in UTC."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise ValueError(f"must be a date like 2026-12-31 or a time like 2026-12-31T09:00+09:00, not {_kind(value)}")


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"`{value}`" if value is not None else "empty"


def _own_tags(value: dict[str, str]) -> dict[str, str]:
    for key in value:
        if key == TRACKING_TAG or key.lower().startswith("aws:"):
            raise ValueError(f"may not hold `{key}`: that tag isn't yours to set")
    return value


Text = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int | float | bool)]
Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]
Texts = list[Text]
Map = Annotated[dict[Text, Text], PlainSerializer(dict)]


def _key(name: str, *others: str, **settings: Any) -> Any:
    """A field with ecschedule's spelling, and the spellings that are accepted beside it."""
    settings.setdefault("default", None)
    return Field(validation_alias=AliasChoices(name, *others) if others else name, serialization_alias=name, **settings)


class _Part(BaseModel):
    """A mapping of the file: unknown keys are errors, an empty value means the key isn't there."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @validates(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class CapacityProviderStrategy(_Part):
    capacity_provider: Text = _key("capacityProvider", "capacity_provider", default=...)
    base: Whole = _key("base", default=0, ge=0, le=100_000)
    weight: Whole = _key("weight", default=0, ge=0, le=1_000)


class EnvironmentFile(_Part):
    value: Text = _key("value", default=..., description="ARN of the file in S3")
    type: Literal["s3"] = _key("type", default="s3")


class ResourceRequirement(_Part):
    type: Literal["GPU", "InferenceAccelerator", "NeuronDevice"] = _key("type", default=...)
    value: Text = _key("value", default=...)


class ContainerOverride(_Part):
    name: Text = _key("name", default=..., description="The container of the task definition", min_length=1)
    command: Texts | None = _key("command", description="Replaces the image's command")
    environment: Map | None = _key("environment", description="Adds to the container's environment")
    environment_files: list[EnvironmentFile] | None = _key("environmentFiles", "environment_files")
    cpu: Whole | None = _key("cpu", description="CPU units (1024 = 1 vCPU)", ge=0)
    memory: Whole | None = _key("memory", description="Hard limit in MiB", ge=4)
    memory_reservation: Whole | None = _key(
        "memoryReservation", "memory_reservation", description="Soft limit in MiB", ge=4
    )
    resource_requirements: list[ResourceRequirement] | None = _key("resourceRequirements", "resource_requirements")


class EphemeralStorage(_Part):
    size_in_gib: Whole = _key("sizeInGiB", default=..., ge=21, le=200)


class TaskOverride(_Part):
    cpu: Text | None = _key("cpu", description="CPU units, or `1 vCPU`")
    memory: Text | None = _key("memory", description="MiB, or `3 GB`")
    task_role: Text | None = _key("taskRole", "task_role", description="Name or ARN of the task's role")
    execution_role: Text | None = _key("executionRole", "execution_role", description="Name or ARN")
    ephemeral_storage: EphemeralStorage | None = _key("ephemeralStorage", "ephemeral_storage")


class AwsVpcConfiguration(_Part):
    subnets: Texts = _key("subnets", default=..., min_length=1, max_length=16)
    security_groups: Texts | None = _key("security_groups", "securityGroups", max_length=5)
    assign_public_ip: Literal["ENABLED", "DISABLED"] | None = _key("assign_public_ip", "assignPublicIp")


class NetworkConfiguration(_Part):
    aws_vpc_configuration: AwsVpcConfiguration = _key(
        "aws_vpc_configuration", "awsvpcConfiguration", "awsVpcConfiguration", default=...
    )


class DeadLetterConfig(_Part):
    sqs: Text = _key("sqs", default=..., description="Name or ARN of a standard SQS queue", min_length=1)


class PlacementConstraint(_Part):
    type: Literal["distinctInstance", "memberOf"] = _key("type", default=...)
    expression: Text | None = _key("expression", max_length=2000)


class PlacementStrategy(_Part):
    type: Literal["random", "spread", "binpack"] = _key("type", default=...)
    field: Text | None = _key("field", max_length=255)


class RetryPolicy(_Part):
    maximum_retry_attempts: Whole = _key("maximumRetryAttempts", "maximum_retry_attempts", default=185, ge=0, le=185)
    maximum_event_age_in_seconds: Whole = _key(
        "maximumEventAgeInSeconds", "maximum_event_age_in_seconds", default=86400, ge=60, le=86400
    )


class DisabledUntil(_Part):
    until: Moment = _key("until", default=..., description="A date (its beginning in UTC), or a time with its zone")


Disabled = Annotated[
    Annotated[Flag, Tag("[flag]")] | Annotated[DisabledUntil, Tag("[until]")],
    Discriminator(lambda value: "[until]" if isinstance(value, dict | DisabledUntil) else "[flag]"),
]
"""The tags stand in pydantic's paths; `complaints` leaves out what is in brackets."""


class RuleEntry(_Part):
    """One scheduled task."""

    name: Text = _key("name", default=..., min_length=1, max_length=64, pattern=NAME_PATTERN)
    description: Text | None = _key("description", max_length=512)
    schedule_expression: Text = _key(
        "scheduleExpression", "schedule_expression", default=..., min_length=1, max_length=256,
        description="`cron(minutes hours day-of-month month day-of-week year)` in UTC, or `rate(value unit)`",
    )  # fmt: skip
    disabled: Disabled = _key(
        "disabled", default=False,
        description="The rule exists but starts nothing; `{until: 2026-12-31}`: until that moment",
    )  # fmt: skip
    target_id: Text | None = _key(
        "targetId", "target_id", max_length=64, pattern=NAME_PATTERN, description="Default: the rule's name"
    )
    task_definition: Text = _key(
        "taskDefinition", "task_definition", default=..., min_length=1, max_length=1600,
        description="Family (its latest active revision), family:revision, or ARN",
    )  # fmt: skip
    task_count: Whole | None = _key("taskCount", "task_count", description="Default: 1", le=10)
    task_override: TaskOverride | None = _key("taskOverride", "task_override")
    container_overrides: list[ContainerOverride] | None = _key("containerOverrides", "container_overrides")
    role: Text | None = _key("role", description="Name or ARN of the role that lets EventBridge start the task")
    group: Text | None = _key("group", max_length=255)
    capacity_provider_strategy: list[CapacityProviderStrategy] | None = _key(
        "capacityProviderStrategy", "capacity_provider_strategy", max_length=6
    )
    launch_type: Literal["EC2", "FARGATE", "EXTERNAL"] | None = _key("launch_type", "launchType")
    platform_version: Text | None = _key("platform_version", "platformVersion")
    network_configuration: NetworkConfiguration | None = _key("network_configuration", "networkConfiguration")
    dead_letter_config: DeadLetterConfig | None = _key("dead_letter_config", "deadLetterConfig")
    propagate_tags: Literal["TASK_DEFINITION"] | None = _key("propagateTags", "propagate_tags")
    enable_execute_command: Flag = _key("enableExecuteCommand", "enable_execute_command", default=False)
    enable_ecs_managed_tags: Flag = _key("enableECSManagedTags", "enable_ecs_managed_tags", default=False)
    placement_constraints: list[PlacementConstraint] | None = _key(
        "placementConstraints", "placement_constraints", max_length=10
    )
    placement_strategy: list[PlacementStrategy] | None = _key("placementStrategy", "placement_strategy", max_length=5)
    reference_id: Text | None = _key("referenceId", "reference_id", max_length=1024)
    tags: Map | None = _key("tags", description="Tags of the task", max_length=50)
    retry_policy: RetryPolicy | None = _key("retryPolicy", "retry_policy")
    rule_role: Text | None = _key(
        "ruleRole", "rule_role", description="A role on the rule itself, where it isn't the target's"
    )
    rule_tags: Annotated[Map, AfterValidator(_own_tags)] | None = _key(
        "ruleTags", "rule_tags", max_length=49,
        description="Tags of the rule; without this key, tags that others put there are left alone",
    )  # fmt: skip
    allow: Texts | None = _key("allow", description="Codes of findings that are no obstacle for this rule")


class Plugin(_Part):
    """A source of look-ups, as in ecschedule."""

    name: Text = _key("name", default=...)
    func_prefix: Text | None = _key("func_prefix", "funcPrefix")
    config: dict[str, Any] | None = _key("config")


class Config(_Part):
    """A config file of scheduled ECS tasks: ecschedule's format, and some optional keys beside it."""

    region: Text | None = _key("region", description="Default: AWS_REGION", min_length=1)
    cluster: Text = _key("cluster", default=..., description="Name or ARN of the ECS cluster", min_length=1)
    role: Text | None = _key("role", description="Default: ecsEventsRole", min_length=1)
    tracking_id: Text | None = _key(
        "trackingId", "tracking_id", description="Marks the rules of this config; default: the cluster's name",
        max_length=256,
    )  # fmt: skip
    plugins: list[Plugin] | None = _key("plugins", description="Sources of look-ups")
    extends: Text | None = _key(
        "extends", description="Another config, relative to this one; what this one says goes on top, rules by name"
    )
    defaults: dict[str, Any] | None = _key(
        "defaults", description="What every rule has that doesn't say otherwise; mappings are merged, lists replaced"
    )
    rules: list[RuleEntry] | None = _key("rules", description="The scheduled tasks")


def spellings(model: type[BaseModel]) -> Iterator[str]:
    """Every key that a mapping of this kind may have, for "did you mean"."""
    for names in spellings_by_field(model):
        yield from names


def spellings_by_field(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """For each field the keys that mean it, ecschedule's first."""
    for field in model.model_fields.values():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            yield tuple(choice for choice in alias.choices if isinstance(choice, str))
        elif isinstance(alias, str):
            yield (alias,)


def parts(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """The keys of `model` that hold mappings, or lists of them, with the model of those."""
    for names, field in zip(spellings_by_field(model), model.model_fields.values(), strict=True):
        for part in _classes(field.annotation):
            yield names, part


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _classes(argument)


def longest(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The keys of `model` whose text has a largest length, and that length."""
    for names, field in zip(spellings_by_field(model), model.model_fields.values(), strict=True):
        for limit in field.metadata:
            most = getattr(limit, "max_length", None)
            if isinstance(most, int) and str in _plain(field.annotation):
                yield names, most


def _plain(annotation: Any) -> tuple[Any, ...]:
    """The types in an annotation, its metadata and containers left out."""
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    return (annotation, *(get_args(argument)[0] if get_args(argument) else argument for argument in arguments))
