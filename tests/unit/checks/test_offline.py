"""Findings that need no AWS: each with its code, severity, line and column."""

import pytest
from tests.unit.checks.builders import Told, of_rule, offline, said, told
from tests.unit.config.builders import Given, a_config

from esprestack.rule import Scope

FARGATE = "launch_type: FARGATE"
NETWORK = "network_configuration: {aws_vpc_configuration: {subnets: [subnet-1]}}"
"""Two lines, 6 and 7, of a rule on Fargate to which nothing is objected; what a test adds begins on line 8."""


def fargate(*lines: str) -> list[Told]:
    return of_rule(FARGATE, NETWORK, *lines)


def never(code: str, line: int, column: int) -> list[Told]:
    return [(code, "never-runs", line, column)]


def refused(code: str, line: int, column: int) -> list[Told]:
    return [(code, "refused", line, column)]


# -- launch type, capacity providers, platform, placement ------------------------------------------------------


def test_a_plain_rule_has_no_findings() -> None:
    assert of_rule() == []
    assert fargate() == []


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["launch_type: FARGATE"], never("fargate-without-network", 6, 16)),
        (["launchType: FARGATE"], never("fargate-without-network", 6, 15)),
        (
            ["capacityProviderStrategy: [{capacityProvider: FARGATE_SPOT, weight: 1}]"],
            never("fargate-without-network", 6, 29),
        ),
        (["launch_type: EC2"], []),
        (["capacityProviderStrategy: [{capacityProvider: FARGATE}, {capacityProvider: mine}]"],
         [*never("mixed-capacity-providers", 6, 29), *never("capacity-provider-weight", 6, 29)]),
        (["capacityProviderStrategy: [{capacityProvider: one}, {capacityProvider: two}]"],
         never("capacity-provider-weight", 6, 29)),
        (["capacityProviderStrategy: [{capacityProvider: one}]"], []),
        (["capacityProviderStrategy: [{capacityProvider: one}, {capacityProvider: two, weight: 1}]"], []),
        (["capacityProviderStrategy:",
          "- {capacityProvider: two, base: 1, weight: 1}",
          "- {capacityProvider: one, base: 0}",
          "- {capacity_provider: a, base: 2}"],
         never("capacity-provider-base", 7, 35)),  # sorted by name, `two` is the second with a base
        (["launch_type: EC2", "capacityProviderStrategy: [{capacityProvider: mine, weight: 1}]"],
         never("launch-type-and-strategy", 6, 16)),
        (["launch_type: EC2", "placementStrategy: [{type: binpack, field: cpu}]"], []),
        (["placementStrategy: [{type: spread, field: host}, {type: binpack, field: disk}]"],
         never("placement-strategy", 6, 75)),
        (["placement_strategy: [{type: binpack}]"], never("placement-strategy", 6, 24)),
        (["placementConstraints: [{type: memberOf}]"], never("placement-constraint", 6, 25)),
        (["placementConstraints: [{type: distinctInstance, expression: a}]"], never("placement-constraint", 6, 25)),
        (["placementConstraints: [{type: distinctInstance}, {type: memberOf, expression: a == b}]"], []),
        (["launch_type: EC2", "platform_version: 1.4.0"], never("platform-version-without-fargate", 7, 21)),
        (["platform_version: 1.4.0"], []),
        (["platform_version: latest"], never("platform-version", 6, 21)),
        (["platform_version: '1.4'"], never("platform-version", 6, 21)),
        (["launch_type: EC2", "network_configuration:", "  aws_vpc_configuration:", "    subnets: [subnet-1]",
          "    assign_public_ip: ENABLED"], never("public-ip-without-fargate", 10, 25)),
        (["launch_type: EXTERNAL", "networkConfiguration: {awsvpcConfiguration: "
          "{subnets: [subnet-1], assignPublicIp: ENABLED}}"], never("public-ip-without-fargate", 7, 85)),
        (["capacityProviderStrategy: [{capacityProvider: mine, weight: 1}]", "network_configuration: "
          "{aws_vpc_configuration: {assign_public_ip: ENABLED, subnets: [subnet-1]}}"],
         never("public-ip-without-fargate", 7, 69)),
        (["launch_type: EC2", "network_configuration: {aws_vpc_configuration: "
          "{assign_public_ip: DISABLED, subnets: [subnet-1]}}"], []),
        (["launch_type: EC2", "taskOverride: {ephemeralStorage: {sizeInGiB: 30}}"],
         never("storage-without-fargate", 7, 36)),
    ],
)  # fmt: skip
def test_what_a_task_is_started_on(lines: list[str], found: list[Told]) -> None:
    assert of_rule(*lines) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["platform_version: LATEST"], []),
        (["platform_version: 1.3.0"], []),
        (["platform_version: 1.3.0", "taskOverride: {ephemeralStorage: {sizeInGiB: 30}}"],
         never("platform-too-old", 8, 21)),
        (["platform_version: 1.3.0", "taskOverride: {cpu: 8 vCPU, memory: 16 GB}"], never("platform-too-old", 8, 21)),
        (["platform_version: 1.3.0", "containerOverrides:",
          "- {name: app, environmentFiles: [{value: 'arn:aws:s3:::a/b.env'}]}"], never("platform-too-old", 8, 21)),
        (["platform_version: 1.3.0", "enableExecuteCommand: true"], never("platform-too-old", 8, 21)),
        (["platform_version: 1.4.0", "enableExecuteCommand: true"], []),
        (["platform_version: 1.4.0", "taskOverride: {ephemeralStorage: {sizeInGiB: 30}}"], []),
        (["placementConstraints: [{type: distinctInstance}]"], never("placement-with-fargate", 8, 25)),
        (["placementStrategy: [{type: random}]"], never("placement-with-fargate", 8, 22)),
        (["containerOverrides: [{name: app, resourceRequirements: [{type: GPU, value: 1}]}]"],
         never("gpu-with-fargate", 8, 58)),
        (["containerOverrides: [{name: app, resourceRequirements: [{type: InferenceAccelerator, value: a}]}]"], []),
    ],
)  # fmt: skip
def test_what_fargate_has_not(lines: list[str], found: list[Told]) -> None:
    assert fargate(*lines) == found


