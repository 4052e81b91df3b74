"""The schema of a config: every key in each spelling, strict about the rest, with file, line and column."""

import pytest
from tests.unit.config.builders import Given, a_config, load, places, problems, rules_of, the_rule

from esprestack.config import entries, keys, model
from esprestack.errors import ConfigError
from esprestack.rule import (
    CapacityProvider,
    ContainerOverride,
    EnvironmentFile,
    NetworkConfiguration,
    PlacementConstraint,
    PlacementStrategy,
    ResourceRequirement,
    RetryPolicy,
    Rule,
    Target,
    TaskOverride,
)

# -- every key -------------------------------------------------------------------------------------------------

EVERYTHING = """\
region: eu-west-1
cluster: batch
role: starter
trackingId: shop
plugins:
- name: tfstate
  func_prefix: net_
  config: {path: net.tfstate, nested: [1, {a: b}]}
rules:
- name: report
  description: "Every night: the day's figures"
  scheduleExpression: cron(0 3 ? * MON-FRI *)
  disabled: true
  targetId: main
  taskDefinition: reports:7
  taskCount: 2
  taskOverride:
    cpu: 512
    memory: 2 GB
    taskRole: worker
    executionRole: puller
    ephemeralStorage: {sizeInGiB: 60}
  containerOverrides:
  - name: app
    command: [bin/report, --all, "", 010]
    environment: {TZ: Asia/Tokyo, COUNT: 010}
    environmentFiles: [{value: "arn:aws:s3:::bucket/app.env", type: s3}]
    cpu: 256
    memory: 512
    memoryReservation: 128
    resourceRequirements: [{type: GPU, value: 1}]
  role: own
  group: family:batch
  capacityProviderStrategy: [{capacityProvider: FARGATE, base: 1, weight: 2}]
  launch_type: FARGATE
  platform_version: 1.4.0
  network_configuration:
    aws_vpc_configuration: {subnets: [subnet-2, subnet-1], security_groups: [sg-1], assign_public_ip: ENABLED}
  dead_letter_config: {sqs: dead-letters}
  propagateTags: TASK_DEFINITION
  enableExecuteCommand: true
  enableECSManagedTags: true
  placementConstraints: [{type: memberOf, expression: a == b}]
  placementStrategy: [{type: spread, field: attribute:zone}]
  referenceId: ref-1
  tags: {team: red}
  retryPolicy: {maximumRetryAttempts: 2, maximumEventAgeInSeconds: 300}
  ruleRole: bus
  ruleTags: {owner: batch}
"""

OTHER_SPELLINGS = {
    "trackingId": "tracking_id", "func_prefix": "funcPrefix", "scheduleExpression": "schedule_expression",
    "targetId": "target_id", "taskDefinition": "task_definition", "taskCount": "task_count",
    "taskOverride": "task_override", "taskRole": "task_role", "executionRole": "execution_role",
    "ephemeralStorage": "ephemeral_storage", "containerOverrides": "container_overrides",
    "environmentFiles": "environment_files", "memoryReservation": "memory_reservation",
    "resourceRequirements": "resource_requirements", "capacityProviderStrategy": "capacity_provider_strategy",
    "capacityProvider": "capacity_provider", "launch_type": "launchType", "platform_version": "platformVersion",
    "network_configuration": "networkConfiguration", "aws_vpc_configuration": "awsvpcConfiguration",
    "security_groups": "securityGroups", "assign_public_ip": "assignPublicIp",
    "dead_letter_config": "deadLetterConfig", "propagateTags": "propagate_tags",
    "enableExecuteCommand": "enable_execute_command", "enableECSManagedTags": "enable_ecs_managed_tags",
    "placementConstraints": "placement_constraints", "placementStrategy": "placement_strategy",
    "referenceId": "reference_id", "retryPolicy": "retry_policy",
    "maximumRetryAttempts": "maximum_retry_attempts", "maximumEventAgeInSeconds": "maximum_event_age_in_seconds",
    "ruleRole": "rule_role", "ruleTags": "rule_tags",
}  # fmt: skip

