"""verify: each thing that a config names is OK, NG or not known; nothing is written, no role taken, no value read."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.aws.account import ACCOUNT, REGION, arn
from tests.aws.conftest import Esprestack
from tests.aws.services.registry import URL, Registry
from tests.support.aws_front import AwsFront
from tests.unit.services.builders import Checkout, a_container, a_service_definition, a_task_definition

TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}


class World:
    """What a task needs, as far as the tests make it."""

    def __init__(self, past: Mapping[str, Any]) -> None:
        self.past = past
        self.iam, self.logs, self.ssm = past["iam"], past["logs"], past["ssm"]
        self.secrets, self.s3, self.ecs = past["secretsmanager"], past["s3"], past["ecs"]

    def has_cluster(self, name: str = "shop") -> None:
        self.ecs.create_cluster(clusterName=name, capacityProviders=["FARGATE", "FARGATE_SPOT"])

    def has_role(self, name: str, *trust: dict[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": list(trust or [TRUST])}
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))


@pytest.fixture
def world(front: AwsFront, past: Mapping[str, Any]) -> World:
    """An account with the cluster and the role of the usual config."""
    found = World(past)
    found.has_cluster()
    found.has_role("puller")
    return found


def lines(esprestack: Esprestack, code: int, *arguments: str) -> list[str]:
    """What is said of the checks, one line each, without the definitions' own."""
    said = esprestack("verify", *arguments)
    assert (said.code, said.err) == (code, ""), said.out
    found = [line.strip() for line in said.out.splitlines() if line.startswith("  ")]
    return [line for line in found if not line.startswith("OK  definitions")]


CLUSTER = "OK  cluster `shop`"
ROLE = "OK  execution role `arn:aws:iam::123456789012:role/puller`"


def test_what_is_there_is_ok(esprestack: Esprestack, checkout: Checkout, world: World, registry: Registry) -> None:
    digest = registry.has_image("app", "1")
    checkout.task(a_task_definition(a_container(image=f"{URL}/app:1")))
    said = esprestack("verify")
    assert said.code == 0
    assert said.out == (
        f"ecspresso.yml: cluster shop, {REGION}, account {ACCOUNT}\n"
        f"  {CLUSTER}\n"
        f"  {ROLE}\n"
        f"  OK  image `{URL}/app:1`: {digest}\n"
        "  OK  definitions: network, ports, sizes and names fit together\n"
        "\n4 OK\n"
    )


def test_everything_that_is_no_good_is_told_at_once(
    esprestack: Esprestack, checkout: Checkout, front: AwsFront
) -> None:
    container = a_container(
        image=f"{URL}/app:9",
        secrets=[{"name": "A", "valueFrom": "/app/a"}],
        logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/app", "awslogs-region": REGION}},
        environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::bucket/app.env"}],
        portMappings=[{"containerPort": 80}],
    )
    checkout.task(a_task_definition(container, taskRoleArn="web"))
    group = arn("elasticloadbalancing", "targetgroup/web/0123456789abcdef")
    checkout.service(
        a_service_definition(loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 81}])
    )
    assert [line.partition("(")[0].strip() for line in lines(esprestack, 1)] == [
        "NG  ecspresso.yml: cluster `shop`: there is no such cluster",
        "NG  task.json:40:18: task role `web`: there is no such role",
        "NG  task.json:3:23: execution role `arn:aws:iam::123456789012:role/puller`: there is no such role",
        f"NG  task.json:8:16: image `{URL}/app:9`: ECR has no such image",
        "NG  task.json:12:24: secret `/app/a`: SSM has no such parameter",
        "NG  task.json:18:28: log group `/app`: there is no such log group",
        "NG  task.json:25:20: environment file `arn:aws:s3:::bucket/app.env`: S3 has no such object",
        f"NG  service.json:21:5: target group `{group}`: there is no such target group",
        "NG  service.json:24:24: definitions: `loadBalancers` names port 81 of `app`, which isn't among its `portMappings`",
    ]
    assert front.writes() == []


# -- roles and the cluster -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        (TRUST, "OK"),
        (TRUST | {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}, "OK"),
        (TRUST | {"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"}}}, "OK"),
        (TRUST | {"Principal": {"Service": "ec2.amazonaws.com"}}, "NG"),
        (TRUST | {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}}, "NG"),
        (TRUST | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "?"),
    ],
    ids=["ECS", "for the account", "for ECS in the region", "another service", "another account", "a condition"],
)
def test_a_role_has_to_let_ecs_take_it(
    trust: dict[str, Any], said: str, esprestack: Esprestack, checkout: Checkout, world: World
) -> None:
    world.has_role("web", trust)
    checkout.task(a_task_definition(taskRoleArn="web"))
    (line,) = [line for line in lines(esprestack, 1 if said == "NG" else 0) if "`web`" in line]
    assert line.startswith(said)
    if said == "NG":
        assert "it doesn't let ecs-tasks.amazonaws.com take it (add to its trust policy {" in line


