"""What means the same is no difference: a diff is empty and an apply writes nothing, however either side is spelt.

The spellings that ecschedule never stops to differ in are in test_peer_faults.
"""

import json
import random
from typing import Any

import pytest
from tests.aws.account import ACCOUNT, CLUSTER, CLUSTER_ARN, REGION, TRACKING_TAG, Account, a_target, arn, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack, anyhow
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)
OF_RULES = pytest.mark.of_rules


@pytest.fixture
def esprestack(esprestack: Esprestack) -> Esprestack:
    return anyhow(esprestack)


def assert_at_rest(esprestack: Esprestack, front: AwsFront) -> None:
    front.clear()
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, ""), diff.out
    assert (esprestack("apply").code, written(front)) == (0, [])


def a_network(*subnets: str) -> dict[str, Any]:
    return {"network_configuration": {"aws_vpc_configuration": {"subnets": list(subnets)}}}


def a_container(**keys: Any) -> dict[str, Any]:
    return {"containerOverrides": [{"name": "app", **keys}]}


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({}, id="nothing but name, expression and task definition"),
        pytest.param({"taskCount": 0}, id="taskCount: 0, which ecschedule takes as 1"),
        pytest.param({"disabled": False}, id="disabled: false"),
        pytest.param({"description": ""}, id="an empty description"),
        pytest.param({"role": "ecsEventsRole"}, id="the default role by name"),
        pytest.param({"ruleRole": "ecsEventsRole"}, id="the rule's role is the target's", marks=OF_RULES),
        pytest.param({"enableExecuteCommand": False, "enableECSManagedTags": False}, id="flags that are off"),
        pytest.param({"retryPolicy": {"maximumRetryAttempts": 185}}, id="the default retry policy"),
        pytest.param({"containerOverrides": [], "tags": {}, "placementStrategy": []}, id="empty lists"),
        pytest.param({"launch_type": None, "taskOverride": None, "network_configuration": None}, id="empty keys"),
        pytest.param({"taskOverride": {}}, id="an override of nothing"),
    ],
)
def test_what_a_config_needs_not_say_makes_no_difference(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, keys: dict[str, Any]
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule("nightly", **keys))
    assert_at_rest(esprestack, front)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(a_network("subnet-1", "subnet-2"), a_network("subnet-2", "subnet-1"), id="subnets"),
        pytest.param(
            a_container(environment={"A": "1", "B": "2"}),
            a_container(environment={"B": "2", "A": "1"}),
            id="environment",
        ),
        pytest.param({"tags": {"a": "1", "b": "2"}}, {"tags": {"b": "2", "a": "1"}}, id="tags"),
        pytest.param(
            {"ruleTags": {"a": "1", "b": "2"}}, {"ruleTags": {"b": "2", "a": "1"}}, id="the rule's tags", marks=OF_RULES
        ),
        pytest.param(
            {"containerOverrides": [{"name": "app", "cpu": 1}, {"name": "log", "cpu": 2}]},
            {"containerOverrides": [{"name": "log", "cpu": 2}, {"name": "app", "cpu": 1}]},
            id="containers",
        ),
        pytest.param(
            {"capacityProviderStrategy": [{"capacityProvider": "A"}, {"capacityProvider": "B", "weight": 1}]},
            {"capacityProviderStrategy": [{"capacityProvider": "B", "weight": 1}, {"capacityProvider": "A"}]},
            id="capacity providers",
        ),
        pytest.param(
            {"taskOverride": {"taskRole": "a", "executionRole": "path/b"}},
            {"taskOverride": {"taskRole": arn("iam", "role/a"), "executionRole": arn("iam", "role/path/b")}},
            id="the task's roles",
        ),
        pytest.param({"ruleRole": "bus"}, {"ruleRole": arn("iam", "role/bus")}, id="the rule's role", marks=OF_RULES),
    ],
)
def test_another_order_or_a_full_name_makes_no_difference(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    first: dict[str, Any],
    then: dict[str, Any],
) -> None:
    folder.config(a_rule("nightly", **first))
    assert esprestack("apply").code == 0
    folder.config(a_rule("nightly", **then))
    assert_at_rest(esprestack, front)