THE_RULE = Rule(
    name="report",
    schedule_expression="cron(0 3 ? * MON-FRI *)",
    description="Every night: the day's figures",
    enabled=False,
    rule_role="bus",
    rule_tags=(("owner", "batch"),),
    target=Target(
        id="main",
        task_definition="reports:7",
        role="own",
        task_count=2,
        launch_type="FARGATE",
        platform_version="1.4.0",
        group="family:batch",
        capacity_provider_strategy=(CapacityProvider("FARGATE", 1, 2),),
        network_configuration=NetworkConfiguration(("subnet-1", "subnet-2"), ("sg-1",), "ENABLED"),
        placement_constraints=(PlacementConstraint("memberOf", "a == b"),),
        placement_strategy=(PlacementStrategy("spread", "attribute:zone"),),
        propagate_tags="TASK_DEFINITION",
        enable_execute_command=True,
        enable_ecs_managed_tags=True,
        reference_id="ref-1",
        tags=(("team", "red"),),
        dead_letter_queue="dead-letters",
        retry_policy=RetryPolicy(2, 300),
        task_override=TaskOverride("512", "2 GB", "worker", "puller", 60),
        container_overrides=(
            ContainerOverride(
                "app",
                ("bin/report", "--all", "", "010"),
                (("COUNT", "010"), ("TZ", "Asia/Tokyo")),
                (EnvironmentFile("arn:aws:s3:::bucket/app.env", "s3"),),
                256,
                512,
                128,
                (ResourceRequirement("GPU", "1"),),
            ),
        ),
    ),
)


def in_other_spelling(text: str) -> str:
    for one, other in OTHER_SPELLINGS.items():
        assert f"{one}:" in text
        text = text.replace(f"{one}:", f"{other}:")
    return text


@pytest.mark.parametrize("text", [EVERYTHING, in_other_spelling(EVERYTHING)], ids=["ecschedule's", "the other"])
def test_every_key_is_read_in_each_spelling(text: str) -> None:
    loaded = load(text)
    assert rules_of(loaded) == [THE_RULE]
    config = loaded.config
    assert (config.region, config.cluster, config.role, config.tracking_id) == ("eu-west-1", "batch", "starter", "shop")
    assert config.plugins is not None
    assert [(plugin.name, plugin.func_prefix) for plugin in config.plugins] == [("tfstate", "net_")]


def test_no_spelling_means_two_keys() -> None:
    for kind in (
        model.Config,
        model.RuleEntry,
        entries.ContainerOverride,
        entries.TaskOverride,
        entries.AwsVpcConfiguration,
    ):
        known = list(keys.spellings(kind))
        assert len(known) == len(set(known))


# -- what is left out ------------------------------------------------------------------------------------------


def test_what_is_left_out_has_ecschedules_defaults() -> None:
    assert the_rule() == Rule(
        "report",
        "rate(1 day)",
        Target(id="report", task_definition="reports", role="ecsEventsRole", task_count=1),
        enabled=True,
    )


def test_an_empty_value_is_as_if_the_key_were_not_there() -> None:
    every = sorted(set(keys.spellings(model.RuleEntry)) - {"name", "scheduleExpression", "taskDefinition"})
    others = [key for key in every if key in OTHER_SPELLINGS or key not in OTHER_SPELLINGS.values()]
    assert the_rule(*(f"{key}:" for key in others)) == the_rule()
    assert the_rule("disabled: null", "tags: ~", "taskCount: # later") == the_rule()


def test_a_config_may_have_no_rules() -> None:
    assert rules_of(load("cluster: batch\n")) == rules_of(load("cluster: batch\nrules: []\n")) == []


@pytest.mark.parametrize("count", ["0", "-1", "1"])
def test_a_task_count_below_one_is_one_as_in_ecschedule(count: str) -> None:
    assert the_rule(f"taskCount: {count}") == the_rule()


def test_the_role_of_the_config_is_that_of_its_rules() -> None:
    text = a_config() + "- {name: b, scheduleExpression: rate(1 day), taskDefinition: t, role: own}\nrole: shared\n"
    assert [rule.target.role for rule in rules_of(load(text)) if rule.target] == ["shared", "own"]


