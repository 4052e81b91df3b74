"""Facts as AWS gives them: each asked once, what may not be asked as a value, and the findings made of them."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.aws.account import ACCOUNT, CLUSTER, REGION, Account, arn
from tests.aws.configs import a_config, a_rule
from tests.aws.conftest import ClientCache
from tests.support.aws_front import AwsFront
from tests.unit.checks.builders import desired, said, told

from esprestack.aws import Aws
from esprestack.backends.facts import FactsReader, statements
from esprestack.checks.finding import Finding
from esprestack.checks.online import online_findings, wanted_facts
from esprestack.errors import AwsError
from esprestack.facts import Absent, Condition, ContainerDefinition, Role, Statement, TaskDefinition, Unanswered
from esprestack.rule import Home, Scope
from esprestack.secrets import Vault

HOMES = tuple(Home)

SCOPE = Scope("aws", REGION, ACCOUNT, CLUSTER, CLUSTER)
ROLE = "ecsEventsRole"
ALL_BUT_PASSING = {"Effect": "Allow", "Action": ["ecs:RunTask", "ecs:TagResource"], "Resource": "*"}


class Things:
    """Roles and task definitions of the account."""

    def __init__(self, front: AwsFront) -> None:
        def client(service: str) -> Any:
            return boto3.client(
                service,
                region_name=REGION,
                endpoint_url=front.moto_url,
                aws_access_key_id="made-up",
                aws_secret_access_key="made-up",
                config=Config(retries={"total_max_attempts": 1}),
            )

        self.iam, self.ecs = client("iam"), client("ecs")

    def has_role(self, name: str = ROLE, service: str = "events.amazonaws.com", **members: Any) -> None:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=a_policy(trust), **members)

    def may(self, *statements: Mapping[str, Any], role: str = ROLE, policy: str = "inline") -> None:
        self.iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=a_policy(*statements))

    def has_policy(self, name: str, *statements: Mapping[str, Any]) -> str:
        created = self.iam.create_policy(PolicyName=name, PolicyDocument=a_policy(*statements))
        return str(created["Policy"]["Arn"])

    def has_fargate_definition(self, **members: Any) -> None:
        self.ecs.register_task_definition(
            family="reports",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=arn("iam", "role/puller"),
            containerDefinitions=[
                {"name": "app", "image": "app:1", "cpu": 128, "memory": 256, "memoryReservation": 64}
            ],
            **members,
        )


def a_policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="session")
def things_of_account(running_front: AwsFront) -> Things:
    return Things(running_front)


@pytest.fixture
def things(account: Account, things_of_account: Things) -> Things:
    return things_of_account


@pytest.fixture
def aws(environment: pytest.MonkeyPatch, client_cache: ClientCache) -> Aws:
    client_cache.install(environment)
    return Aws(REGION, 4, Vault())


@pytest.fixture
def reader(aws: Aws) -> FactsReader:
    return FactsReader(aws, 4)


def findings(text: str, reader: FactsReader) -> list[Finding]:
    """The whole chain: config, what to ask, AWS's answers, findings."""
    vault = Vault()
    rules = desired(text, scope=SCOPE)
    wanted = wanted_facts(rules, vault)
    return online_findings(rules, SCOPE, reader.read(wanted.task_definitions, wanted.roles), vault)


# -- task definitions ------------------------------------------------------------------------------------------


def test_a_task_definition_is_read(things: Things, reader: FactsReader) -> None:
    things.has_fargate_definition(taskRoleArn=arn("iam", "role/worker"))
    facts = reader.read(["reports"], [])
    assert facts.task_definitions["reports"] == TaskDefinition(
        arn=arn("ecs", "task-definition/reports:1"),
        family="reports",
        revision=1,
        network_mode="awsvpc",
        compatibilities=frozenset({"EC2", "FARGATE"}),
        requires_compatibilities=frozenset({"FARGATE"}),
        cpu="256",
        memory="512",
        task_role=arn("iam", "role/worker"),
        execution_role=arn("iam", "role/puller"),
        containers=(ContainerDefinition("app", 128, 256, 64),),
    )


def test_an_inactive_revision_is_one_that_is_there(things: Things, reader: FactsReader) -> None:
    things.has_fargate_definition()
    things.ecs.deregister_task_definition(taskDefinition="reports:1")
    found = reader.read(["reports:1"], []).task_definitions["reports:1"]
    assert isinstance(found, TaskDefinition)
    assert not found.active


