"""The schema of `ecschedule.yaml`: all of ecschedule's keys, and ours beside them (docs/config.md is made from it).

In: the tree of `source`; out: a frozen `Config`, or every error at once with its place.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from esprestack.config.entries import (
    CapacityProviderStrategy,
    ContainerOverride,
    DeadLetterConfig,
    Disabled,
    FlexibleTimeWindow,
    NetworkConfiguration,
    PlacementConstraint,
    PlacementStrategy,
    RetryPolicy,
    TaskOverride,
)
from esprestack.config.values import Flag, Map, Moment, Part, Text, Texts, Whole, key
from esprestack.rule import TRACKING_TAG

NAME_PATTERN = r"^[\.\-_A-Za-z0-9]+$"
"""Rule names and target ids: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""


def _own_tags(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if name == TRACKING_TAG or name.lower().startswith("aws:"):
            raise ValueError(f"may not hold `{name}`: that tag isn't yours to set")
    return value


class RuleEntry(Part):
    """One scheduled task."""

    name: Text = key(
        "name",
        default=...,
        min_length=1,
        max_length=64,
        pattern=NAME_PATTERN,
        description="The rule's name, unique in its region; at most 64 letters, digits, `.`, `-` and `_`",
    )
    description: Text | None = key("description", max_length=512, description="At most 512 characters")
    schedule_expression: Text = key(
        "scheduleExpression",
        "schedule_expression",
        default=...,
        min_length=1,
        max_length=256,
        description="`cron(minutes hours day-of-month month day-of-week year)`, `rate(value unit)`, or, of a "
        "schedule, `at(yyyy-mm-ddThh:mm:ss)`; a rule's is in UTC",
    )
    backend: Literal["rules", "scheduler"] | None = key(
        "backend", description="Where it lives: EventBridge rules, or EventBridge Scheduler. Default: the config's"
    )
    timezone: Text | None = key(
        "timezone", min_length=1, max_length=50, description="Of a schedule: an IANA name. Default: UTC"
    )
    start_date: Moment | None = key(
        "startDate",
        "start_date",
        description="Of a schedule with cron or rate: no run before it; a rate counts from it",
    )
    end_date: Moment | None = key("endDate", "end_date", description="Of a schedule with cron or rate: no run after it")
    flexible_time_window: FlexibleTimeWindow | None = key(
        "flexibleTimeWindow", "flexible_time_window", description="Of a schedule. Default: it begins on time"
    )
    schedule_group: Text | None = key(
        "scheduleGroup",
        "schedule_group",
        min_length=1,
        max_length=64,
        pattern=NAME_PATTERN,
        description="The group that a schedule is in. Default: one named by the tracking id",
    )
    action_after_completion: Literal["NONE", "DELETE"] | None = key(
        "actionAfterCompletion",
        "action_after_completion",
        description="Of a schedule: DELETE removes it after its last run. Default: NONE",
    )
    kms_key: Text | None = key(
        "kmsKey", "kms_key", max_length=2048, description="Of a schedule: ARN of the key that encrypts it"
    )
    disabled: Disabled = key(
        "disabled",
        default=False,
        description="The rule exists but starts nothing; `{until: 2026-12-31}`: until that moment",
    )
    target_id: Text | None = key(
        "targetId", "target_id", max_length=64, pattern=NAME_PATTERN, description="Default: the rule's name"
    )
    task_definition: Text = key(
        "taskDefinition",
        "task_definition",
        default=...,
        min_length=1,
        max_length=1600,
        description="Family (its latest active revision), family:revision, or ARN",
    )
    task_count: Whole | None = key("taskCount", "task_count", description="Default: 1", le=10)
    task_override: TaskOverride | None = key(
        "taskOverride", "task_override", description="What a run changes of the task"
    )
    container_overrides: list[ContainerOverride] | None = key(
        "containerOverrides",
        "container_overrides",
        description="What a run changes of containers; with `taskOverride` at most 8,192 characters as JSON",
    )
    role: Text | None = key("role", description="Name or ARN of the role that lets EventBridge start the task")
    group: Text | None = key("group", max_length=255, description="The task group, at most 255 characters")
    capacity_provider_strategy: list[CapacityProviderStrategy] | None = key(
        "capacityProviderStrategy",
        "capacity_provider_strategy",
        max_length=6,
        description="Instead of `launch_type`, at most 6 entries",
    )
    launch_type: Literal["EC2", "FARGATE", "EXTERNAL"] | None = key(
        "launch_type", "launchType", description="Default: the cluster's capacity provider strategy, or EC2"
    )
    platform_version: Text | None = key(
        "platform_version", "platformVersion", description="Of Fargate, such as 1.4.0. Default: LATEST"
    )
    network_configuration: NetworkConfiguration | None = key(
        "network_configuration",
        "networkConfiguration",
        description="For task definitions with the network mode awsvpc, so always on Fargate",
    )
    dead_letter_config: DeadLetterConfig | None = key(
        "dead_letter_config", "deadLetterConfig", description="Where EventBridge puts what it couldn't deliver"
    )
    propagate_tags: Literal["TASK_DEFINITION"] | None = key(
        "propagateTags", "propagate_tags", description="Copies the task definition's tags to the task"
    )
    enable_execute_command: Flag = key(
        "enableExecuteCommand",
        "enable_execute_command",
        default=False,
        description="Lets `aws ecs execute-command` into the task, which needs a task role",
    )
    enable_ecs_managed_tags: Flag = key(
        "enableECSManagedTags", "enable_ecs_managed_tags", default=False, description="ECS's own tags on the task"
    )
    placement_constraints: list[PlacementConstraint] | None = key(
        "placementConstraints", "placement_constraints", max_length=10, description="On EC2 only, at most 10"
    )
    placement_strategy: list[PlacementStrategy] | None = key(
        "placementStrategy", "placement_strategy", max_length=5, description="On EC2 only, at most 5"
    )
    reference_id: Text | None = key(
        "referenceId", "reference_id", max_length=1024, description="Shown with the task; at most 1,024 characters"
    )
    tags: Map | None = key("tags", description="Tags of the task", max_length=50)
    retry_policy: RetryPolicy | None = key(
        "retryPolicy", "retry_policy", description="How long EventBridge goes on trying to start the task"
    )
    rule_role: Text | None = key(
        "ruleRole", "rule_role", description="A role on the rule itself, where it isn't the target's"
    )
    rule_tags: Annotated[Map, AfterValidator(_own_tags)] | None = key(
        "ruleTags",
        "rule_tags",
        max_length=49,
        description="Tags of the rule; without this key, tags that others put there are left alone",
    )
    allow: Texts | None = key("allow", description="Codes of findings that are no obstacle for this rule")
    keep_revision: Flag = key(
        "keepRevision",
        "keep_revision",
        default=False,
        description="Keeps the revision in `taskDefinition` where a service of the same run has another one",
    )


class Plugin(Part):
    """A source of look-ups, as in ecschedule."""

    name: Text = key("name", default=..., description="tfstate, ssm, secretsmanager or cloudformation")
    func_prefix: Text | None = key(
        "func_prefix",
        "funcPrefix",
        description="Stands before the names of the functions: `first_` makes `first_tfstate`",
    )
    config: dict[str, Any] | None = key("config", description="Of tfstate: `path` or `url` of the state")


class Config(Part):
    """A config file of scheduled ECS tasks: ecschedule's format, and some optional keys beside it."""

    region: Text | None = key("region", description="Default: AWS_REGION", min_length=1)
    cluster: Text = key("cluster", default=..., description="Name or ARN of the ECS cluster", min_length=1)
    role: Text | None = key("role", description="Default: ecsEventsRole", min_length=1)
    tracking_id: Text | None = key(
        "trackingId",
        "tracking_id",
        description="Marks the rules of this config; default: the cluster's name",
        max_length=256,
    )
    backend: Literal["rules", "scheduler"] | None = key(
        "backend", description="Where rules live that don't say it themselves. Default: rules"
    )
    plugins: list[Plugin] | None = key("plugins", description="Sources of look-ups")
    extends: Text | None = key(
        "extends", description="Another config, relative to this one; what this one says goes on top, rules by name"
    )
    defaults: dict[str, Any] | None = key(
        "defaults", description="What every rule has that doesn't say otherwise; mappings are merged, lists replaced"
    )
    rules: list[RuleEntry] | None = key("rules", description="The scheduled tasks")
