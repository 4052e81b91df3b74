"""The least policies for what configs of rules need of AWS, and IAM's documents. Pure.

Look-ups have their statements in `config.lookups.permissions`, services in `services.policies`, which joins them all.

Which resource an action can be limited to is AWS's own table:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

import itertools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from esprestack.rule import TRACKING_TAG, Home, Rule, Scope

Statement: TypeAlias = dict[str, Any]

MOST_CHARACTERS = 6144
"""Of a managed policy, without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_MOST_NAMES = 20


class Purpose(StrEnum):
    """What a role is for."""

    DIFF = "diff"
    VALIDATE = "validate"
    APPLY = "apply"
    PRUNE = "prune"
    MIGRATE = "migrate"
    RUN = "run"
    HEALTH = "health"
    DEREGISTER = "deregister"


WHAT_FOR = {
    Purpose.DIFF: "diff and drift: what pull requests need. Reads, and nothing else",
    Purpose.VALIDATE: "validate and verify: diff, and the questions about roles, and about what services name",
    Purpose.APPLY: "apply and deploy: diff, writing the rules, deploying the services, and taking them back",
    Purpose.PRUNE: "apply --prune and destroy: apply, and deleting rules that carry this tracking id",
    Purpose.MIGRATE: "migrate: apply in both homes, and turning rules off and on, and seeing when rates ran last",
    Purpose.RUN: "run and deploy --migrate: starting the task of a rule or of a service, and reading its log",
    Purpose.HEALTH: "the health line of a drift check: failed invocations, dead-letter queues, how tasks stopped",
    Purpose.DEREGISTER: "deregister, and rollback --deregister: taking away what nobody uses, by a look at all users",
}
_INCLUDED = {
    Purpose.DIFF: (),
    Purpose.VALIDATE: (Purpose.DIFF,),
    Purpose.APPLY: (Purpose.DIFF,),
    Purpose.PRUNE: (Purpose.DIFF, Purpose.APPLY),
    Purpose.MIGRATE: (Purpose.DIFF, Purpose.VALIDATE, Purpose.APPLY),
    Purpose.RUN: (Purpose.DIFF,),
    Purpose.HEALTH: (Purpose.DIFF,),
    Purpose.DEREGISTER: (Purpose.DIFF,),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """A look-up of AWS that a config makes: the function without its prefix, its first argument, the region."""

    function: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What one config needs. What isn't known before AWS is asked is `*`: the scope's account, a name."""

    scope: Scope
    rules: tuple[Rule, ...]
    looked: tuple[Looked, ...] = ()

    def of(self, home: Home) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.home is home)

    @property
    def groups(self) -> list[str]:
        """The names of the groups that its schedules are in."""
        return sorted({rule.timing.group or self.scope.schedule_group for rule in self.of(Home.SCHEDULER)})


def included(purposes: Collection[Purpose]) -> list[Purpose]:
    """The purposes with those that they are made of, each once."""
    wanted = {*purposes, *(part for purpose in purposes for part in _INCLUDED[purpose])}
    return [purpose for purpose in Purpose if purpose in wanted]


def rule_statements(needs: Sequence[Needs], purposes: Collection[Purpose], prefix: str = "") -> Iterator[Statement]:
    """What rules need. `prefix`: by the beginning of their names instead of one by one."""
    if Purpose.MIGRATE in purposes:
        needs = [_in_both_homes(need) for need in needs]
    parts = [_PARTS[purpose] for purpose in included(purposes) if purpose in _PARTS and needs]
    return (statement for part in parts for statement in part(needs, prefix))


def policy(statements: Iterable[Statement]) -> Statement:
    """IAM's document of the statements; what is said twice stands in it once."""
    return {"Version": "2012-10-17", "Statement": list({item["Sid"]: item for item in statements}.values())}


def text_of(document: Statement) -> str:
    return json.dumps(document, indent=2) + "\n"


def size_of(document: Statement) -> int:
    """As IAM counts it."""
    return len(json.dumps(document, separators=(",", ":")))


# -- statements ------------------------------------------------------------------------------------------------


def allow(sid: str, actions: Sequence[str], resources: Iterable[str], **condition: Any) -> Statement:
    """A statement; there has to be an action and a resource."""
    names = sorted(set(resources))
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions) if len(actions) > 1 else actions[0],
        "Resource": names if len(names) > 1 else names[0],
    }
    return statement | ({"Condition": condition} if condition else {})