def test_arns_of_the_own_account_and_their_names_are_the_same() -> None:
    def own(service: str, resource: str, account: str = "123456789012") -> str:
        return f"arn:aws:{service}:{'' if service == 'iam' else 'eu-west-1'}:{account}:{resource}"

    short = ("role: starter", "dead_letter_config: {sqs: dead}", "taskOverride: {taskRole: w, executionRole: p}")
    long = (
        f"role: {own('iam', 'role/starter')}",
        f"dead_letter_config: {{sqs: '{own('sqs', 'dead')}'}}",
        f"taskOverride: {{taskRole: '{own('iam', 'role/w')}', executionRole: '{own('iam', 'role/p')}'}}",
    )
    assert the_rule(*long) == the_rule(*short)
    foreign = own("iam", "role/starter", account="999999999999")
    assert the_rule(f"role: {foreign}") != the_rule("role: starter")
    target = the_rule(f"role: {foreign}").target
    assert target
    assert target.role == foreign


# -- texts -----------------------------------------------------------------------------------------------------


def environment(*lines: str) -> dict[str, str]:
    rule = the_rule("containerOverrides:", "- name: app", "  environment:", *(f"    {line}" for line in lines))
    assert rule.target
    return dict(rule.target.container_overrides[0].environment)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("010", "010"), ("yes", "yes"), ("no", "no"), ("on", "on"), ("true", "true"), ("True", "True"),
        ("1.10", "1.10"),
        ("1e3", "1e3"), ("0x1F", "0x1F"), ("1_000", "1_000"), ("12:30:00", "12:30:00"), ("2030-01-01", "2030-01-01"),
        (".5", ".5"), ("null", ""), ("~", ""), ("", ""), ("''", ""), ("'null'", "null"), ('"a\\nb"', "a\nb"),
        ("'it''s'", "it's"), ("a b # c", "a b"), ("|", ""),
    ],
)  # fmt: skip
def test_a_value_of_the_environment_keeps_its_text(written: str, value: str) -> None:
    assert environment(f"KEY: {written}") == {"KEY": value}


def test_keys_of_the_environment_keep_their_text() -> None:
    assert environment("010: a", "yes: b", "null: c", "'': d") == {"010": "a", "yes": "b", "null": "c", "": "d"}


def test_numbers_and_booleans_of_json_are_texts_in_an_environment() -> None:
    text = (
        '{"cluster": "c", "rules": [{"name": "a", "scheduleExpression": "rate(1 day)", "taskDefinition": "t", '
        '"containerOverrides": [{"name": "app", "environment": {"A": 1.10, "B": true, "C": null, "D": -1e3}}]}]}'
    )
    (rule,) = rules_of(load(text, "ecschedule.json"))
    assert rule.target
    assert dict(rule.target.container_overrides[0].environment) == {"A": "1.10", "B": "true", "C": "", "D": "-1e3"}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["description: [a]"], "6:16: `description` must be a text, not a list"),
        (["description: {a: b}"], "6:16: `description` must be a text, not a mapping"),
        (["group: []"], "6:10: `group` must be a text, not a list"),
        (["tags: {a: [b]}"], "6:13: `tags.a` must be a text, not a list"),
        (["containerOverrides:", "- name: app", "  command: [a, [b]]"],
         "8:18: `containerOverrides[0].command[1]` must be a text, not a list"),
        (["containerOverrides:", "- name: app", "  environment:", "    A:", "      B: c"],
         "10:9: `containerOverrides[0].environment.A` must be a text, not a mapping"),
    ],
)  # fmt: skip
def test_a_text_is_one_value(lines: list[str], problem: str) -> None:
    assert problems(a_config(*lines)) == [f"{problem} (write one value, in quotes if it holds special characters)"]


# -- booleans and numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "enabled"), [("true", False), ("True", False), ("TRUE", False), ("false", True)])
def test_a_boolean_is_true_or_false(written: str, enabled: bool) -> None:
    assert the_rule(f"disabled: {written}").enabled is enabled


@pytest.mark.parametrize("written", ["yes", "no", "on", "off", "y", "1", "0", "'true'", '"false"', "tRUE", "[]"])
def test_nothing_else_is_a_boolean(written: str) -> None:
    shown = {"[]": "a list"}.get(written, f"`{written.strip(chr(39) + chr(34))}`")
    (problem,) = problems(a_config(f"disabled: {written}"))
    assert problem.startswith(f"6:13: `disabled` must be true or false, not {shown}")