def test_what_is_not_there_is_absent(things: Things, reader: FactsReader) -> None:
    facts = reader.read(["nobody", "app:7"], ["nobody"])
    assert facts.task_definitions == {"nobody": Absent(), "app:7": Absent()}
    assert facts.roles == {"nobody": Absent()}


def test_each_is_asked_once(things: Things, reader: FactsReader, front: AwsFront) -> None:
    policy = things.has_policy("shared", ALL_BUT_PASSING)
    for name in ("one", "two"):
        things.has_role(name)
        things.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    front.clear()
    facts = reader.read(["app", "app", "other"], ["one", "two", "one"])
    assert front.operations() == {
        "DescribeTaskDefinition": 2, "GetRole": 2, "ListAttachedRolePolicies": 2, "ListRolePolicies": 2,
        "GetPolicy": 1, "GetPolicyVersion": 1,
    }  # fmt: skip
    assert {type(fact) for fact in facts.roles.values()} == {Role}


def test_a_sealed_name_is_opened_for_the_call_alone(aws: Aws, things: Things, front: AwsFront) -> None:
    vault = Vault()
    sealed = vault.seal("NAME", "app")
    aws.open = vault.open
    facts = FactsReader(aws, 1).read([sealed], [])
    assert list(facts.task_definitions) == [sealed]
    assert [call.parameters["taskDefinition"] for call in front.calls] == ["app"]


# -- roles -----------------------------------------------------------------------------------------------------