def test_the_order_of_what_aws_takes_in_order_makes_a_difference(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    folder.config(a_rule("nightly", **a_container(command=["a", "b"])))
    assert esprestack("apply").code == 0
    folder.config(a_rule("nightly", **a_container(command=["b", "a"])))
    assert esprestack("diff", "--exit-code").code == 2


@pytest.mark.parametrize(
    ("region", "account_id"), [("us-east-1", ACCOUNT), (REGION, "999999999999")], ids=["region", "account"]
)
def test_an_arn_elsewhere_is_not_the_short_name(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, region: str, account_id: str
) -> None:
    queue = arn("sqs", "dead", region=region, account=account_id)
    folder.config(a_rule("nightly", dead_letter_config={"sqs": "dead"}))
    assert esprestack("apply").code == 0
    folder.config(a_rule("nightly", dead_letter_config={"sqs": queue}))
    assert esprestack("diff", "--exit-code").code == 2
    assert esprestack("apply").code == 0
    assert account.target("nightly")["DeadLetterConfig"] == {"Arn": queue}
    assert_at_rest(esprestack, front)


@pytest.mark.parametrize(
    ("keys", "ecs", "members"),
    [
        pytest.param({}, {}, {"Input": '{"containerOverrides":null}'}, id="ecschedule's Input without overrides"),
        pytest.param({}, {}, {"Input": "{}"}, id="an empty Input"),
        pytest.param({}, {}, {"Input": '{"containerOverrides": [ ] }'}, id="an Input without containers"),
        pytest.param(
            {},
            {},
            {"RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}},
            id="the default retry policy, spelt out",
        ),
        pytest.param({}, {"EnableExecuteCommand": False, "EnableECSManagedTags": False}, {}, id="flags that are off"),
        pytest.param(
            {}, {"Tags": [], "PlacementConstraints": [], "CapacityProviderStrategy": []}, {}, id="empty lists"
        ),
        pytest.param(
            a_network("subnet-1", "subnet-2"),
            {
                "NetworkConfiguration": {
                    "awsvpcConfiguration": {"Subnets": ["subnet-2", "subnet-1"], "AssignPublicIp": "DISABLED"}
                }
            },
            {},
            id="subnets in another order, no security groups",
        ),
        pytest.param(
            a_network("subnet-1"),
            {"NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}}},
            {},
            id="no word on public addresses",
        ),
        pytest.param(
            {"tags": {"a": "1", "b": "2"}},
            {"Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]},
            {},
            id="tags in another order",
        ),
        pytest.param(
            {"capacityProviderStrategy": [{"capacityProvider": "A", "weight": 1}]},
            {"CapacityProviderStrategy": [{"capacityProvider": "A", "weight": 1}]},
            {},
            id="no word on the base",
        ),
        pytest.param(
            {"taskOverride": {"cpu": "512"}}, {}, {"Input": '{"cpu":512,"containerOverrides":[]}'}, id="cpu as a number"
        ),
    ],
)
def test_a_live_rule_may_be_written_in_another_way(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    keys: dict[str, Any],
    ecs: dict[str, Any],
    members: dict[str, Any],
) -> None:
    account.has_rule("nightly", targets=[a_target("nightly", EcsParameters=ecs, **members)])
    folder.config(a_rule("nightly", **keys))
    assert_at_rest(esprestack, front)


def test_a_live_target_without_task_count_starts_one_task(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    target = a_target("nightly")
    del target["EcsParameters"]["TaskCount"]
    account.has_rule("nightly", targets=[target])
    folder.config(a_rule("nightly"))
    assert_at_rest(esprestack, front)


@OF_RULES
def test_a_live_rule_without_a_role_of_its_own_has_its_targets(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.events.put_rule(
        Name="nightly", ScheduleExpression="rate(1 day)", Tags=[{"Key": TRACKING_TAG, "Value": CLUSTER}]
    )
    account.events.put_targets(Rule="nightly", Targets=[a_target("nightly")])
    folder.config(a_rule("nightly"))
    assert_at_rest(esprestack, front)


@pytest.mark.parametrize("seed", range(3))
def test_a_rule_that_ecschedule_wrote_is_no_difference(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, seed: int
) -> None:
    """https://github.com/Songmu/ecschedule writes a description always, and the environment in any order."""
    environment = [{"name": name, "value": name.lower()} for name in ("TZ", "STAGE", "BUCKET", "A", "Z")]
    random.Random(seed).shuffle(environment)  # noqa: S311 - no cryptography
    container = {
        "name": "app", "command": ["bin/report", "--all"], "environment": environment,
        "cpu": 256, "memory": 512, "memoryReservation": 128,
    }  # fmt: skip
    account.has_rule(
        "nightly",
        Description="",
        State="ENABLED",
        targets=[
            a_target(
                "nightly",
                EcsParameters={
                    "TaskCount": 2,
                    "Group": "batch",
                    "LaunchType": "FARGATE",
                    "PlatformVersion": "1.4.0",
                    "NetworkConfiguration": {
                        "awsvpcConfiguration": {
                            "Subnets": ["subnet-2", "subnet-1"],
                            "SecurityGroups": ["sg-2", "sg-1"],
                            "AssignPublicIp": "DISABLED",
                        }
                    },
                    "PropagateTags": "TASK_DEFINITION",
                },
                DeadLetterConfig={"Arn": arn("sqs", "dead")},
                Input=json.dumps({"containerOverrides": [container], "cpu": "512", "memory": "1024"}),
            )
        ],
    )
    folder.write(
        f"""\
region: {REGION}
cluster: {CLUSTER}
role: ecsEventsRole
rules:
- name: nightly
  scheduleExpression: rate(1 day)
  taskDefinition: app
  taskCount: 2
  group: batch
  launch_type: FARGATE
  platform_version: 1.4.0
  network_configuration:
    aws_vpc_configuration:
      subnets: [subnet-1, subnet-2]
      security_groups: [sg-1, sg-2]
      assign_public_ip: DISABLED
  taskOverride: {{cpu: "512", memory: "1024"}}
  containerOverrides:
  - name: app
    command: [bin/report, --all]
    environment: {{A: a, BUCKET: bucket, STAGE: stage, TZ: tz, Z: z}}
    cpu: 256
    memory: 512
    memoryReservation: 128
  dead_letter_config: {{sqs: dead}}
  propagateTags: TASK_DEFINITION
"""
    )
    assert_at_rest(esprestack, front)


@OF_RULES
def test_ruleTags_are_all_tags_of_the_rule_but_the_tracking_tag(  # noqa: N802 - the key's name
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", tags={"team": "red", "old": "1"})
    folder.config(a_rule("nightly", ruleTags={"team": "blue", "new": "2"}))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "~ update nightly: ruleTags.new, ruleTags.team, ruleTags.old\n" in diff.out
    assert esprestack("apply").code == 0
    assert account.tags("nightly") == {TRACKING_TAG: CLUSTER, "team": "blue", "new": "2"}
    assert_at_rest(esprestack, front)


# -- secrets in places where the name has to be understood -----------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("role", arn("iam", "role/starter")),
        pytest.param("ruleRole", arn("iam", "role/bus"), marks=OF_RULES),
        ("taskDefinition", arn("ecs", "task-definition/app")),
        ("taskDefinition", "app:1"),
        ("scheduleExpression", "rate(5 minutes)"),
    ],
)
def test_a_secret_that_is_a_name_or_an_arn_is_no_difference(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    environment: pytest.MonkeyPatch,
    key: str,
    value: str,
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"VALUE": value}))
    folder.config(a_rule("nightly", **{key: '{{ secret("VALUE") }}'}))
    assert esprestack("apply").code == 0
    assert_at_rest(esprestack, front)


def test_an_account_number_that_is_a_secret_is_no_difference(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"AWS_ACCOUNT_ID": ACCOUNT}))
    folder.config(a_rule("nightly", role='arn:aws:iam::{{ secret("AWS_ACCOUNT_ID") }}:role/starter'))
    assert esprestack("apply").code == 0
    assert_at_rest(esprestack, front)


def test_secrets_in_a_list_without_order_are_no_difference(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"ONE": "subnet-b", "TWO": "subnet-a"}))
    subnets = a_network('{{ secret("ONE") }}', '{{ secret("TWO") }}', "subnet-c")
    folder.config(a_rule("nightly", **subnets))
    assert esprestack("apply").code == 0
    assert_at_rest(esprestack, front)


@pytest.mark.parametrize("value", [CLUSTER, CLUSTER_ARN], ids=["name", "ARN"])
def test_a_cluster_that_is_a_secret_is_the_cluster(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    environment: pytest.MonkeyPatch,
    value: str,
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"CLUSTER": value}))
    folder.config(cluster='{{ secret("CLUSTER") }}')
    assert esprestack("apply").code == 0
    assert account.target()["Arn"] == CLUSTER_ARN
    assert account.tags() == {TRACKING_TAG: CLUSTER}
    assert_at_rest(esprestack, front)


def test_a_region_that_is_a_secret_is_the_region(
    esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"REGION": REGION}))
    folder.config(region='{{ secret("REGION") }}')
    assert esprestack("apply").code == 0
    assert account.names() == ["nightly"]


def test_a_tracking_id_that_is_a_secret_is_the_tag(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"TEAM": "batch-team"}))
    folder.config(trackingId='{{ secret("TEAM") }}')
    assert esprestack("apply").code == 0
    assert account.tags() == {TRACKING_TAG: "batch-team"}
    assert_at_rest(esprestack, front)
