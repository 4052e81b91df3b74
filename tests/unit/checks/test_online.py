"""Findings that need to know the task definition, the bus and what may be asked."""

import pytest
from tests.unit.checks.builders import (
    Told,
    a_definition,
    a_fargate_definition,
    a_role,
    desired,
    facts,
    offline,
    online,
    said,
    told,
)
from tests.unit.config.builders import SCOPE, Given, a_config

from esprestack.checks.online import online_findings, wanted_facts
from esprestack.errors import Problem
from esprestack.facts import Absent, ContainerDefinition, Facts, TaskDefinition, TaskDefinitionFact, Unanswered
from esprestack.rule import Scope
from esprestack.secrets import Vault

FARGATE = "launch_type: FARGATE"
NETWORK = "network_configuration: {aws_vpc_configuration: {subnets: [subnet-1]}}"
DENIED = Unanswered(Problem("ecs:DescribeTaskDefinition: AccessDeniedException", todo="allow it"))


def never(code: str, line: int, column: int) -> list[Told]:
    return [(code, "never-runs", line, column)]


# -- the definition itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        (None, []),
        (a_definition(), []),
        (Absent(), never("no-task-definition", 5, 19)),
        (a_definition(active=False), never("inactive-task-definition", 5, 19)),
        (DENIED, [("not-asked", "warning", 3, 9)]),
    ],
)
def test_the_task_definition_is_there_and_active(fact: TaskDefinitionFact | None, found: list[Told]) -> None:
    assert told(online(a_config(), facts(fact))) == found


def test_what_is_missing_is_named_with_its_rule_and_region() -> None:
    assert said(online(a_config(), facts(Absent()))) == [
        "the task definition `reports` of the rule `report` doesn't exist (register it in eu-west-1, or mend the name)"
    ]


CONTAINERS = "containerOverrides: [{name: web, cpu: 1}, {name: ap}, {name: app}]"


def test_a_container_that_is_not_in_the_definition() -> None:
    found = online(a_config(CONTAINERS), facts(a_definition(ContainerDefinition("app"), ContainerDefinition("log"))))
    assert told(found) == [*never("no-such-container", 6, 52), *never("no-such-container", 6, 31)]
    assert said(found) == [
        "the task definition `reports:7` has no container `ap` (did you mean `app`? It has `app`, `log`)",
        "the task definition `reports:7` has no container `web` (it has `app`, `log`)",
    ]


def test_a_sealed_container_is_looked_up_and_not_guessed_at() -> None:
    given = Given(secrets={"NAME": "apps"})
    text = a_config("containerOverrides: [{name: \"{{ secret('NAME') }}\"}]")
    (finding,) = online(text, facts(a_definition()), given)
    assert finding.problem.todo == "it has `app`"
    assert "apps" not in finding.problem.what
    assert online(text, facts(a_definition(ContainerDefinition("apps"))), given) == []


def test_a_sealed_task_definition_is_not_named() -> None:
    given = Given(secrets={"FAMILY": "very-secret"})
    text = a_config("launch_type: EXTERNAL", "enableExecuteCommand: true", "containerOverrides: [{name: no}]", NETWORK)
    text = text.replace("taskDefinition: reports", "taskDefinition: \"{{ secret('FAMILY') }}\"")
    sealed = desired(text, given)[0].rule.target
    assert sealed is not None
    definition = a_definition(family="very-secret", active=False, compatibilities=frozenset({"EC2"}))
    found = online(text, facts(definitions={sealed.task_definition: definition}), given)
    assert [code for code, *_ in told(found)] == [
        "inactive-task-definition", "no-such-container", "network-unexpected", "incompatible-launch-type",
        "execute-command-without-role",
    ]  # fmt: skip
    assert not any("very-secret" in text for text in said(found))


# -- network and launch type -----------------------------------------------------------------------------------

AWSVPC = a_definition(network_mode="awsvpc")
FOR_FARGATE = a_fargate_definition()


