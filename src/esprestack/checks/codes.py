"""Every code of a finding, how bad it is, and what it says in one sentence: docs are made from this table.

`allow` (for all rules) and a rule's own `allow:` name these codes.
"""

from collections.abc import Mapping
from types import MappingProxyType

from esprestack.errors import Severity

_REFUSED: dict[str, str] = {
    "schedule-expression": "The schedule expression is not one that EventBridge takes.",
    "overrides-too-long": "The overrides of one run, as JSON, have more than 8,192 characters.",
    "role-name": "The role that EventBridge takes is neither a role's name nor its ARN.",
    "tag-limits": "A tag's key has no or more than 128 characters, or its value more than 256.",
}

_NEVER_RUNS: dict[str, str] = {
    "schedule-never": "No date is like the schedule expression says, such as February 31.",
    "task-size": "CPU or memory of `taskOverride` is not a size that ECS can read.",
    "fargate-size": "Fargate doesn't have this pair of CPU and memory.",
    "container-over-task": "A container gets more CPU or memory than its whole task has.",
    "memory-reservation": "A container's soft limit of memory is above its hard limit.",
    "environment-name": "An environment variable has no name.",
    "environment-file": "An environment file is not the ARN of an object in S3 that ends with `.env`, or the 11th one.",
    "gpu-with-fargate": "Fargate has no GPUs.",
    "launch-type-and-strategy": "A launch type and a capacity provider strategy exclude each other.",
    "mixed-capacity-providers": "A strategy has capacity providers of Fargate and others.",
    "capacity-provider-base": "More than one capacity provider of a strategy has a base.",
    "capacity-provider-weight": "Of several capacity providers none has a weight.",
    "public-ip-without-fargate": "A public IP address is for tasks on Fargate alone.",
    "platform-version": "The platform version is neither `LATEST` nor a number such as `1.4.0`.",
    "platform-version-without-fargate": "A platform version is for tasks on Fargate alone.",
    "platform-too-old": "What the task asks for needs Fargate's platform version 1.4.0.",
    "storage-without-fargate": "The size of ephemeral storage is for tasks on Fargate alone.",
    "fargate-without-network": "A task on Fargate needs a network configuration.",
    "placement-with-fargate": "Fargate knows neither placement constraints nor placement strategies.",
    "placement-constraint": "`memberOf` needs an expression, and `distinctInstance` takes none.",
    "placement-strategy": "`binpack` goes by `cpu` or by `memory`.",
    "subnet-id": "A subnet's id begins with `subnet-`.",
    "security-group-id": "A security group's id begins with `sg-`.",
    "dead-letter-queue": "The dead-letter queue is neither a queue's name nor its ARN.",
    "dead-letter-fifo": "A dead-letter queue may not be a FIFO queue.",
    "dead-letter-elsewhere": "The dead-letter queue is not in the rule's own region and account.",
    "task-role-name": "The task's or its execution role is neither a role's name nor its ARN.",
    "cluster-elsewhere": "The cluster is not in the rules' own region and account.",
    "task-definition-name": "The task definition is neither a family, a family with a revision, nor an ARN.",
    "task-definition-elsewhere": "The task definition is not in the rule's own region and account.",
    "reserved-tag": "Tags that begin with `aws:` are AWS's own.",
    "no-task-definition": "The task definition doesn't exist.",
    "inactive-task-definition": "The task definition was deregistered.",
    "no-such-container": "The task definition has no container of that name.",
    "network-missing": "The task definition's network mode is `awsvpc`, which needs a network configuration.",
    "network-unexpected": "A network configuration goes with the network mode `awsvpc` alone.",
    "incompatible-launch-type": "The task definition is not made for the launch type.",
    "execute-command-without-role": "ECS Exec needs a task role.",
    "no-role": "The role that EventBridge takes doesn't exist.",
    "role-trust": "The role doesn't let EventBridge take it.",
    "role-run-task": "The role may not start the task on the cluster.",
    "role-pass-role": "The role may not hand the task's roles to ECS.",
    "role-tag-resource": "The role may not tag the tasks that it starts.",
}

_WARNING: dict[str, str] = {
    "schedule-doubtful": "The schedule expression is one whose meaning AWS doesn't document.",
    "schedule-weekdays": "Days of the week are numbers that look like Unix cron's, but Sunday is 1 here, not 0.",
    "schedule-over": "The schedule came up for the last time.",
    "same-job-twice": "Two rules start the same task with the same overrides at the same times.",
    "unknown-code": "`allow:` names a code that no finding has.",
    "role-elsewhere": "The role is of another account, which EventBridge can't take.",
    "no-launch-type": "The task definition is for Fargate, the rule leaves the launch type to the cluster's default.",
    "rules-quota": "The event bus would have more rules than AWS allows by default.",
    "not-asked": "AWS didn't say what a check needs to know.",
    "role-unclear": "Whether the role is sufficient can't be told from its policies alone.",
}

CODES: Mapping[str, tuple[Severity, str]] = MappingProxyType(
    {
        code: (severity, sentence)
        for severity, sentences in (
            (Severity.REFUSED, _REFUSED),
            (Severity.NEVER_RUNS, _NEVER_RUNS),
            (Severity.WARNING, _WARNING),
        )
        for code, sentence in sentences.items()
    }
)
