"""A definition beside what AWS has: no noise, every real difference, and no secret."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.services.builders import a_container, a_service_definition, a_task_definition
from tests.unit.services.strategies import documents
from tests.unit.strategies import QUICK

from esprestack.plan.compare import Veil
from esprestack.secrets import Vault
from esprestack.services.compare import Comparing
from esprestack.services.documents import KEYED, PAIRS, SETS
from esprestack.services.members import definition_form
from esprestack.services.model import Comparison, ServiceScope
from esprestack.services.normal import SERVICE, TASK_DEFINITION, Default, filled
from esprestack.services.shapes import REGISTER, Form, Sort, request_form

SCOPE = ServiceScope("aws", "eu-west-1", "123456789012", "shop", "web")


def comparing(vault: Vault | None = None, *ignored: str) -> Comparing:
    return Comparing(SCOPE, Veil(vault or Vault()), ignored)


def task(live: Mapping[str, Any] | None, wanted: Mapping[str, Any], vault: Vault | None = None) -> Comparison:
    return comparing(vault).task_definition(live, wanted)


def service(live: Mapping[str, Any] | None, wanted: Mapping[str, Any], *ignored: str) -> Comparison:
    return comparing(None, *ignored).service(live, wanted)


def fields(found: Comparison) -> list[tuple[str, Any, Any]]:
    return [(field.path, field.before, field.after) for field in found.fields]


# -- no noise --------------------------------------------------------------------------------------------------


def shuffled(value: Any, form: Form, name: str, random: Any) -> Any:
    """The document with every list in no order in another one."""
    if form.sort is Sort.STRUCTURE:
        return {key: shuffled(child, form.members[key], key, random) for key, child in value.items()}
    if form.sort is Sort.LIST and form.item:
        items = [shuffled(item, form.item, name, random) for item in value]
        if name in PAIRS or name in KEYED or name in SETS:
            random.shuffle(items)
        return items
    return value


def emptied(value: Any, form: Form) -> Any:
    """The document as AWS tells it: with an empty list for each that it doesn't have, and false for each flag."""
    if form.sort is Sort.STRUCTURE:
        nothing = {Sort.LIST: [], Sort.FLAG: False, Sort.MAP: {}}
        whole = {key: nothing[member.sort] for key, member in form.members.items() if member.sort in nothing}
        return whole | {key: emptied(child, form.members[key]) for key, child in value.items()}
    if form.sort is Sort.LIST and form.item:
        return [emptied(item, form.item) for item in value]
    return value


@pytest.mark.parametrize(
    ("form", "defaults", "compare"),
    [
        pytest.param(request_form(REGISTER), TASK_DEFINITION, task, id="task definition"),
        pytest.param(definition_form(), SERVICE, service, id="service"),
    ],
)
@settings(QUICK, max_examples=15)
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_what_was_just_deployed_makes_no_difference(
    form: Form, defaults: tuple[Default, ...], compare: Any, data: st.DataObject, random: Any
) -> None:
    wanted = data.draw(documents(form))
    assume(not (wanted.get("launchType") and wanted.get("capacityProviderStrategy")))  # a finding of its own
    live = shuffled(emptied(filled(wanted, defaults), form), form, "", random)
    assert fields(compare(live, wanted)) == []


TOLD_TASK_DEFINITION = {
    "family": "web",
    "taskRoleArn": "arn:aws:iam::123456789012:role/app/web",
    "executionRoleArn": "arn:aws:iam::123456789012:role/puller",
    "networkMode": "awsvpc",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "app:1",
            "cpu": 0,
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "essential": True,
            "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
            "environmentFiles": [],
            "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": False}],
            "volumesFrom": [],
            "secrets": [],
            "dnsServers": [],
            "dockerLabels": {},
            "ulimits": [],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/web"}, "secretOptions": []},
            "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
            "systemControls": [],
            "credentialSpecs": [],
        }
    ],
    "volumes": [
        {
            "name": "data",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-1", "rootDirectory": "/", "transitEncryption": "ENABLED",
                "authorizationConfig": {"iam": "DISABLED"},
            },
        },
        {"name": "scratch", "host": {}},
    ],
    "placementConstraints": [],
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    "enableFaultInjection": False,
}  # fmt: skip
"""As DescribeTaskDefinition tells it."""