# -- sizes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["taskOverride: {cpu: 256, memory: 1GB}"], []),
        (["taskOverride: {cpu: .25 vCPU, memory: 0.5 GB}"], []),
        (["taskOverride: {cpu: 256, memory: 4096}"], never("fargate-size", 8, 36)),
        (["taskOverride: {cpu: 300, memory: 512}"], never("fargate-size", 8, 23)),
        (["taskOverride: {cpu: 300}"], never("fargate-size", 8, 23)),
        (["taskOverride: {cpu: 256}"], []),
        (["task_override:", "  cpu: a lot", "  memory: 512 MB"],
         [*never("task-size", 9, 10), *never("task-size", 10, 13)]),
        (["taskOverride: {cpu: 512, memory: 1024}",
          "containerOverrides: [{name: z, cpu: 513}, {name: a, memory: 1025}]"],
         [*never("container-over-task", 9, 63), *never("container-over-task", 9, 39)]),
        (["taskOverride: {cpu: 512, memory: 1024}", "containerOverrides: [{name: z, cpu: 512, memory: 1024}]"], []),
        (["containerOverrides: [{name: a, memory: 512, memoryReservation: 1024}]"],
         never("memory-reservation", 8, 66)),
        (["containerOverrides: [{name: a, memory: 512, memory_reservation: 512}]"], []),
    ],
)  # fmt: skip
def test_sizes_of_task_and_containers(lines: list[str], found: list[Told]) -> None:
    assert fargate(*lines) == found


def test_pairs_are_fargates_alone() -> None:
    assert of_rule("launch_type: EC2", "taskOverride: {cpu: 300, memory: 333}") == []
    assert of_rule("taskOverride: {cpu: 300, memory: 333}") == []


def test_the_remedy_names_the_memory_that_goes_with_the_cpu() -> None:
    (finding,) = said(offline(a_config(FARGATE, NETWORK, "taskOverride: {cpu: .5 vCPU, memory: 8 GB}")))
    assert finding == (
        "Fargate has no tasks with 512 CPU units and 8192 MiB of memory "
        "(with 512 CPU units Fargate has 1024, 2048, 3072 or 4096 MiB of memory)"
    )


# -- overrides and environment ---------------------------------------------------------------------------------


def with_environment(length: int, letter: str = "x") -> list[str]:
    """An override whose JSON has `length` characters."""
    around = len('{"containerOverrides":[{"name":"app","environment":[{"name":"A","value":""}]}]}')
    return ["containerOverrides:", f"- {{name: app, environment: {{A: {letter * (length - around)}}}}}"]


def test_overrides_have_8192_characters_as_they_are_sent() -> None:
    assert of_rule(*with_environment(8192)) == []
    assert of_rule(*with_environment(8192, "é")) == []
    assert of_rule(*with_environment(8193)) == refused("overrides-too-long", 7, 3)