def test_a_role_of_another_account_is_no_good(esprestack: Esprestack, checkout: Checkout, world: World) -> None:
    checkout.task(a_task_definition(taskRoleArn="arn:aws:iam::999999999999:role/web"))
    assert any("it is of another account than 123456789012" in line for line in lines(esprestack, 1))


def test_a_role_that_may_not_be_asked_for_is_not_known(
    esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    front.fail("GetRole", "AccessDenied", "no", status=403, times=None)
    (line,) = [line for line in lines(esprestack, 0) if "puller" in line]
    assert line == (
        "?   task.json:3:23: execution role `arn:aws:iam::123456789012:role/puller`: iam:GetRole: AccessDenied: no "
        "(allow iam:GetRole in the policy of the role that runs esprestack)"
    )


@pytest.mark.parametrize(("provider", "code"), [("FARGATE_SPOT", 0), ("machines", 1)])
def test_a_cluster_has_to_have_the_capacity_providers(
    provider: str, code: int, esprestack: Esprestack, checkout: Checkout, world: World
) -> None:
    strategy = [{"capacityProvider": provider, "weight": 1}]
    checkout.service(a_service_definition(launchType=None, capacityProviderStrategy=strategy))
    assert ("it hasn't the capacity provider `machines`" in "".join(lines(esprestack, code))) is bool(code)


# -- images ----------------------------------------------------------------------------------------------------


def test_images_of_other_registries_are_not_known(esprestack: Esprestack, checkout: Checkout, world: World) -> None:
    checkout.task(a_task_definition(a_container(image="nginx:1"), a_container("log", image="nginx:1")))
    found = [line for line in lines(esprestack, 0) if "image" in line]
    assert found == [
        "?   task.json:8:16: image `nginx:1`: it isn't in this account's and region's ECR, and no other registry is asked"
    ]


# -- secrets ---------------------------------------------------------------------------------------------------


def secrets_of(checkout: Checkout, *values: str) -> None:
    secrets = [{"name": f"S{at}", "valueFrom": value} for at, value in enumerate(values)]
    checkout.task(a_task_definition(a_container(secrets=secrets)))


def test_parameters_are_asked_for_together_and_never_decrypted(
    esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    names = [f"/app/{at}" for at in range(12)]
    for name in names[:11]:
        world.ssm.put_parameter(Name=name, Value=f"value of {name}", Type="SecureString")
    world.ssm.put_parameter(Name="plain", Value="the-plain-value", Type="String")
    secrets_of(checkout, *names, arn("ssm", "parameter/app/0"), arn("ssm", "parameter/plain"), "plain")
    front.clear()
    said = esprestack("verify")
    assert said.code == 1
    told = [line.strip() for line in said.out.splitlines() if "secret `" in line]
    assert [line[:2] for line in told] == ["OK"] * 11 + ["NG"] + ["OK"] * 3
    assert "the-plain-value" not in said.out
    asked = [call.parameters for call in front.calls if call.operation == "GetParameters"]
    assert [len(parameters["Names"]) for parameters in asked] in ([10, 5], [5, 10])
    assert {parameters["WithDecryption"] for parameters in asked} == {False}


def test_a_secret_is_described_and_its_value_never_asked_for(
    esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    secret = world.secrets.create_secret(Name="db", SecretString='{"user": "the-user"}')["ARN"]
    gone = world.secrets.create_secret(Name="gone", SecretString="x")["ARN"]
    world.secrets.delete_secret(SecretId=gone)
    missing = arn("secretsmanager", "secret:none-AbCdEf")
    secrets_of(checkout, secret, f"{secret}:user::", f"{secret}::AWSCURRENT:", f"{secret}::OLD:", gone, missing)
    told = [
        line.partition("secret `")[0][:2] + line.rpartition("`:" if "`:" in line else "`")[2]
        for line in lines(esprestack, 1)
        if "secret `" in line
    ]
    assert told == [
        "OK",
        "OK but its key `user` isn't looked at",
        "OK",
        "NG none of its versions is OLD (mend the version stage)",
        "NG it is about to be deleted (restore it, or name another one)",
        "NG Secrets Manager has no such secret (create it, or mend the ARN)",
    ]
    assert "GetSecretValue" not in front.operations()


def test_every_place_of_a_secret_is_looked_at_once(
    esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    options = [{"name": "o", "valueFrom": "/log"}]
    container = a_container(
        secrets=[{"name": "A", "valueFrom": "/a"}, {"name": "B", "valueFrom": "/a"}],
        logConfiguration={"logDriver": "splunk", "secretOptions": options},
        repositoryCredentials={"credentialsParameter": "/registry"},
    )
    checkout.task(a_task_definition(container))
    connect = {
        "enabled": True,
        "logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "o", "valueFrom": "/c"}]},
    }
    checkout.service(a_service_definition(serviceConnectConfiguration=connect))
    front.clear()
    esprestack("verify")
    (asked,) = [call.parameters["Names"] for call in front.calls if call.operation == "GetParameters"]
    assert asked == ["/a", "/log", "/registry", "/c"]


# -- logs, files, target groups --------------------------------------------------------------------------------


def logging(**options: str) -> dict[str, Any]:
    return a_task_definition(a_container(logConfiguration={"logDriver": "awslogs", "options": options}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"awslogs-group": "/app"}, "OK  log group `/app`"),
        ({"awslogs-group": "/ap"}, "NG  task.json:12:28: log group `/ap`: there is no such log group"),
        (
            {"awslogs-group": "/new", "awslogs-create-group": "true"},
            "OK  log group `/new`: it is made when a task starts",
        ),
        ({}, "NG  task.json:11:20: log group of `app`: it names none (add `awslogs-group`)"),
    ],
    ids=["there", "a beginning of it", "made at the start", "none"],
)
def test_a_log_group_has_to_be_there_or_be_made(
    options: dict[str, str], said: str, esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    world.logs.create_log_group(logGroupName="/app")
    checkout.task(logging(**options))
    (line,) = [line for line in lines(esprestack, 1 if said.startswith("NG") else 0) if "log group" in line]
    assert line.startswith(said)
    assert front.writes() == []


def test_an_environment_file_is_asked_for_without_being_read(
    esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    world.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.s3.put_object(Bucket="bucket", Key="app.env", Body=b"A=1")
    files = [{"type": "s3", "value": f"arn:aws:s3:::bucket/{key}"} for key in ("app.env", "app.txt")]
    checkout.task(a_task_definition(a_container(environmentFiles=files)))
    found = [line for line in lines(esprestack, 1) if "environment file" in line]
    assert found[0] == "OK  environment file `arn:aws:s3:::bucket/app.env`"
    assert "it isn't the ARN of an object in S3 that ends with `.env`" in found[1]
    assert front.operations()["HeadObject"] == 1
    assert "GetObject" not in front.operations()


@pytest.mark.parametrize(
    ("kind", "mode", "good"),
    [("ip", "awsvpc", True), ("instance", "awsvpc", False), ("instance", "bridge", True), ("ip", "bridge", False)],
)
def test_a_target_group_takes_the_tasks_of_one_kind_of_network(
    kind: str, mode: str, good: bool, esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    vpc = world.past["ec2"].describe_vpcs()["Vpcs"][0]["VpcId"]
    (group,) = world.past["elbv2"].create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType=kind
    )["TargetGroups"]
    network = {} if mode == "awsvpc" else {"requiresCompatibilities": ["EC2"], "networkMode": mode}
    checkout.task(a_task_definition(a_container(portMappings=[{"containerPort": 80}]), **network))
    balanced = [{"targetGroupArn": group["TargetGroupArn"], "containerName": "app", "containerPort": 80}]
    service = a_service_definition(loadBalancers=balanced)
    checkout.service(service if mode == "awsvpc" else service | {"launchType": "EC2", "networkConfiguration": None})
    (line,) = [line for line in lines(esprestack, 0 if good else 1) if "target group" in line]
    assert line.startswith("OK" if good else "NG")
    if not good:
        assert f"its targets are of type `{kind}`, tasks of the network mode `{mode}` are" in line


# -- forms -----------------------------------------------------------------------------------------------------


def test_json_has_each_check(esprestack: Esprestack, checkout: Checkout, world: World) -> None:
    said = esprestack("verify", "--format", "json")
    report = json.loads(said.out)
    assert (report["command"], report["good"], report["summary"]) == ("verify", True, {"ok": 3, "ng": 0, "unknown": 1})
    (config,) = report["configs"]
    assert (config["config"], config["service"]) == ("ecspresso.yml", "web")
    assert config["checks"][0] == {
        "subject": "cluster `shop`", "state": "ok", "what": "", "todo": "", "file": "ecspresso.yml", "line": 0, "column": 0,
    }  # fmt: skip


def test_markdown_tells_what_is_no_good_first(esprestack: Esprestack, checkout: Checkout, world: World) -> None:
    checkout.task(a_task_definition(taskRoleArn="none"))
    out = esprestack("verify", "--format", "markdown").out
    assert out.startswith("### esprestack verify\n\n**3 OK, 1 NG, 1 not known**\n")
    rows = [line for line in out.splitlines() if line.startswith("| ")]
    assert rows[1] == "| NG | task role `none`: there is no such role \\(create it, or mend its name\\) |"


def test_without_a_service_there_is_nothing_to_verify(esprestack: Esprestack, checkout: Checkout) -> None:
    checkout.write("rules.yml", f"region: {REGION}\ncluster: shop\nrules: []\n")
    said = esprestack("verify", "-c", "rules.yml")
    assert (said.code, said.err) == (
        1,
        "error: there is no service here, only rules: rules.yml (rules are checked by: esprestack validate)\n",
    )


def test_verify_takes_no_role_and_writes_nothing(
    esprestack: Esprestack, checkout: Checkout, world: World, front: AwsFront
) -> None:
    world.logs.create_log_group(logGroupName="/app")
    checkout.task(logging(**{"awslogs-group": "/app"}))
    front.clear()
    esprestack("verify")
    assert front.writes() == []
    assert not [name for name in front.operations() if name.startswith("Assume")]