@pytest.mark.parametrize(
    ("lines", "definition", "found"),
    [
        (["launch_type: EC2"], AWSVPC, never("network-missing", 5, 19)),
        ([], AWSVPC, never("network-missing", 5, 19)),
        ([NETWORK], AWSVPC, []),
        ([NETWORK], a_definition(), never("network-unexpected", 6, 26)),
        (["networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}"], a_definition(network_mode="host"),
         never("network-unexpected", 6, 25)),
        (["launch_type: FARGATE"], FOR_FARGATE, []),  # the offline check says it
        (["launch_type: FARGATE", NETWORK], FOR_FARGATE, []),
        (["launch_type: FARGATE", NETWORK], AWSVPC, never("incompatible-launch-type", 6, 16)),
        (["capacityProviderStrategy: [{capacityProvider: FARGATE_SPOT, weight: 1}]", NETWORK], AWSVPC,
         never("incompatible-launch-type", 6, 29)),
        (["launch_type: EC2", NETWORK], FOR_FARGATE, []),  # fit for EC2 as well
        (["launch_type: EXTERNAL", NETWORK], FOR_FARGATE, never("incompatible-launch-type", 6, 16)),
        (["launch_type: FARGATE", NETWORK],
         a_definition(network_mode="awsvpc", compatibilities=frozenset(), requires_compatibilities=frozenset()), []),
        ([NETWORK], FOR_FARGATE, [("no-launch-type", "warning", 5, 19)]),
        (["capacityProviderStrategy: [{capacityProvider: mine, weight: 1}]", NETWORK], FOR_FARGATE, []),
        ([NETWORK, "taskOverride: {ephemeralStorage: {sizeInGiB: 30}}"], AWSVPC,
         never("storage-without-fargate", 7, 36)),
        (["launch_type: FARGATE", NETWORK, "taskOverride: {ephemeralStorage: {sizeInGiB: 30}}"], FOR_FARGATE, []),
        (["enableExecuteCommand: true"], a_definition(), never("execute-command-without-role", 6, 25)),
        (["enableExecuteCommand: true"], a_definition(task_role="arn:aws:iam::123456789012:role/worker"), []),
        (["enable_execute_command: true", "taskOverride: {taskRole: worker}"], a_definition(), []),
    ],
)  # fmt: skip
def test_what_the_definition_is_made_for(lines: list[str], definition: TaskDefinition, found: list[Told]) -> None:
    assert told(online(a_config(*lines), facts(definition))) == found


# -- sizes: what is overridden, together with what isn't -------------------------------------------------------

WINDOWS = a_fargate_definition(operating_system="WINDOWS_SERVER_2022_CORE", cpu="1024", memory="2048")
SIZED = a_fargate_definition(ContainerDefinition("app", cpu=128, memory=400), ContainerDefinition("log", memory=100))


@pytest.mark.parametrize(
    ("lines", "definition", "found"),
    [
        (["taskOverride: {memory: 1 GB}"], FOR_FARGATE, []),
        (["taskOverride: {memory: 4 GB}"], FOR_FARGATE, never("fargate-size", 8, 26)),
        (["taskOverride: {cpu: 1024}"], FOR_FARGATE, never("fargate-size", 8, 23)),
        (["taskOverride: {cpu: .5 vCPU}"], a_fargate_definition(memory="1024"), []),
        (["taskOverride: {cpu: 300}"], FOR_FARGATE, []),  # the offline check says it
        (["taskOverride: {cpu: 512, memory: 8192}"], FOR_FARGATE, []),
        (["taskOverride: {cpu: 512, memory: 1024}"], WINDOWS, never("fargate-size", 8, 36)),
        (["taskOverride: {memory: 300}"], SIZED, [*never("fargate-size", 8, 26), *never("container-over-task", 8, 26)]),
        (["taskOverride: {cpu: 256, memory: 512}"], SIZED, []),
        (["containerOverrides: [{name: app, cpu: 257, memory: 513}]"], SIZED,
         [*never("container-over-task", 8, 41), *never("container-over-task", 8, 54)]),
        (["containerOverrides: [{name: app, cpu: 256, memory: 512}]"], SIZED, []),
        (["taskOverride: {memory: 1024}", "containerOverrides: [{name: app, memory: 1025}]"], SIZED, []),
    ],
)  # fmt: skip
def test_sizes_on_fargate(lines: list[str], definition: TaskDefinition, found: list[Told]) -> None:
    assert told(online(a_config(FARGATE, NETWORK, *lines), facts(definition))) == found