def _diff(needs: Sequence[Needs], _: str) -> Iterator[Statement]:
    lists = ("events:ListRules", "events:ListRuleNamesByTarget", "tag:GetResources", "ecs:DescribeTaskDefinition")
    yield allow("List", lists, ["*"])
    every = [need.scope.arn("events", "rule/*") for need in needs]  # others' rules on the cluster are looked at too
    yield allow("ReadRules", ("events:ListTargetsByRule", "events:ListTagsForResource"), every)
    if scheduling := _scheduling(needs):
        yield allow("ListSchedules", ("scheduler:ListSchedules",), ["*"])
        every = [need.scope.arn("scheduler", "schedule/*") for need in scheduling]
        yield allow("ReadSchedules", ("scheduler:GetSchedule",), every)
        every = [need.scope.arn("scheduler", "schedule-group/*") for need in scheduling]
        yield allow("SeeWhoseTheyAre", ("scheduler:ListTagsForResource",), every)


def _validate(needs: Sequence[Needs], _: str) -> Iterator[Statement]:
    asked = (
        "iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy",
    )  # fmt: skip
    yield allow("AskAboutRoles", asked, _roles(needs))
    every = [
        f"arn:{need.scope.partition}:iam::{account}:policy/*"
        for need in needs
        for account in ("aws", need.scope.account)
    ]
    yield allow("ReadTheirPolicies", ("iam:GetPolicy", "iam:GetPolicyVersion"), every)


def _apply(needs: Sequence[Needs], prefix: str) -> Iterator[Statement]:
    scheduling = _scheduling(needs)
    if scheduling:
        yield from _apply_schedules(scheduling)
    needs = [need for need in needs if need not in scheduling or need.of(Home.RULES)]
    if not needs:
        return
    rules = _rules(needs, prefix)
    actions = ("events:PutRule", "events:RemoveTargets", "events:TagResource", "events:UntagResource")
    yield allow("WriteRules", actions, rules)
    clusters = sorted({need.scope.cluster_arn for need in needs})
    yield allow(
        "TargetsOnTheseClustersAlone",
        ("events:PutTargets",),
        rules,
        **{"ForAllValues:ArnEquals": {"events:TargetArn": clusters}, "Null": {"events:TargetArn": "false"}},
    )
    passed = {"iam:PassedToService": "events.amazonaws.com"}
    yield allow("LetEventBridgeStartTasks", ("iam:PassRole",), _roles(needs, Home.RULES), StringEquals=passed)


