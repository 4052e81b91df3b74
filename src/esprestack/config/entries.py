"""The mappings within a rule, as ecschedule has them and AWS beyond it."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Tag
from pydantic import model_validator as validates

from esprestack.config.values import Flag, Map, Moment, Part, Text, Texts, Whole, key


class CapacityProviderStrategy(Part):
    capacity_provider: Text = key(
        "capacityProvider",
        "capacity_provider",
        default=...,
        description="A capacity provider of the cluster, such as FARGATE_SPOT",
    )
    base: Whole = key(
        "base",
        default=0,
        ge=0,
        le=100_000,
        description="So many tasks run there at least; one provider of a strategy may have a base",
    )
    weight: Whole = key("weight", default=0, ge=0, le=1_000, description="The share of the tasks beyond the base")


class EnvironmentFile(Part):
    value: Text = key("value", default=..., description="ARN of the file in S3")
    type: Literal["s3"] = key("type", default="s3", description="Always s3")


class ResourceRequirement(Part):
    type: Literal["GPU", "InferenceAccelerator", "NeuronDevice"] = key(
        "type", default=..., description="What is required"
    )
    value: Text = key("value", default=..., description="How many, or which")


class ContainerOverride(Part):
    name: Text = key("name", default=..., description="The container of the task definition", min_length=1)
    command: Texts | None = key("command", description="Replaces the image's command")
    environment: Map | None = key("environment", description="Adds to the container's environment")
    environment_files: list[EnvironmentFile] | None = key(
        "environmentFiles", "environment_files", description="Files of variables in S3, at most ten"
    )
    cpu: Whole | None = key("cpu", description="CPU units (1024 = 1 vCPU)", ge=0)
    memory: Whole | None = key("memory", description="Hard limit in MiB", ge=4)
    memory_reservation: Whole | None = key(
        "memoryReservation", "memory_reservation", description="Soft limit in MiB", ge=4
    )
    resource_requirements: list[ResourceRequirement] | None = key(
        "resourceRequirements", "resource_requirements", description="GPUs and other accelerators"
    )


class EphemeralStorage(Part):
    size_in_gib: Whole = key("sizeInGiB", default=..., ge=21, le=200, description="From 21 to 200 GiB")


class TaskOverride(Part):
    cpu: Text | None = key("cpu", description="CPU units, or `1 vCPU`")
    memory: Text | None = key("memory", description="MiB, or `3 GB`")
    task_role: Text | None = key("taskRole", "task_role", description="Name or ARN of the task's role")
    execution_role: Text | None = key("executionRole", "execution_role", description="Name or ARN")
    ephemeral_storage: EphemeralStorage | None = key(
        "ephemeralStorage", "ephemeral_storage", description="Disk of a task on Fargate"
    )


class AwsVpcConfiguration(Part):
    subnets: Texts = key("subnets", default=..., min_length=1, max_length=16, description="Ids of subnets, at most 16")
    security_groups: Texts | None = key(
        "security_groups",
        "securityGroups",
        max_length=5,
        description="Ids of security groups, at most 5; default: the VPC's own",
    )
    assign_public_ip: Literal["ENABLED", "DISABLED"] | None = key(
        "assign_public_ip", "assignPublicIp", description="On Fargate only. Default: DISABLED"
    )


class NetworkConfiguration(Part):
    aws_vpc_configuration: AwsVpcConfiguration = key(
        "aws_vpc_configuration",
        "awsvpcConfiguration",
        "awsVpcConfiguration",
        default=...,
        description="For task definitions with the network mode awsvpc, so always on Fargate",
    )


class DeadLetterConfig(Part):
    sqs: Text = key("sqs", default=..., description="Name or ARN of a standard SQS queue", min_length=1)


class PlacementConstraint(Part):
    type: Literal["distinctInstance", "memberOf"] = key("type", default=..., description="Where a task may be placed")
    expression: Text | None = key(
        "expression", max_length=2000, description="In ECS's cluster query language, for memberOf"
    )


class PlacementStrategy(Part):
    type: Literal["random", "spread", "binpack"] = key(
        "type", default=..., description="How tasks are spread over instances"
    )
    field: Text | None = key(
        "field",
        max_length=255,
        description="What to spread or pack by, such as attribute:ecs.availability-zone or memory",
    )


class RetryPolicy(Part):
    maximum_retry_attempts: Whole = key(
        "maximumRetryAttempts",
        "maximum_retry_attempts",
        default=185,
        ge=0,
        le=185,
        description="From 0 to 185, EventBridge's default",
    )
    maximum_event_age_in_seconds: Whole = key(
        "maximumEventAgeInSeconds",
        "maximum_event_age_in_seconds",
        default=86400,
        ge=60,
        le=86400,
        description="From 60 to 86,400, EventBridge's default",
    )


class FlexibleTimeWindow(Part):
    mode: Literal["OFF", "FLEXIBLE"] = key("mode", default="FLEXIBLE", description="OFF: on time")
    maximum_window_in_minutes: Whole | None = key(
        "maximumWindowInMinutes",
        "maximum_window_in_minutes",
        ge=1,
        le=1440,
        description="From 1 to 1,440; a run begins within so many minutes",
    )

    @validates(mode="after")
    def _is_whole(self) -> Self:
        if (self.mode == "FLEXIBLE") != (self.maximum_window_in_minutes is not None):
            raise ValueError("has `maximumWindowInMinutes` with the mode FLEXIBLE, and none with OFF")
        return self


class DisabledUntil(Part):
    until: Moment = key("until", default=..., description="A date (its beginning in UTC), or a time with its zone")


Disabled = Annotated[
    Annotated[Flag, Tag("[flag]")] | Annotated[DisabledUntil, Tag("[until]")],
    Discriminator(lambda value: "[until]" if isinstance(value, dict | DisabledUntil) else "[flag]"),
]
"""The tags stand in pydantic's paths; `complaints` leaves out what is in brackets."""