def test_a_boolean_in_quotes_is_told_what_to_write() -> None:
    assert problems(a_config("enableExecuteCommand: 'true'", "enable_ecs_managed_tags: yes")) == [
        "6:25: `enableExecuteCommand` must be true or false, not `true` (write `true` or `false`, without quotes)",
        "7:28: `enable_ecs_managed_tags` must be true or false, not `yes` (write `true` or `false`, without quotes)",
    ]


def test_a_number_may_stand_in_quotes() -> None:
    """Templates are often written so."""
    assert the_rule("taskCount: '3'") == the_rule("taskCount: 3")


@pytest.mark.parametrize(
    "written", ["many", "1.5", "0x10", "1_0", "1e1", "+1", "--1", "'-'", "''", "' 1'", "²", "true"]
)
def test_a_number_is_whole(written: str) -> None:
    shown = written.strip("'")
    (problem,) = problems(a_config(f"taskCount: {written}"))
    assert problem.startswith(f"6:14: `taskCount` must be a whole number, not `{shown}`")


def test_a_number_that_is_too_long_to_read_is_told_in_our_words() -> None:
    (problem,) = problems(a_config(f"taskCount: {'9' * 5000}"))
    assert problem.startswith("6:14: `taskCount` must be ")


# -- unknown keys ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["descripton: x"], "6:3: `descripton` is not a key of a rule (did you mean `description`?)"),
        (["Disabled: true"], "6:3: `Disabled` is not a key of a rule (did you mean `disabled`?)"),
        (["container_override: []"],
         "6:3: `container_override` is not a key of a rule (did you mean `container_overrides`?)"),
        (["taskOveride: {}"], "6:3: `taskOveride` is not a key of a rule (did you mean `taskOverride`?)"),
        (["lauchType: EC2"], "6:3: `lauchType` is not a key of a rule (did you mean `launchType`?)"),
        (["containerOverrides:", "- name: app", "  enviroment: {}"],
         "8:5: `enviroment` is not a key of a container override (did you mean `environment`?)"),
        (["taskOverride: {memry: 1}"], "6:18: `memry` is not a key of a task override (did you mean `memory`?)"),
        (["dead_letter_config: {sqs: q, arn: x}"],
         "6:32: `arn` is not a key of a dead letter config (known keys: sqs)"),
        (["retryPolicy: {maximumRetryAttempt: 1}"],
         "6:17: `maximumRetryAttempt` is not a key of a retry policy (did you mean `maximumRetryAttempts`?)"),
        (["network_configuration: {aws_vpc_configuration: {subnets: [a], security_group: [b]}}"],
         "6:65: `security_group` is not a key of a VPC configuration (did you mean `security_groups`?)"),
        (["capacityProviderStrategy: [{capacityProvider: a, wieght: 1}]"],
         "6:52: `wieght` is not a key of a capacity provider strategy (did you mean `weight`?)"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_told_with_what_was_meant(lines: list[str], problem: str) -> None:
    assert problems(a_config(*lines)) == [problem]


@pytest.mark.parametrize(
    ("line", "owner", "meant"),
    [
        ("{containers}: [{{name: a, {files}: [{{value: x, typ: s3}}]}}]", "an environment file", "type"),
        ("{containers}: [{{name: a, {requirements}: [{{type: GPU, value: x, valeu: x}}]}}]", "a resource requirement",
         "value"),
        ("{constraints}: [{{type: memberOf, expresion: x}}]", "a placement constraint", "expression"),
        ("{strategy}: [{{type: spread, feild: x}}]", "a placement strategy", "field"),
        ("{override}: {{{storage}: {{sizeInGiB: 30, sizeInGb: 30}}}}", "an ephemeral storage", "sizeInGiB"),
        ("{network}: {{{vpc}: {{subnets: [a], subnet: b}}}}", "a VPC configuration", "subnets"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "keys",
    [
        {"containers": "containerOverrides", "files": "environmentFiles", "requirements": "resourceRequirements",
         "constraints": "placementConstraints", "strategy": "placementStrategy", "override": "taskOverride",
         "storage": "ephemeralStorage", "network": "network_configuration", "vpc": "aws_vpc_configuration"},
        {"containers": "container_overrides", "files": "environment_files", "requirements": "resource_requirements",
         "constraints": "placement_constraints", "strategy": "placement_strategy", "override": "task_override",
         "storage": "ephemeral_storage", "network": "networkConfiguration", "vpc": "awsVpcConfiguration"},
    ],
    ids=["ecschedule's", "the other"],
)  # fmt: skip
def test_an_unknown_key_is_told_with_its_owner_in_each_spelling(
    line: str, owner: str, meant: str, keys: dict[str, str]
) -> None:
    (problem,) = problems(a_config(line.format(**keys)))
    assert f"is not a key of {owner} (did you mean `{meant}`?)" in problem


TOP_LEVEL_KEYS = (
    "known keys: backend, cluster, defaults, extends, plugins, region, role, rules, trackingId, tracking_id"
)


def test_an_unknown_key_at_the_top_is_told_too() -> None:
    assert problems("clustr: batch\nrules: []\nregoin: x\nschedules: []\n") == [
        "1:1: `cluster` is missing in the config (add `cluster:` to the config)",
        "1:1: `clustr` is not a key of the config (did you mean `cluster`?)",
        "3:1: `regoin` is not a key of the config (did you mean `region`?)",
        f"4:1: `schedules` is not a key of the config ({TOP_LEVEL_KEYS})",
    ]


def test_an_unknown_key_in_json_is_told_at_its_column() -> None:
    text = '{"cluster": "c",\n\t"rules": [{"name": "é😀", "descripton": "x"}]}'
    assert problems(text, "ecschedule.json")[-1] == (
        "2:27: `descripton` is not a key of a rule (did you mean `description`?)"
    )


def test_two_spellings_of_one_key_are_told() -> None:
    assert problems(a_config("launch_type: EC2", "launchType: FARGATE")) == [
        "7:3: `launchType` and `launch_type` are the same key (remove one)"
    ]


def test_an_unknown_key_that_came_through_an_anchor_is_told_where_it_is_written() -> None:
    text = "x-base: &base\n  descripton: x\n" + a_config("<<: *base")
    assert problems(text) == ["2:3: `descripton` is not a key of a rule (did you mean `description`?)"]


# -- missing keys ----------------------------------------------------------------------------------------------


def test_missing_keys_are_told_where_they_belong() -> None:
    no_vpc = "`network_configuration.aws_vpc_configuration` is missing in a network configuration"
    text = "rules:\n- name: a\n- containerOverrides:\n  - command: [x]\n  network_configuration: {}\n"
    assert problems(text) == [
        "1:1: `cluster` is missing in the config (add `cluster:` to the config)",
        "2:3: `scheduleExpression` is missing in a rule (add `scheduleExpression:` to a rule)",
        "2:3: `taskDefinition` is missing in a rule (add `taskDefinition:` to a rule)",
        "3:3: `name` is missing in a rule (add `name:` to a rule)",
        "3:3: `scheduleExpression` is missing in a rule (add `scheduleExpression:` to a rule)",
        "3:3: `taskDefinition` is missing in a rule (add `taskDefinition:` to a rule)",
        "4:5: `containerOverrides[0].name` is missing in a container override (add `name:` to a container override)",
        f"5:26: {no_vpc} (add `aws_vpc_configuration:` to a network configuration)",
    ]


# -- wrong kinds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("containerOverrides: {name: a}", "6:23: `containerOverrides` must be a list (begin each item with `- `)"),
        ("containerOverrides: app", "6:23: `containerOverrides` must be a list (begin each item with `- `)"),
        ("containerOverrides: [app]",
         "6:24: `containerOverrides[0]` must be a mapping (write keys and values below it)"),
        ("containerOverrides: [{name: a, command: run it}]",
         "6:43: `containerOverrides[0].command` must be a list (begin each item with `- `)"),
        ("containerOverrides: [{name: a, environment: [A=b]}]",
         "6:47: `containerOverrides[0].environment` must be a mapping (write keys and values below it)"),
        ("tags: [a]", "6:9: `tags` must be a mapping (write keys and values below it)"),
        ("dead_letter_config: queue", "6:23: `dead_letter_config` must be a mapping (write keys and values below it)"),
        ("taskOverride: [a]", "6:17: `taskOverride` must be a mapping (write keys and values below it)"),
        ("network_configuration: {aws_vpc_configuration: {subnets: subnet-1}}",
         "6:60: `network_configuration.aws_vpc_configuration.subnets` must be a list (begin each item with `- `)"),
    ],
)  # fmt: skip
def test_a_wrong_kind_is_told_at_its_value(line: str, problem: str) -> None:
    assert problems(a_config(line)) == [problem]


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "[]\n"])
def test_a_config_is_a_mapping(text: str) -> None:
    assert problems(text) == ["1:1: a config is a mapping with `cluster:` and `rules:` (see docs/config.md)"]