WRITTEN_TASK_DEFINITION = {
    "family": "web",
    "taskRoleArn": "app/web",
    "executionRoleArn": "puller",
    "networkMode": "awsvpc",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "app:1",
            "portMappings": [{"containerPort": 80}],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/web"}},
            "healthCheck": {"command": ["CMD", "true"]},
        }
    ],
    "volumes": [
        {"name": "scratch"},
        {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}},
    ],
    "requiresCompatibilities": ["FARGATE"],
    "cpu": ".25 vCPU",
    "memory": "0.5GB",
}
"""The same as somebody writes it."""


def test_a_task_definition_as_people_write_it_is_what_aws_tells() -> None:
    assert fields(task(TOLD_TASK_DEFINITION, WRITTEN_TASK_DEFINITION)) == []


TOLD_SERVICE: dict[str, Any] = {
    "loadBalancers": [],
    "serviceRegistries": [],
    "desiredCount": 2,
    "launchType": "FARGATE",
    "platformVersion": "LATEST",
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {
            "enable": True, "rollback": True, "resetOnHealthyTask": True,
            "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
        },
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "alarms": {"alarmNames": [], "rollback": False, "enable": False},
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        "lifecycleHooks": [],
    },
    "placementConstraints": [],
    "placementStrategy": [],
    "networkConfiguration": {
        "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}
    },
    "healthCheckGracePeriodSeconds": 0,
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "ENABLED",
    "tags": [{"key": "aws:cloudformation:stack-name", "value": "x"}],
}  # fmt: skip
"""As DescribeServices tells it."""


def test_a_service_as_people_write_it_is_what_aws_tells() -> None:
    assert fields(service(TOLD_SERVICE, a_service_definition(tags=[]))) == []


def test_a_daemon_has_other_percentages() -> None:
    wanted = {"schedulingStrategy": "DAEMON", "launchType": "EC2"}
    told = {**wanted, "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}}
    assert fields(service(told, wanted)) == []


def test_settings_of_another_deployment_strategy_mean_nothing() -> None:
    linear = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0}}
    told = {**TOLD_SERVICE, "deploymentConfiguration": {**TOLD_SERVICE["deploymentConfiguration"], **linear}}
    assert [path for path, *_ in fields(service(told, a_service_definition()))] == ["deploymentConfiguration.strategy"]
    by_default = {**a_service_definition()["deploymentConfiguration"], "strategy": "LINEAR"}
    assert fields(service(told, a_service_definition(deploymentConfiguration=by_default))) == [
        ("deploymentConfiguration.linearConfiguration.stepPercent", 25.0, 10.0)
    ]


@pytest.mark.parametrize(
    ("mode", "port"), [("awsvpc", 80), ("host", 80), ("bridge", 0)], ids=["awsvpc", "host", "bridge"]
)
def test_the_host_port_is_what_the_network_mode_makes_of_it(mode: str, port: int) -> None:
    wanted = a_task_definition(a_container(portMappings=[{"containerPort": 80}]), networkMode=mode)
    told = copy.deepcopy(wanted)
    told["containerDefinitions"][0]["portMappings"][0]["hostPort"] = port
    assert fields(task(told, wanted)) == []
    told["containerDefinitions"][0]["portMappings"][0]["hostPort"] = 8080
    assert [path for path, *_ in fields(task(told, wanted))] == ["containerDefinitions[app].portMappings[80].hostPort"]


# -- differences -----------------------------------------------------------------------------------------------


def test_a_difference_is_told_by_a_path_that_people_read() -> None:
    before = a_task_definition(a_container(environment=[{"name": "TZ", "value": "UTC"}], cpu=128))
    after = a_task_definition(
        a_container(environment=[{"name": "TZ", "value": "Asia/Tokyo"}], image="app:2"),
        a_container("log"),
        memory="1024",
    )
    assert fields(task(before, after)) == [
        ("containerDefinitions[app].image", "app:1", "app:2"),
        ("containerDefinitions[app].environment.TZ", "UTC", "Asia/Tokyo"),
        ("containerDefinitions[app].cpu", 128, 0),
        ("containerDefinitions[log].image", None, "app:1"),
        ("memory", "512", "1024"),
    ]