def test_what_the_offline_check_has_said_of_sizes_it_has_said() -> None:
    for line in (
        "taskOverride: {cpu: 300}",
        "taskOverride: {cpu: 512, memory: 8192}",
        "taskOverride: {memory: 1024}\n  containerOverrides: [{name: app, memory: 1025}]",
    ):
        assert len(offline(a_config(FARGATE, NETWORK, line))) == 1


@pytest.mark.parametrize(
    ("definition", "found"),
    [
        (a_fargate_definition(), [("no-launch-type", "warning", 5, 19), *never("fargate-size", 7, 36)]),
        (a_definition(network_mode="awsvpc"), []),
    ],
)
def test_where_the_rule_doesnt_say_the_definition_knows_whether_it_is_for_fargate(
    definition: TaskDefinition, found: list[Told]
) -> None:
    assert told(online(a_config(NETWORK, "taskOverride: {cpu: 256, memory: 333}"), facts(definition))) == found


# -- the bus, and what may be asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "names", "found"),
    [
        ("eu-west-1", 299, []),
        ("eu-west-1", 300, [("rules-quota", "warning", 3, 9)]),
        ("eu-south-1", 100, [("rules-quota", "warning", 3, 9)]),
        ("af-south-1", 99, []),
    ],
)
def test_the_quota_of_rules_on_the_bus(region: str, names: int, found: list[Told]) -> None:
    on_bus = frozenset(f"rule-{number}" for number in range(names))
    scope = Scope("aws", region, SCOPE.account, "batch", "batch")
    assert told(online(a_config(), facts(rules_on_bus=on_bus), scope=scope)) == found


def test_a_full_bus_is_no_matter_where_no_rule_is_new() -> None:
    on_bus = frozenset({"report", *(f"rule-{number}" for number in range(400))})
    assert online(a_config(), facts(rules_on_bus=on_bus)) == []


def test_what_may_not_be_asked_is_said_once_for_each_kind() -> None:
    text = a_config() + "- {name: other, scheduleExpression: rate(2 days), taskDefinition: others}\n"
    role = Unanswered(Problem("iam:GetRole: AccessDenied", todo="allow iam:GetRole"))
    found = online(text, facts(DENIED, role, definitions={"others": DENIED}))
    assert told(found) == [("not-asked", "warning", 3, 9), ("not-asked", "warning", 3, 9)]
    assert [finding.rule for finding in found] == ["", ""]
    assert said(found) == [
        "not checked are task definitions: ecs:DescribeTaskDefinition: AccessDeniedException (allow it)",
        "not checked are roles: iam:GetRole: AccessDenied (allow iam:GetRole)",
    ]


def test_policies_that_may_not_be_asked_are_said_apart() -> None:
    role = a_role(policies=Unanswered(Problem("iam:ListRolePolicies: AccessDenied", todo="allow it")))
    assert said(online(a_config(), facts(role=role))) == [
        "not checked are policies of roles: iam:ListRolePolicies: AccessDenied (allow it)"
    ]


def test_nothing_is_said_of_what_nobody_asked() -> None:
    assert online_findings(desired(a_config()), SCOPE, Facts({}, {}), Vault()) == []


def test_only_things_of_the_own_account_and_region_are_asked_for() -> None:
    text = a_config("role: arn:aws:iam::210987654321:role/other")
    text += (
        "- {name: b, scheduleExpression: rate(2 days), taskDefinition: 'reports:3'}\n"
        "- {name: c, scheduleExpression: rate(3 days), taskDefinition: 'arn:aws:ecs:us-east-1:123456789012:task-definition/c'}\n"
        "- {name: d, scheduleExpression: rate(4 days), taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/d'}\n"
        "- {name: e, scheduleExpression: rate(5 days), taskDefinition: \"{{ must_env('GONE') }}\", role: a/path}\n"
    )
    wanted = wanted_facts(desired(text), Vault())
    assert wanted.task_definitions == {"reports", "reports:3", "d"}
    assert wanted.roles == {"ecsEventsRole", "a/path"}