@pytest.mark.parametrize("rules", ["{name: a}", "report"])
def test_rules_are_a_list(rules: str) -> None:
    assert problems(f"cluster: c\nrules: {rules}\n") == ["2:8: `rules` must be a list (begin each item with `- `)"]


@pytest.mark.parametrize("entry", ["report", "[]", ""])
def test_each_of_the_rules_is_a_mapping(entry: str) -> None:
    (problem,) = problems(f"cluster: c\nrules:\n- {entry}\n")
    assert problem.startswith("3:")
    assert "must be a mapping" in problem
    assert "`rules` must be a mapping" not in problem


# -- values that AWS doesn't take ------------------------------------------------------------------------------


PUBLIC_IP = "network_configuration.aws_vpc_configuration.assign_public_ip"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("launch_type: fargate", "6:16: `launch_type` must be `EC2`, `FARGATE` or `EXTERNAL`, not `fargate`"),
        ("propagateTags: TASK", "6:18: `propagateTags` must be `TASK_DEFINITION`, not `TASK`"),
        ("placementConstraints: [{type: member}]",
         "6:33: `placementConstraints[0].type` must be `distinctInstance` or `memberOf`, not `member`"),
        ("placementStrategy: [{type: pack}]",
         "6:30: `placementStrategy[0].type` must be `random`, `spread` or `binpack`, not `pack`"),
        ("network_configuration: {aws_vpc_configuration: {subnets: [a], assign_public_ip: yes}}",
         "6:83: `network_configuration.aws_vpc_configuration.assign_public_ip` "
          "must be `ENABLED` or `DISABLED`, not `yes`"),
        ("targetId: a b", "6:13: `targetId` is `a b`: letters, digits, `.`, `-` and `_` only (rename it)"),
        ("taskCount: 11", "6:14: `taskCount` must be at most 10, not 11"),
        ("retryPolicy: {maximumRetryAttempts: 186}",
         "6:39: `retryPolicy.maximumRetryAttempts` must be at most 185, not 186"),
        ("retryPolicy: {maximumRetryAttempts: -1}",
         "6:39: `retryPolicy.maximumRetryAttempts` must be at least 0, not -1"),
        ("retryPolicy: {maximumEventAgeInSeconds: 59}",
         "6:43: `retryPolicy.maximumEventAgeInSeconds` must be at least 60, not 59"),
        ("retryPolicy: {maximumEventAgeInSeconds: 86401}",
         "6:43: `retryPolicy.maximumEventAgeInSeconds` must be at most 86400, not 86401"),
        ("taskOverride: {ephemeralStorage: {sizeInGiB: 20}}",
         "6:48: `taskOverride.ephemeralStorage.sizeInGiB` must be at least 21, not 20"),
        ("taskOverride: {ephemeralStorage: {sizeInGiB: 201}}",
         "6:48: `taskOverride.ephemeralStorage.sizeInGiB` must be at most 200, not 201"),
        ("containerOverrides: [{name: a, memory: 3}]",
         "6:42: `containerOverrides[0].memory` must be at least 4, not 3"),
        ("containerOverrides: [{name: a, cpu: -1}]", "6:39: `containerOverrides[0].cpu` must be at least 0, not -1"),
        ("capacityProviderStrategy: [{capacityProvider: a, weight: 1001}]",
         "6:60: `capacityProviderStrategy[0].weight` must be at most 1000, not 1001"),
        ("capacityProviderStrategy: [{capacityProvider: a, base: 100001}]",
         "6:58: `capacityProviderStrategy[0].base` must be at most 100000, not 100001"),
        ("network_configuration: {aws_vpc_configuration: {subnets: []}}",
         "6:60: `network_configuration.aws_vpc_configuration.subnets` is empty (give it a value or remove it)"),
        ("dead_letter_config: {sqs: ''}", "6:29: `dead_letter_config.sqs` is empty (give it a value or remove it)"),
        ("containerOverrides: [{name: ''}]",
         "6:31: `containerOverrides[0].name` is empty (give it a value or remove it)"),
    ],
)  # fmt: skip
def test_a_value_that_aws_does_not_take_is_told_at_its_place(line: str, problem: str) -> None:
    assert problems(a_config(line)) == [problem]