def test_of_a_secret_the_value_counts_and_isnt_said() -> None:
    text = a_config("containerOverrides: [{name: app, environment: {A: \"{{ secret('LONG') }}\"}}]")
    given = Given(secrets={"LONG": "s3cr" * 2100})
    (finding,) = offline(text, given)
    assert told([finding]) == refused("overrides-too-long", 6, 23)
    assert "s3cr" not in str(finding.problem)
    assert offline(text, Given(secrets={"LONG": "s3cr"})) == []


def test_a_tasks_role_counts_with_its_whole_arn() -> None:
    (finding,) = offline(a_config(f"taskOverride: {{taskRole: {'r' * 8170}}}"))
    assert told([finding]) == refused("overrides-too-long", 6, 17)


@pytest.mark.parametrize(
    ("container", "found"),
    [
        ("{name: app, environment: {'': x, A: ''}}", never("environment-name", 6, 54)),
        ("{name: app, environment: {A: ''}}", []),
        ("{name: app, environmentFiles: [{value: 'arn:aws:s3:::b/a.env'}, {value: s3://b/a.env}]}",
         never("environment-file", 6, 96)),
        ("{name: app, environment_files: [{value: 'arn:aws:s3:::b/a.txt'}]}", never("environment-file", 6, 64)),
        ("{name: app, environmentFiles: [{value: 'arn:aws-cn:s3:::b/c/a.env'}]}", []),
        ("{name: app, environmentFiles: [" + ", ".join(["{value: 'arn:aws:s3:::b/a.env'}"] * 11) + "]}",
         never("environment-file", 6, 385)),
    ],
)  # fmt: skip
def test_environment_of_a_container(container: str, found: list[Told]) -> None:
    assert of_rule(f"containerOverrides: [{container}]") == found


# -- names and ARNs --------------------------------------------------------------------------------------------

OWN = "arn:aws:{}:eu-west-1:123456789012:{}"
OTHER_REGION = "arn:aws:{}:us-east-1:123456789012:{}"
OTHER_ACCOUNT = "arn:aws:{}:eu-west-1:210987654321:{}"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["role: starter"], []),
        (["role: service-role/starter"], []),
        (["role: arn:aws:iam::123456789012:role/starter"], []),
        (["role: arn:aws:iam::210987654321:role/starter"], [("role-elsewhere", "warning", 6, 9)]),
        (["role: arn:aws:iam::123456789012:user/starter"], refused("role-name", 6, 9)),
        (["role: the starter"], refused("role-name", 6, 9)),
        (["ruleRole: the starter"], refused("role-name", 6, 13)),
        (["rule_role: arn:aws:iam::210987654321:role/starter"], [("role-elsewhere", "warning", 6, 14)]),
        (["taskOverride: {taskRole: 'a b', executionRole: 'arn:aws:iam::12:role/x'}"],
         [*never("task-role-name", 6, 28), *never("task-role-name", 6, 50)]),
        (["taskOverride: {taskRole: 'arn:aws:iam::210987654321:role/x'}"], [("role-elsewhere", "warning", 6, 28)]),
        (["dead_letter_config: {sqs: dead-letters}"], []),
        ([f"dead_letter_config: {{sqs: '{OWN.format('sqs', 'dead-letters')}'}}"], []),
        (["dead_letter_config: {sqs: dead-letters.fifo}"], never("dead-letter-fifo", 6, 29)),
        ([f"deadLetterConfig: {{sqs: '{OTHER_REGION.format('sqs', 'd')}'}}"], never("dead-letter-elsewhere", 6, 27)),
        ([f"deadLetterConfig: {{sqs: '{OTHER_ACCOUNT.format('sqs', 'd')}'}}"], never("dead-letter-elsewhere", 6, 27)),
        (["deadLetterConfig: {sqs: 'https://sqs.eu-west-1.amazonaws.com/123456789012/dead'}"],
         never("dead-letter-queue", 6, 27)),
        (["network_configuration:", "  aws_vpc_configuration:", "    subnets: [subnet-2, vpc-1, subnet-1]",
          "    security_groups: [sg-1, default]"], [*never("subnet-id", 8, 27), *never("security-group-id", 9, 31)]),
        (["tags: {owner: batch, '': x}"], refused("tag-limits", 6, 28)),
        ([f"tags: {{{'k' * 129}: x, a: {'v' * 257}}}"], [*refused("tag-limits", 6, 147), *refused("tag-limits", 6, 141)]),
        (["tags: {AWS:x: y}"], never("reserved-tag", 6, 17)),
        ([f"ruleTags: {{a: {'v' * 257}}}"], refused("tag-limits", 6, 17)),
        ([f"ruleTags: {{a: {'v' * 256}}}"], []),
        (["allow: [same-job-twice, no-role, no-rolle]"], [("unknown-code", "warning", 6, 36)]),
    ],
)  # fmt: skip
def test_names_of_things_of_aws(lines: list[str], found: list[Told]) -> None:
    assert sorted(of_rule(*lines)) == sorted(found)


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("reports", ""),
        ("reports:12", ""),
        (OWN.format("ecs", "task-definition/reports:1"), ""),
        ("reports:latest", "task-definition-name"),
        ("task-definition/reports", "task-definition-name"),
        ("my reports", "task-definition-name"),
        (OWN.format("ecs", "cluster/reports"), "task-definition-name"),
        (OTHER_REGION.format("ecs", "task-definition/reports:1"), "task-definition-elsewhere"),
        (OTHER_ACCOUNT.format("ecs", "task-definition/reports"), "task-definition-elsewhere"),
    ],
)
def test_the_task_definition(definition: str, code: str) -> None:
    text = a_config().replace("taskDefinition: reports", f"taskDefinition: {definition}")
    assert told(offline(text)) == (never(code, 5, 19) if code else [])


