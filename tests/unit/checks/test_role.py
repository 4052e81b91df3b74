"""The role doctor: each answer is yes, no with the statement to add, or that it can't be told."""

import json
from dataclasses import replace

import pytest
from tests.unit.checks.builders import (
    TRUST,
    Told,
    a_definition,
    a_role,
    allow,
    facts,
    online,
    said,
    told,
)
from tests.unit.config.builders import SCOPE, Given, a_config

from esprestack.facts import Absent, Condition, RoleFact, Statement, TaskDefinition

DEFINITION = a_definition(
    task_role="arn:aws:iam::123456789012:role/worker", execution_role="arn:aws:iam::123456789012:role/puller"
)
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/batch"
FAMILY = "arn:aws:ecs:eu-west-1:123456789012:task-definition/reports"
RUN = allow("ecs:RunTask")
PASS = allow("iam:PassRole")
ON_CLUSTER = Condition("ArnEquals", "ecs:cluster", (CLUSTER,))
SECURE = Condition("Bool", "aws:SecureTransport", ("true",))


def found_of(role: RoleFact, *lines: str, definition: TaskDefinition = DEFINITION) -> list[Told]:
    return told(online(a_config(*lines), facts(definition, role)))


def never(code: str) -> list[Told]:
    """Nothing names the default role: the rule's own name is the place."""
    return [(code, "never-runs", 3, 9)]


UNCLEAR: list[Told] = [("role-unclear", "warning", 3, 9)]


def test_a_role_that_may_do_everything_has_no_findings() -> None:
    assert found_of(a_role(), "tags: {a: b}") == []


@pytest.mark.parametrize(
    ("lines", "line", "column"), [([], 3, 9), (["role: ecsEventsRole"], 6, 9)], ids=["default", "named"]
)
def test_a_role_that_is_not_there(lines: list[str], line: int, column: int) -> None:
    assert found_of(Absent(), *lines) == [("no-role", "never-runs", line, column)]


@pytest.mark.parametrize(
    ("trust", "found"),
    [
        (TRUST, []),
        ((), never("role-trust")),
        ((replace(TRUST[0], services=("scheduler.amazonaws.com",)),), never("role-trust")),
        ((replace(TRUST[0], services=("ec2.amazonaws.com", "events.amazonaws.com")),), []),
        ((replace(TRUST[0], services=None),), UNCLEAR),
        ((replace(TRUST[0], actions=("sts:*",)),), []),
        ((replace(TRUST[0], actions=("sts:TagSession",)),), never("role-trust")),
        ((*TRUST, replace(TRUST[0], allows=False)), never("role-trust")),
        ((replace(TRUST[0], conditions=(Condition("StringEquals", "aws:SourceAccount", ("123456789012",)),)),), []),
        (
            (replace(TRUST[0], conditions=(Condition("StringEquals", "aws:SourceAccount", ("1",)),)),),
            never("role-trust"),
        ),
        ((replace(TRUST[0], conditions=(Condition("ArnLike", "aws:SourceArn", ("*:rule/report",)),)),), []),
        (
            (replace(TRUST[0], conditions=(Condition("ArnLike", "aws:SourceArn", ("*:rule/x-*",)),)),),
            never("role-trust"),
        ),
        ((replace(TRUST[0], conditions=(Condition("StringEquals", "sts:ExternalId", ("x",)),)),), UNCLEAR),
    ],
)
def test_who_may_take_the_role(trust: tuple[Statement, ...], found: list[Told]) -> None:
    assert found_of(a_role(trust=trust)) == found


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        (allow("ecs:RunTask"), []),
        (allow("ecs:*", resources=(f"{FAMILY}:*",)), []),
        (allow("ecs:RunTask", resources=("arn:aws:ecs:*:*:task-definition/*",)), []),
        (allow("ecs:RunTask", resources=(f"{FAMILY}:*",), conditions=(ON_CLUSTER,)), []),
        (allow("ecs:RunTask", conditions=(replace(ON_CLUSTER, values=(f"{CLUSTER}-2",)),)), never("role-run-task")),
        (allow("ecs:RunTask", resources=(f"{FAMILY}-2:*",)), never("role-run-task")),
        (allow("ecs:StopTask"), never("role-run-task")),
        (allow("ecs:RunTask", resources=(FAMILY,)), UNCLEAR),
        (allow("ecs:RunTask", resources=(f"{FAMILY}:7",)), UNCLEAR),
        (allow("ecs:RunTask", resources=(f"{FAMILY}:6",)), never("role-run-task")),
        (allow("ecs:RunTask", conditions=(SECURE,)), UNCLEAR),
        (Statement(True, None, ("*",)), UNCLEAR),
    ],
)
def test_whether_the_role_may_start_the_task(policy: Statement, found: list[Told]) -> None:
    assert found_of(a_role(policy, PASS)) == found


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (f"{FAMILY}:3", []),
        (f"{FAMILY}:*", []),
        (f"{FAMILY}:7", never("role-run-task")),
        (FAMILY, never("role-run-task")),
    ],
)
def test_whether_the_role_may_start_a_pinned_revision(resource: str, found: list[Told]) -> None:
    text = a_config().replace("taskDefinition: reports", "taskDefinition: reports:3")
    role = a_role(allow("ecs:RunTask", resources=(resource,)))
    assert told(online(text, facts(role=role))) == found