def test_what_aws_has_and_the_file_leaves_out_goes_away_before_everybodys_eyes() -> None:
    told = {**TOLD_SERVICE, "enableExecuteCommand": True, "propagateTags": "SERVICE"}
    assert fields(service(told, a_service_definition())) == [
        ("propagateTags", "SERVICE", "NONE"),
        ("enableExecuteCommand", True, None),
    ]


@pytest.mark.parametrize(
    "member",
    [
        {"desiredCount": 7},
        {"availabilityZoneRebalancing": "DISABLED"},
        {"tags": [{"key": "a", "value": "b"}]},
        {"role": "x"},
    ],
    ids=lambda member: next(iter(member)),
)
def test_what_others_look_after_is_left_alone_where_the_file_says_nothing(member: dict[str, Any]) -> None:
    wanted = a_service_definition(desiredCount=None)
    assert fields(service({**TOLD_SERVICE, **member}, wanted)) == []
    other = (
        {"tags": [{"key": "a", "value": "c"}]}
        if "tags" in member
        else {next(iter(member)): 3 if "desiredCount" in member else "y"}
    )
    assert len(fields(service({**TOLD_SERVICE, **member}, {**wanted, **other}))) == 1


def test_where_the_cluster_chooses_the_capacity_nothing_differs() -> None:
    wanted = a_service_definition(launchType=None)
    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]
    told = {name: value for name, value in TOLD_SERVICE.items() if name != "launchType"}
    assert fields(service({**told, "capacityProviderStrategy": strategy}, wanted)) == []
    assert fields(service(TOLD_SERVICE, wanted)) == []


def test_a_strategy_takes_the_place_of_a_launch_type_and_the_reverse() -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    wanted = a_service_definition(launchType=None, capacityProviderStrategy=strategy)
    assert fields(service(TOLD_SERVICE, wanted)) == [
        ("capacityProviderStrategy[FARGATE_SPOT].weight", None, 1),
    ]
    told = {name: value for name, value in TOLD_SERVICE.items() if name != "launchType"}
    assert fields(service({**told, "capacityProviderStrategy": strategy}, a_service_definition())) == [
        ("launchType", None, "FARGATE"),
        ("capacityProviderStrategy[FARGATE_SPOT].weight", 1, None),
    ]


def test_tags_that_others_may_set_make_no_difference() -> None:
    told = {**TOLD_SERVICE, "tags": [{"key": "owner", "value": "x"}, {"key": "team", "value": "a"}]}
    wanted = a_service_definition(tags=[{"key": "team", "value": "b"}])
    assert fields(service(told, wanted, "owner")) == [("tags.team", "a", "b")]
    assert fields(service(told, wanted)) == [("tags.team", "a", "b"), ("tags.owner", "x", None)]


def test_the_namespace_is_the_clusters_where_the_file_names_none() -> None:
    told = {**TOLD_SERVICE, "serviceConnectConfiguration": {"enabled": True, "namespace": "shop"}}
    wanted = a_service_definition(serviceConnectConfiguration={"enabled": True})
    assert fields(service(told, wanted)) == []
    other = a_service_definition(serviceConnectConfiguration={"enabled": True, "namespace": "other"})
    assert fields(service(told, other)) == [("serviceConnectConfiguration.namespace", "shop", "other")]


def test_an_entry_that_has_nothing_but_a_name_comes_and_goes_by_it() -> None:
    before, after = a_task_definition(volumes=[{"name": "a"}]), a_task_definition(volumes=[{"name": "b"}])
    assert fields(task(before, after)) == [("volumes[b].name", None, "b"), ("volumes[a].name", "a", None)]


def test_the_order_of_a_command_counts() -> None:
    before, after = (a_task_definition(a_container(command=command)) for command in (["a", "b"], ["b", "a"]))
    assert fields(task(before, after)) == [("containerDefinitions[app].command", ["a", "b"], ["b", "a"])]