@pytest.mark.parametrize(
    ("key", "most"), [("description", 512), ("group", 255), ("referenceId", 1024), ("targetId", 64)]
)
def test_a_text_is_as_long_as_aws_takes_it(key: str, most: int) -> None:
    load(a_config(f"{key}: {'x' * most}"))
    assert problems(a_config(f"{key}: {'x' * (most + 1)}")) == [
        f"6:{len(key) + 5}: `{key}` has {most + 1} characters, AWS takes {most} (shorten it)"
    ]


@pytest.mark.parametrize("name", ["a" * 64, "a", "a.b-c_D9", "..."])
def test_names_that_aws_takes(name: str) -> None:
    assert the_rule().name == "report"
    load(a_config().replace("report\n", f"{name}\n", 1))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("'a b'", "`name` is `a b`: letters, digits, `.`, `-` and `_` only (rename it)"),
        ("é", "`name` is `é`: letters, digits, `.`, `-` and `_` only (rename it)"),
        ('"a\\n"', "`name` is `a\n`: letters, digits, `.`, `-` and `_` only (rename it)"),
        ("a/b", "`name` is `a/b`: letters, digits, `.`, `-` and `_` only (rename it)"),
        ("a" * 65, "`name` has 65 characters, AWS takes 64 (shorten it)"),
        ("''", "`name` is empty (give it a value or remove it)"),
    ],
)
def test_names_that_aws_does_not_take(name: str, said: str) -> None:
    assert problems(a_config().replace("name: report\n", f"name: {name}\n")) == [f"3:9: {said}"]