def test_a_role_is_read_with_all_its_policies(things: Things, reader: FactsReader) -> None:
    things.has_role(Path="/service-role/")
    things.may(
        {
            "Effect": "Deny",
            "Action": "ecs:StopTask",
            "Resource": ["arn:aws:ecs:*:*:task/a", "arn:aws:ecs:*:*:task/b"],
            "Condition": {"ArnLike": {"ecs:cluster": "*"}, "Bool": {"aws:SecureTransport": False}},
        }
    )
    things.may({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "*"}, policy="second")
    attached = things.has_policy("attached", ALL_BUT_PASSING)
    things.iam.attach_role_policy(RoleName=ROLE, PolicyArn=attached)
    role = reader.read([], [f"service-role/{ROLE}"]).roles[f"service-role/{ROLE}"]
    assert isinstance(role, Role)
    assert role.arn == arn("iam", f"role/service-role/{ROLE}")
    assert role.trust == (Statement(True, ("sts:AssumeRole",), (), ("events.amazonaws.com",)),)
    assert not role.bounded
    assert role.policies == (
        Statement(
            False, ("ecs:StopTask",), ("arn:aws:ecs:*:*:task/a", "arn:aws:ecs:*:*:task/b"), (),
            (Condition("ArnLike", "ecs:cluster", ("*",)), Condition("Bool", "aws:SecureTransport", ("false",))),
        ),
        Statement(True, None, None),
        Statement(True, ("ecs:RunTask", "ecs:TagResource"), ("*",)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("principal", "services"),
    [
        ({"Principal": {"Service": "a.amazonaws.com"}}, ("a.amazonaws.com",)),
        ({"Principal": {"Service": ["a.amazonaws.com", "b.amazonaws.com"]}}, ("a.amazonaws.com", "b.amazonaws.com")),
        ({"Principal": {"AWS": "123456789012"}}, ()),
        ({"Principal": "*"}, None),
        ({"Principal": {"AWS": ["*"]}}, None),
        ({"NotPrincipal": {"AWS": "123456789012"}}, None),
        ({}, ()),
    ],
)
def test_the_services_of_a_trust_policy(principal: Mapping[str, Any], services: tuple[str, ...] | None) -> None:
    (statement,) = statements({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", **principal}})
    assert statement == Statement(True, ("sts:AssumeRole",), (), services)


@pytest.mark.parametrize("document", [None, "text", {}, {"Statement": "text"}, {"Statement": [None]}])
def test_what_is_no_policy_has_no_statements(document: object) -> None:
    assert list(statements(document)) == []


def test_the_version_of_a_policy_that_counts_is_its_default_one(things: Things, reader: FactsReader) -> None:
    things.has_role()
    policy = things.has_policy("attached", {"Effect": "Allow", "Action": "old:*", "Resource": "*"})
    things.iam.create_policy_version(
        PolicyArn=policy,
        PolicyDocument=a_policy({"Effect": "Allow", "Action": "new:*", "Resource": "*"}),
        SetAsDefault=True,
    )
    things.iam.attach_role_policy(RoleName=ROLE, PolicyArn=policy)
    role = reader.read([], [ROLE]).roles[ROLE]
    assert isinstance(role, Role)
    assert role.policies == (Statement(True, ("new:*",), ("*",)),)


def test_more_policies_than_a_page_holds_are_read(things: Things, reader: FactsReader) -> None:
    """moto's pages hold 100."""
    things.has_role()
    for number in range(101):
        things.may({"Effect": "Allow", "Action": f"a:{number}", "Resource": "*"}, policy=f"policy-{number}")
    role = reader.read([], [ROLE]).roles[ROLE]
    assert isinstance(role, Role)
    assert isinstance(role.policies, tuple)
    assert len(role.policies) == 101


def test_a_boundary_is_seen(things: Things, reader: FactsReader) -> None:
    boundary = things.has_policy("boundary", ALL_BUT_PASSING)
    things.has_role(PermissionsBoundary=boundary)
    role = reader.read([], [ROLE]).roles[ROLE]
    assert isinstance(role, Role)
    assert role.bounded


# -- what may not be asked -------------------------------------------------------------------------------------


def test_what_may_not_be_asked_is_a_value_with_the_next_step(
    things: Things, reader: FactsReader, front: AwsFront
) -> None:
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    front.fail("GetRole", "AccessDenied", times=None)
    facts = reader.read(["app"], [ROLE])
    for fact in (facts.task_definitions["app"], facts.roles[ROLE]):
        assert isinstance(fact, Unanswered)
        assert fact.problem.todo.endswith("in the policy of the role that runs esprestack")


@pytest.mark.parametrize(
    "operation",
    ["ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy", "GetPolicy", "GetPolicyVersion"],
)
def test_a_role_whose_policies_may_not_be_asked_has_a_trust_policy(
    things: Things, reader: FactsReader, front: AwsFront, operation: str
) -> None:
    things.has_role()
    things.may(ALL_BUT_PASSING)
    things.iam.attach_role_policy(RoleName=ROLE, PolicyArn=things.has_policy("attached", ALL_BUT_PASSING))
    front.fail(operation, "AccessDenied", times=None)
    role = reader.read([], [ROLE]).roles[ROLE]
    assert isinstance(role, Role)
    assert len(role.trust) == 1
    assert isinstance(role.policies, Unanswered)
    assert operation in role.policies.problem.what


def test_credentials_that_are_gone_are_an_error(things: Things, reader: FactsReader, front: AwsFront) -> None:
    front.fail("GetRole", "ExpiredToken", times=None)
    with pytest.raises(AwsError, match="credentials"):
        reader.read(["app"], [ROLE])


# -- the whole chain -------------------------------------------------------------------------------------------


def a_fargate_rule(**keys: Any) -> dict[str, Any]:
    network = {"aws_vpc_configuration": {"subnets": ["subnet-1"]}}
    return a_rule(taskDefinition="reports", launch_type="FARGATE", network_configuration=network, **keys)


def test_a_role_and_a_task_definition_that_fit_have_no_findings(things: Things, reader: FactsReader) -> None:
    things.has_fargate_definition()
    things.has_role()
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": arn("iam", "role/puller")}
    things.may(ALL_BUT_PASSING, passing)
    assert findings(a_config(a_fargate_rule()), reader) == []


def test_everything_that_is_wrong_is_found_at_once(things: Things, reader: FactsReader) -> None:
    things.has_fargate_definition()
    things.has_role(service="ecs-tasks.amazonaws.com")
    things.may({"Effect": "Allow", "Action": "ecs:RunTask", "Resource": arn("ecs", "task-definition/other:*")})
    rule = a_fargate_rule(containerOverrides=[{"name": "ap"}], taskOverride={"memory": "9 GB"}, tags={"a": "b"})
    found = findings(a_config(rule, a_rule("other", taskDefinition="nobody")), reader)
    assert [code for code, *_ in told(found)] == [
        "no-such-container", "fargate-size", "no-task-definition",
        "role-trust", "role-run-task", "role-pass-role", "role-tag-resource",
    ]  # fmt: skip
    assert said(found)[0] == "the task definition `reports:1` has no container `ap` (did you mean `app`? It has `app`)"


def test_what_may_not_be_asked_is_a_warning(things: Things, reader: FactsReader, front: AwsFront) -> None:
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    front.fail("GetRole", "AccessDenied", times=None)
    found = findings(a_config(a_rule("one"), a_rule("two", taskDefinition="other")), reader)
    assert [(code, severity) for code, severity, *_ in told(found)] == [("not-asked", "warning")] * 2