def _apply_schedules(needs: Sequence[Needs]) -> Iterator[Statement]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html"""
    actions = ("scheduler:CreateSchedule", "scheduler:UpdateSchedule")
    yield allow("WriteSchedules", actions, _schedules(needs))
    yield allow("OwnTheirGroups", ("scheduler:CreateScheduleGroup", "scheduler:TagResource"), _groups(needs))
    passed = {"iam:PassedToService": "scheduler.amazonaws.com"}
    yield allow("LetSchedulerStartTasks", ("iam:PassRole",), _roles(needs, Home.SCHEDULER), StringEquals=passed)


def _prune(needs: Sequence[Needs], _: str) -> Iterator[Statement]:
    every = [need.scope.arn("events", "rule/*") for need in needs]
    tracked = {f"aws:ResourceTag/{TRACKING_TAG}": sorted({need.scope.tracking_id for need in needs})}
    yield allow("DeleteWhatIsOurs", ("events:RemoveTargets", "events:DeleteRule"), every, StringEquals=tracked)
    if scheduling := _scheduling(needs):
        yield allow("DeleteSchedules", ("scheduler:DeleteSchedule",), _schedules(scheduling))
        yield allow("DeleteEmptyGroups", ("scheduler:DeleteScheduleGroup",), _groups(scheduling))


def _migrate(needs: Sequence[Needs], prefix: str) -> Iterator[Statement]:
    actions = ("events:DescribeRule", "events:DisableRule", "events:EnableRule")
    yield allow("TurnRulesOffAndOn", actions, _rules(needs, prefix))
    clusters = sorted({need.scope.cluster_arn for need in needs})
    yield allow("FindLastTasks", ("ecs:ListTasks",), ["*"], ArnEquals={"ecs:cluster": clusters})
    tasks = [need.scope.arn("ecs", f"task/{need.scope.cluster.rpartition('/')[2]}/*") for need in needs]
    yield allow("SeeWhenTheyBegan", ("ecs:DescribeTasks",), tasks)


def _in_both_homes(need: Needs) -> Needs:
    """What it would need if each of its rules lived in either home."""
    rules = tuple(
        replace(rule, home=home, rule_role=rule.rule_role if home is Home.RULES else "")
        for home in Home
        for rule in need.rules
    )
    return replace(need, rules=rules)


def _run(needs: Sequence[Needs], _: str) -> Iterator[Statement]:
    clusters = sorted({need.scope.cluster_arn for need in needs})
    yield allow("RunTasks", ("ecs:RunTask",), _families(needs), ArnEquals={"ecs:cluster": clusters})
    tasks = [need.scope.arn("ecs", f"task/{need.scope.cluster.rpartition('/')[2]}/*") for need in needs]
    yield allow("WatchThem", ("ecs:DescribeTasks", "ecs:StopTask"), tasks)
    yield allow("TagThem", ("ecs:TagResource",), tasks, StringEquals={"ecs:CreateAction": "RunTask"})
    groups = [need.scope.arn("logs", "log-group:*") for need in needs]  # which ones the task definitions say
    yield allow("ReadTheirLogs", ("logs:GetLogEvents",), groups)
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    every = [need.scope.arn("iam", "role/*") for need in needs]  # which ones the task definitions say
    yield allow("LetTasksHaveTheirRoles", ("iam:PassRole",), every, StringEquals=passed)


def _health(needs: Sequence[Needs], _: str) -> Iterator[Statement]:
    yield allow("CountFailures", ("cloudwatch:GetMetricData",), ["*"])  # AWS knows no narrower one
    clusters = sorted({need.scope.cluster_arn for need in needs})
    tasks = [need.scope.arn("ecs", f"task/{need.scope.cluster.rpartition('/')[2]}/*") for need in needs]
    yield allow("SeeStoppedTasks", ("ecs:DescribeTasks",), tasks)
    yield allow("FindStoppedTasks", ("ecs:ListTasks",), ["*"], ArnEquals={"ecs:cluster": clusters})
    queues = sorted(
        need.scope.expand(rule.target.dead_letter_queue, "sqs", "")
        for need in needs
        for rule in need.rules
        if rule.target and rule.target.dead_letter_queue
    )
    if queues:
        yield allow("CountDeadLetters", ("sqs:GetQueueUrl", "sqs:GetQueueAttributes"), queues)


_PARTS: dict[Purpose, Callable[[Sequence[Needs], str], Iterator[Statement]]] = {
    Purpose.DIFF: _diff,
    Purpose.VALIDATE: _validate,
    Purpose.APPLY: _apply,
    Purpose.PRUNE: _prune,
    Purpose.MIGRATE: _migrate,
    Purpose.RUN: _run,
    Purpose.HEALTH: _health,
}


# -- resources -------------------------------------------------------------------------------------------------


def _rules(needs: Sequence[Needs], prefix: str) -> list[str]:
    """The rules by name; by what their names begin with where that is asked for, or where they are too many."""
    found = []
    for need in needs:
        names = [rule.name for rule in need.of(Home.RULES)]
        if prefix or not names or len(names) > _MOST_NAMES:
            names = [f"{prefix or _beginning(names)}*"]
        found += [need.scope.arn("events", f"rule/{name}") for name in names]
    return found


def _beginning(names: Sequence[str]) -> str:
    """What all names begin with."""
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike)


def _scheduling(needs: Sequence[Needs]) -> list[Needs]:
    """The configs that have schedules."""
    return [need for need in needs if need.of(Home.SCHEDULER)]


def _groups(needs: Sequence[Needs]) -> list[str]:
    return [need.scope.arn("scheduler", f"schedule-group/{group}") for need in needs for group in need.groups]


def _schedules(needs: Sequence[Needs]) -> list[str]:
    return [need.scope.arn("scheduler", f"schedule/{group}/*") for need in needs for group in need.groups]


def _roles(needs: Sequence[Needs], *homes: Home) -> list[str]:
    """Those that EventBridge, or its Scheduler, is given to start the tasks."""
    return [
        need.scope.expand(role, "iam", "role/")
        for need in needs
        for home in homes or Home
        for rule in need.of(home)
        for role in (rule.rule_role, rule.target.role if rule.target else "")
        if role
    ]


def _families(needs: Sequence[Needs]) -> list[str]:
    """Task definitions in any revision: a family without one is authorised as `family:*`."""
    found = []
    for need in needs:
        for rule in need.rules:
            if rule.target:
                arn = need.scope.expand(rule.target.task_definition, "ecs", "task-definition/")
                head, _, family = arn.partition("task-definition/")
                found.append(f"{head}task-definition/{family.partition(':')[0]}:*")
    return found