@pytest.mark.parametrize(
    ("key", "entries", "most"),
    [
        ("tags", "{{{}}}", 50),
        ("ruleTags", "{{{}}}", 49),
        ("placementConstraints", "[{}]", 10),
        ("placementStrategy", "[{}]", 5),
        ("capacityProviderStrategy", "[{}]", 6),
    ],
)
def test_there_are_as_many_entries_as_aws_takes(key: str, entries: str, most: int) -> None:
    entry = {
        "tags": "k{}: v",
        "ruleTags": "k{}: v",
        "placementConstraints": "{{type: memberOf, expression: e{}}}",
        "placementStrategy": "{{type: spread, field: f{}}}",
        "capacityProviderStrategy": "{{capacityProvider: p{}}}",
    }[key]

    def a_line(count: int) -> str:
        return f"{key}: " + entries.format(", ".join(entry.format(number) for number in range(count)))

    load(a_config(a_line(most)))
    assert problems(a_config(a_line(most + 1))) == [
        f"6:{len(key) + 5}: `{key}` has {most + 1} entries, AWS takes {most} (remove some)"
    ]


def test_there_are_as_many_subnets_and_groups_as_aws_takes() -> None:
    def a_line(subnets: int, groups: int) -> str:
        vpc = f"subnets: [{', '.join('s' * subnets)}], security_groups: [{', '.join('g' * groups)}]"
        return f"network_configuration: {{aws_vpc_configuration: {{{vpc}}}}}"

    load(a_config(a_line(16, 5)))
    assert [problem.partition(" ")[2] for problem in problems(a_config(a_line(17, 6)))] == [
        "`network_configuration.aws_vpc_configuration.subnets` has 17 entries, AWS takes 16 (remove some)",
        "`network_configuration.aws_vpc_configuration.security_groups` has 6 entries, AWS takes 5 (remove some)",
    ]


@pytest.mark.parametrize("key", ["ecschedule:tracking-id", "aws:x", "AWS:x"])
def test_a_tag_that_is_not_the_configs_to_set_is_told(key: str) -> None:
    (problem,) = problems(a_config(f"ruleTags: {{ '{key}': x }}"))
    assert problem.startswith(f"6:13: `ruleTags` may not hold `{key}`")