@pytest.mark.parametrize(
    ("cluster", "found"),
    [
        ("batch", []),
        (OTHER_REGION.format("ecs", "cluster/batch"), never("cluster-elsewhere", 1, 10)),
        (OTHER_ACCOUNT.format("ecs", "cluster/batch"), never("cluster-elsewhere", 1, 10)),
    ],
)
def test_the_cluster_is_said_once_and_of_no_rule(cluster: str, found: list[Told]) -> None:
    text = a_config("role: starter", "") + "- {name: b, scheduleExpression: rate(2 days), taskDefinition: b}\n"
    text = text.replace("cluster: batch", f"cluster: {cluster}")
    findings = offline(text, scope=Scope("aws", "eu-west-1", "123456789012", cluster, "batch"))
    assert told(findings) == found
    assert [finding.rule for finding in findings] == [""] * len(found)


def test_a_role_of_the_whole_config_is_found_there() -> None:
    assert told(offline(f"role: the starter\n{a_config()}")) == refused("role-name", 1, 7)


def test_a_default_below_every_rule_is_where_the_finding_is() -> None:
    text = f"defaults:\n  launch_type: FARGATE\n{a_config()}"
    assert told(offline(text)) == never("fargate-without-network", 2, 16)


def test_values_without_an_answer_are_not_judged() -> None:
    missing = '"{{ must_env("GONE") }}"'
    text = a_config(
        f"role: {missing}",
        f"platform_version: {missing}",
        f"capacityProviderStrategy: [{{capacityProvider: {missing}, weight: 1}}]",
        f"dead_letter_config: {{sqs: {missing}}}",
        f"network_configuration: {{aws_vpc_configuration: {{subnets: [{missing}], security_groups: [{missing}]}}}}",
        f"taskOverride: {{cpu: {missing}, memory: {missing}, taskRole: {missing}}}",
        f"placementStrategy: [{{type: binpack, field: {missing}}}]",
        f"containerOverrides: [{{name: {missing}, environment: {{A: {missing}}}, environmentFiles: [{{value: {missing}}}]}}]",
        f"tags: {{a: {missing}}}",
    )
    text = text.replace("rate(1 day)", missing).replace("taskDefinition: reports", f"taskDefinition: {missing}")
    assert offline(text) == []


def test_sealed_values_are_judged_by_what_they_are_and_shown_sealed() -> None:
    secrets = {"ROLE": "not a role", "QUEUE": "letters.fifo", "CPU": "a lot of them"}
    given = Given(secrets=secrets)
    lines = [
        f"{key}: \"{{{{ secret('{name}') }}}}\"" for key, name in (("role", "ROLE"), ("sqs", "QUEUE"), ("cpu", "CPU"))
    ]
    found = offline(a_config(lines[0], f"dead_letter_config: {{{lines[1]}}}", f"taskOverride: {{{lines[2]}}}"), given)
    assert sorted(code for code, *_ in told(found)) == ["dead-letter-fifo", "role-name", "task-size"]
    for finding in found:
        assert not any(value in str(finding.problem) for value in secrets.values())
        assert "(secret)" in given.vault.mask(str(finding.problem))