# -- what is shown ---------------------------------------------------------------------------------------------


def test_documents_show_what_the_file_says_and_what_aws_has_beyond_its_defaults() -> None:
    wanted = {"launchType": "FARGATE", "propagateTags": "NONE", "desiredCount": 3, "networkConfiguration": {
        "awsvpcConfiguration": {"subnets": ["subnet-2", "subnet-1"]},
    }}  # fmt: skip
    found = service({**TOLD_SERVICE, "enableExecuteCommand": True}, wanted)
    assert found.after == {
        "desiredCount": 3,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"]}},
        "propagateTags": "NONE",
    }
    assert found.before == {
        "desiredCount": 2,
        "launchType": "FARGATE",
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
        "propagateTags": "NONE",
        "enableExecuteCommand": True,
    }


def test_what_is_made_shows_what_the_file_says() -> None:
    found = task(None, a_task_definition())
    assert found.before is None
    assert found.after == a_task_definition(executionRoleArn="puller")
    assert [path for path, *_ in fields(found)] == [
        "family",
        "executionRoleArn",
        "networkMode",
        "containerDefinitions[app].image",
        "requiresCompatibilities",
        "cpu",
        "memory",
    ]


def with_environment(**values: str) -> dict[str, Any]:
    return a_task_definition(a_container(environment=[{"name": key, "value": value} for key, value in values.items()]))


def test_a_sealed_value_is_compared_opened_and_shown_as_a_secret() -> None:
    vault = Vault()
    seal = vault.seal("DB_URL", "postgres://secret-host")
    assert fields(task(with_environment(URL="postgres://secret-host"), with_environment(URL=seal), vault)) == []
    found = task(with_environment(URL="other-secret"), with_environment(URL=seal), vault)
    assert fields(found) == [("containerDefinitions[app].environment.URL", "(secret)", "(secret, changed)")]
    assert "secret-host" not in str(found)
    assert "other-secret" not in str(found)


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        (with_environment(DB_PASSWORD="old-pass"), with_environment(DB_PASSWORD="new-pass"), "environment.DB_PASSWORD"),
        (
            a_task_definition(a_container(dockerLabels={"api-token": "old-pass"})),
            a_task_definition(a_container(dockerLabels={"api-token": "new-pass"})),
            "dockerLabels.api-token",
        ),
        (
            a_task_definition(
                a_container(logConfiguration={"logDriver": "splunk", "options": {"splunk-token": "old-pass"}})
            ),
            a_task_definition(
                a_container(logConfiguration={"logDriver": "splunk", "options": {"splunk-token": "new-pass"}})
            ),
            "logConfiguration.options.splunk-token",
        ),
    ],
    ids=["environment", "labels", "options"],
)
def test_a_value_whose_name_looks_like_a_secrets_is_hidden(
    before: dict[str, Any], after: dict[str, Any], path: str
) -> None:
    vault = Vault()
    found = task(before, after, vault)
    assert fields(found) == [(f"containerDefinitions[app].{path}", "(secret)", "(secret, changed)")]
    assert "old-pass" not in str(found)
    assert "new-pass" not in str(found)


def test_where_a_secret_comes_from_is_no_secret() -> None:
    before, after = (
        a_task_definition(a_container(secrets=[{"name": "DB_PASSWORD", "valueFrom": name}])) for name in ("/a", "/b")
    )
    assert fields(task(before, after)) == [("containerDefinitions[app].secrets.DB_PASSWORD", "/a", "/b")]


def test_marks_are_equal_for_the_same_change_and_know_secrets_by_name_alone() -> None:
    def marks(before: str, after: str) -> tuple[str, ...]:
        vault = Vault()
        return task(with_environment(URL=before), with_environment(URL=vault.seal("DB", after)), vault).marks

    assert marks("one-value", "two-value") == marks("one-value", "other-value")
    plain = task(with_environment(URL="a"), with_environment(URL="b"))
    assert plain.marks == task(with_environment(URL="a"), with_environment(URL="b")).marks
    assert plain.marks != task(with_environment(URL="a"), with_environment(URL="c")).marks
    assert all(len(mark) == 16 for mark in plain.marks)
