"""Names and ARNs: what AWS couldn't find by them, and what of another region or account it couldn't use."""

import re
from collections.abc import Iterator, Sequence

from esprestack.checks.codes import CODES
from esprestack.checks.finding import Finding
from esprestack.checks.subject import Subject, known
from esprestack.errors import Problem, Where

ROLE = re.compile(r"(?:arn:aws[\w-]*:iam::(\d{12}):role/)?[\w+=,.@/-]*[\w+=,.@-]", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html"""

TASK_DEFINITION = re.compile(
    r"(?:arn:aws[\w-]*:ecs:([\w-]+):(\d{12}):task-definition/)?[\w-]{1,255}(?::\d+)?", re.ASCII
)
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"""

_QUEUE = re.compile(r"(?:arn:aws[\w-]*:sqs:([\w-]+):(\d{12}):)?[\w-]{1,80}(\.fifo)?", re.ASCII)
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""

_CLUSTER = re.compile(r"arn:aws[\w-]*:ecs:([\w-]+):(\d{12}):cluster/[\w-]{1,255}", re.ASCII)
_SUBNET = re.compile(r"subnet-[0-9a-z]+")
_SECURITY_GROUP = re.compile(r"sg-[0-9a-z]+")

_LONGEST_KEY, _LONGEST_VALUE = 128, 256
"""Of a tag: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Tag.html"""


def names(subject: Subject) -> Iterator[Finding]:
    yield from _roles(subject)
    yield from _task_definition(subject)
    yield from _network(subject)
    yield from _dead_letters(subject)
    yield from _tags(subject)


def _roles(subject: Subject) -> Iterator[Finding]:
    opened, shown = subject.opened.task_override, subject.shown.task_override
    checked: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
        (subject.opened.role, subject.shown.role, "role-name", ("role",)),
        (subject.opened_rule.rule_role, subject.rule.rule_role, "role-name", ("ruleRole",)),
        (opened.task_role, shown.task_role, "task-role-name", ("taskOverride", "taskRole")),
        (opened.execution_role, shown.execution_role, "task-role-name", ("taskOverride", "executionRole")),
    )
    for text, written, code, path in checked:
        if not text or not known(text):
            continue
        match = ROLE.fullmatch(text)
        if not match:
            what = f"`{written}` is neither a role's name nor its ARN"
            todo = "write the name, or `arn:aws:iam::ACCOUNT:role/NAME`"
            yield subject.finding(code, what, subject.place(*path), todo)
        elif match[1] and match[1] != subject.scope.account:
            what = f"the role `{written}` is of another account than the rule ({subject.scope.account})"
            todo = "use a role of the rule's own account"
            yield subject.finding("role-elsewhere", what, subject.place(*path), todo)


def _task_definition(subject: Subject) -> Iterator[Finding]:
    text, written, scope = subject.opened.task_definition, subject.shown.task_definition, subject.scope
    if not known(text):
        return
    match = TASK_DEFINITION.fullmatch(text)
    if not match:
        what = f"`{written}` is no task definition"
        todo = "write its family, `FAMILY:REVISION` with a number, or its ARN"
        yield subject.finding("task-definition-name", what, subject.place("taskDefinition"), todo)
    elif match[1] and (match[1], match[2]) != (scope.region, scope.account):
        what = f"the task definition `{written}` is not in {scope.region} of account {scope.account}, where the rule is"
        todo = "register it there, and write its family alone"
        yield subject.finding("task-definition-elsewhere", what, subject.place("taskDefinition"), todo)


def _network(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_AwsVpcConfiguration.html"""
    opened, shown = subject.opened.network_configuration, subject.shown.network_configuration
    if opened is None or shown is None:
        return
    for code, pattern, key, kind, pairs in (
        ("subnet-id", _SUBNET, "subnets", "subnet", zip(opened.subnets, shown.subnets, strict=True)),
        (
            "security-group-id", _SECURITY_GROUP, "security_groups", "security group",
            zip(opened.security_groups, shown.security_groups, strict=True),
        ),
    ):  # fmt: skip
        for text, written in pairs:
            if known(text) and not pattern.fullmatch(text):
                where = subject.place_of_item(written, "network_configuration", "aws_vpc_configuration", key)
                beginning = pattern.pattern.partition("[")[0]
                what = f"`{written}` is no {kind}'s id"
                yield subject.finding(code, what, where, f"write its id, which begins with `{beginning}`")


def _dead_letters(subject: Subject) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    text, written, scope = subject.opened.dead_letter_queue, subject.shown.dead_letter_queue, subject.scope
    if not text or not known(text):
        return
    match = _QUEUE.fullmatch(text)
    path = ("dead_letter_config", "sqs")
    if not match:
        what = f"`{written}` is neither a queue's name nor its ARN"
        todo = f"write the name, or `arn:{scope.partition}:sqs:{scope.region}:{scope.account}:NAME`"
        yield subject.finding("dead-letter-queue", what, subject.place(*path), todo)
        return
    if match[1] and (match[1], match[2]) != (scope.region, scope.account):
        what = f"the queue `{written}` is not in {scope.region} of account {scope.account}, where the rule is"
        yield subject.finding("dead-letter-elsewhere", what, subject.place(*path), "use a queue that is")
    if match[3]:
        what = f"the queue `{written}` is a FIFO queue, which EventBridge can't use for dead letters"
        yield subject.finding("dead-letter-fifo", what, subject.place(*path), "use a standard queue")


def _tags(subject: Subject) -> Iterator[Finding]:
    """Of the task and of the rule; that `ruleTags` holds no tag of AWS's own is the model's to say."""
    for kind, pairs in (("tags", subject.opened.tags), ("ruleTags", subject.opened_rule.rule_tags or ())):
        for key, value in pairs:
            if not 1 <= len(key) <= _LONGEST_KEY:
                what = f"a tag's key has {len(key)} characters, AWS takes 1 to {_LONGEST_KEY}"
                todo = "shorten it" if key else "give it a name"
                yield subject.finding("tag-limits", what, subject.place(kind, key), todo)
            if known(value) and len(value) > _LONGEST_VALUE:
                what = f"the value of the tag `{key}` has {len(value)} characters, AWS takes {_LONGEST_VALUE}"
                yield subject.finding("tag-limits", what, subject.place(kind, key), "shorten it")
            if key.lower().startswith("aws:"):
                what = f"the tag `{key}` begins with `aws:`, which is AWS's own"
                yield subject.finding("reserved-tag", what, subject.place(kind, key), "rename or remove it")


def cluster(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """The config's cluster, said once: rules start tasks in their own region and account alone."""
    if not subjects:
        return
    scope, tree = subjects[0].scope, subjects[0].desired.tree
    if not scope.cluster.startswith("arn:"):
        return  # a name, or an ARN that was shortened to one
    match = _CLUSTER.fullmatch(scope.cluster)
    if match and (match[1], match[2]) == (scope.region, scope.account):
        return
    what = f"the cluster is not in {scope.region} of account {scope.account}, where the rules are"
    where: Where = tree.where(("cluster",))
    code = "cluster-elsewhere"
    todo = "mend `region:` or the cluster's ARN, or take the account's own credentials"
    yield Finding("", Problem(what, where, todo, code, CODES[code][0]))