WORKER, PULLER = "arn:aws:iam::123456789012:role/worker", "arn:aws:iam::123456789012:role/puller"


@pytest.mark.parametrize(
    ("policies", "lines", "found"),
    [
        ([PASS], [], []),
        ([allow("iam:PassRole", resources=(WORKER, PULLER))], [], []),
        ([allow("iam:PassRole", resources=(WORKER,))], [], never("role-pass-role")),
        ([allow("iam:PassRole", resources=("arn:aws:iam::123456789012:role/*",),
                conditions=(Condition("StringLike", "iam:PassedToService", ("ecs-tasks.amazonaws.com",)),))], [], []),
        ([allow("iam:PassRole", conditions=(Condition("StringEquals", "iam:PassedToService", ("ec2.amazonaws.com",)),))],
         [], never("role-pass-role")),
        ([allow("iam:PassRole", conditions=(SECURE,))], [], UNCLEAR),
        ([], [], never("role-pass-role")),
        ([allow("iam:PassRole", resources=(WORKER, PULLER))], ["taskOverride: {taskRole: other}"],
         never("role-pass-role")),
        ([allow("iam:PassRole", resources=("*/a", "*/b"))], ["taskOverride: {taskRole: a, executionRole: b}"], []),
    ],
)  # fmt: skip
def test_whether_the_role_may_hand_on_the_tasks_roles(
    policies: list[Statement], lines: list[str], found: list[Told]
) -> None:
    assert found_of(a_role(RUN, *policies), *lines) == found


def test_a_task_without_roles_needs_no_pass_role() -> None:
    assert found_of(a_role(RUN), definition=a_definition()) == []


@pytest.mark.parametrize(
    ("lines", "policies", "found"),
    [
        ([], [], []),
        (["tags: {a: b}"], [], never("role-tag-resource")),
        (["propagateTags: TASK_DEFINITION"], [], never("role-tag-resource")),
        (["tags: {a: b}"], [allow("ecs:TagResource")], []),
        (["tags: {a: b}"], [allow("ecs:TagResource", resources=("arn:aws:ecs:*:*:task/batch/*",))], []),
        (["tags: {a: b}"], [allow("ecs:TagResource", resources=("arn:aws:ecs:*:*:task/other/*",))],
         never("role-tag-resource")),
        (["tags: {a: b}"],
         [allow("ecs:TagResource", conditions=(Condition("StringEquals", "ecs:CreateAction", ("RunTask",)),))], []),
    ],
)  # fmt: skip
def test_whether_the_role_may_tag_what_it_starts(
    lines: list[str], policies: list[Statement], found: list[Told]
) -> None:
    assert found_of(a_role(RUN, PASS, *policies), *lines) == found


def test_a_boundary_makes_a_yes_unclear_and_leaves_a_no() -> None:
    assert found_of(a_role(bounded=True)) == UNCLEAR
    assert found_of(a_role(PASS, bounded=True)) == [*never("role-run-task"), *UNCLEAR]


def test_what_is_denied_is_not_allowed() -> None:
    assert found_of(a_role(RUN, PASS, Statement(False, ("ecs:*",), ("*",)))) == never("role-run-task")


def test_everything_that_is_unclear_of_a_role_is_said_together() -> None:
    role = a_role(allow("*", conditions=(SECURE,)), trust=(replace(TRUST[0], services=None),))
    assert said(online(a_config("tags: {a: b}"), facts(DEFINITION, role))) == [
        "whether the role `ecsEventsRole` lets EventBridge take it and start the task and hand the task's roles to ECS "
        "and tag the task can't be told (look at its conditions and its permissions boundary, then allow `role-unclear`)"
    ]