# -- doubled names ---------------------------------------------------------------------------------------------


def test_a_doubled_rule_name_is_told_with_both_places() -> None:
    entry = "- {name: NAME, scheduleExpression: rate(1 day), taskDefinition: t}\n"
    text = a_config() + entry.replace("NAME", "other") + entry.replace("NAME", "report") * 2
    assert problems(text) == [
        "7:10: the rule name `report` stands twice, first at ecschedule.yaml:3:9 (rename or remove one)",
        "8:10: the rule name `report` stands twice, first at ecschedule.yaml:3:9 (rename or remove one)",
    ]


def test_names_of_rules_have_case() -> None:
    text = a_config() + "- {name: Report, scheduleExpression: rate(1 day), taskDefinition: t}\n"
    assert [rule.name for rule in rules_of(load(text))] == ["report", "Report"]


def test_a_container_that_is_overridden_twice_is_told() -> None:
    assert problems(a_config("containerOverrides: [{name: app}, {name: web}, {name: app}]")) == [
        "6:57: the container `app` is overridden twice (merge the two)"
    ]


# -- all at once -----------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_in_one_go_in_the_order_of_the_file() -> None:
    text = """\
cluster: batch
reigon: eu-west-1
rules:
- name: one
  descripton: A typo
  scheduleExpression: rate(1 day)
  taskDefinition: app
  taskCount: many
- name: two words
  scheduleExpression: [rate, 1]
  taskDefinition: app
  disabled: yes
  launch_type: ec2
- name: one
  taskDefinition: app
  tags: {a: {b: c}}
"""
    assert places(text) == ["2:1", "5:3", "8:14", "9:9", "10:23", "12:13", "13:16", "14:3", "16:13", "14:9"]


def test_each_problem_has_a_kind() -> None:
    text = a_config("descripton: x", "taskCount: many", "launch_type: x", f"group: {'x' * 256}", "disabled: {}")
    text += "- name: report\n  scheduleExpression: rate(1 day)\n"
    with pytest.raises(ConfigError) as error:
        load(text)
    assert sorted({problem.code for problem in error.value.problems}) == [
        "doubled-name",
        "missing-key",
        "too-long",
        "unknown-key",
        "wrong-type",
        "wrong-value",
    ]


# -- keys that only hold anchors -------------------------------------------------------------------------------


def test_keys_for_anchors_are_left_alone() -> None:
    text = """\
common: &common
  taskDefinition: reports
  scheduleExpression: rate(1 day)
x-notes: {of: our own}
lists:
  nets: &nets {aws_vpc_configuration: {subnets: [subnet-1]}}
  unused: {may: [stand, here]}
cluster: batch
rules:
- name: report
  <<: *common
  network_configuration: *nets
- name: other
  <<: [*common, {taskDefinition: not-this-one, taskCount: 2}]
"""
    one, other = rules_of(load(text))
    network = NetworkConfiguration(("subnet-1",))
    assert one == Rule("report", "rate(1 day)", Target("report", "reports", network_configuration=network))
    assert other == Rule("other", "rate(1 day)", Target("other", "reports", task_count=2))


def test_a_key_whose_anchor_nobody_uses_is_unknown() -> None:
    assert problems("comon: &common {role: x}\n" + a_config()) == [
        f"1:1: `comon` is not a key of the config ({TOP_LEVEL_KEYS})"
    ]


def test_a_typo_that_uses_an_anchor_is_a_typo() -> None:
    assert problems("cluster: &name batch\ntrackingID: *name\nrules: []\n") == [
        "2:1: `trackingID` is not a key of the config (did you mean `trackingId`?)"
    ]


def test_within_a_rule_there_are_no_keys_for_anchors() -> None:
    assert places(a_config("x-note: y", "tags: &tags {a: b}", "labels: *tags")) == ["6:3", "8:3"]


# -- secrets ---------------------------------------------------------------------------------------------------


def test_a_secret_is_as_long_as_aws_takes_it() -> None:
    """What AWS is told is the value, not its seal."""
    given = Given(secrets={"LONG": "x" * 513})
    assert given.places(a_config("description: {{ secret('LONG') }}")) == ["6:16"]