def statement_in(todo: str) -> object:
    return json.loads(todo[todo.index("{") :])


def test_the_remedy_is_the_statement_to_add() -> None:
    role = a_role(allow("s3:GetObject"), trust=())
    findings = online(a_config("tags: {a: b}"), facts(DEFINITION, role))
    assert {finding.problem.code: statement_in(finding.problem.todo) for finding in findings} == {
        "role-trust": {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        },
        "role-run-task": {
            "Effect": "Allow",
            "Action": "ecs:RunTask",
            "Resource": [f"{FAMILY}:*"],
            "Condition": {"ArnEquals": {"ecs:cluster": CLUSTER}},
        },
        "role-pass-role": {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": [WORKER, PULLER],
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        },
        "role-tag-resource": {
            "Effect": "Allow",
            "Action": "ecs:TagResource",
            "Resource": "arn:aws:ecs:eu-west-1:123456789012:task/batch/*",
            "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
        },
    }


MANY = a_config() + "".join(
    f"- {{name: rule-{number}, scheduleExpression: rate({number} days), taskDefinition: 'task-{number}:1'}}\n"
    for number in range(2, 5)
)


def test_many_rules_of_a_role_make_one_finding_with_all_that_lacks() -> None:
    (finding,) = online(MANY, facts(role=a_role(PASS)))
    assert finding.rule == "report"
    assert finding.problem.what == "the role `ecsEventsRole` may not start the task of the rule `report` and 3 more"
    assert "task-definition/task-4:*" in finding.problem.todo


def test_a_rule_that_allows_a_code_is_not_looked_at_for_it() -> None:
    text = MANY.replace("taskDefinition: reports", "taskDefinition: reports\n  allow: [role-run-task]")
    (finding,) = online(text, facts(role=a_role(PASS)))
    assert finding.rule == "rule-2"
    assert "reports" not in finding.problem.todo


def test_the_role_of_a_schedule_is_taken_by_scheduler() -> None:
    trust = replace(TRUST[0], services=("scheduler.amazonaws.com",))
    assert online(a_config("backend: scheduler"), facts(role=a_role(trust=(trust,)))) == []
    (finding,) = online(a_config("backend: scheduler"), facts(role=a_role()))
    assert finding.problem.code == "role-trust"
    assert "scheduler.amazonaws.com" in finding.problem.what


def test_a_role_that_rules_and_schedules_share_is_held_against_both() -> None:
    text = a_config() + a_config("backend: scheduler").partition("rules:\n")[2].replace("report", "other")
    (finding,) = online(text, facts(role=a_role()))
    assert (finding.rule, finding.problem.code) == ("other", "role-trust")


def test_the_trust_of_a_schedule_is_for_its_group() -> None:
    group = SCOPE.arn("scheduler", f"schedule-group/{SCOPE.schedule_group}")
    condition = Condition("ArnEquals", "aws:SourceArn", (group,))
    trust = replace(TRUST[0], services=("scheduler.amazonaws.com",), conditions=(condition,))
    assert online(a_config("backend: scheduler"), facts(role=a_role(trust=(trust,)))) == []
    (finding,) = online(a_config("backend: scheduler", "scheduleGroup: mine"), facts(role=a_role(trust=(trust,))))
    assert finding.problem.code == "role-trust"


def test_a_schedule_s_role_sends_to_the_dead_letter_queue() -> None:
    trust = (replace(TRUST[0], services=("scheduler.amazonaws.com",)),)
    text = a_config("backend: scheduler", "dead_letter_config: {sqs: dead}")
    (finding,) = online(text, facts(role=a_role(RUN, trust=trust)))
    assert finding.problem.code == "role-send-message"
    send = allow("sqs:SendMessage", resources=(SCOPE.arn("sqs", "dead"),))
    assert online(text, facts(role=a_role(RUN, send, trust=trust))) == []
    assert online(a_config("dead_letter_config: {sqs: dead}"), facts(role=a_role(RUN))) == []


def test_a_sealed_role_of_a_task_is_shown_sealed() -> None:
    given = Given(secrets={"ROLE": "very-secret-role"})
    text = a_config("taskOverride: {taskRole: \"{{ secret('ROLE') }}\"}")
    (finding,) = online(text, facts(a_definition(), a_role(RUN)), given)
    assert finding.problem.code == "role-pass-role"
    assert "very-secret-role" not in finding.problem.todo
    assert online(text, facts(a_definition(), a_role(RUN, allow("iam:PassRole", resources=("*/very-*",)))), given) == []
