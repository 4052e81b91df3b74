"""The statements for services: named from what the files say, just for the calls that are made, and each Sid once."""

import ast
from pathlib import Path
from typing import Any

import pytest
from tests.unit.builders import a_rule, a_target
from tests.unit.services.builders import a_container, a_service_config, a_service_definition, a_task_definition

from esprestack.iam import Needs, Purpose, rule_statements
from esprestack.rule import Scope
from esprestack.services.needs import ServiceNeeds, service_needs
from esprestack.services.policies import policy_of

ROOT = Path(__file__).parents[3]
RULES = Needs(Scope("aws", "eu-west-1", "123456789012", "shop", "shop"), (a_rule(target=a_target()),))


def arn(service: str, resource: str, region: str = "eu-west-1") -> str:
    return f"arn:aws:{service}:{region}:123456789012:{resource}"


def needs(
    task: dict[str, Any] | None = None, service: dict[str, Any] | None = None, account: str = "123456789012", **of: Any
) -> ServiceNeeds:
    return service_needs(a_service_config(task, service, **of), account, lambda text: text)


def everything() -> ServiceNeeds:
    """A service for which every question is asked."""
    container = a_container(
        image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1",
        secrets=[
            {"name": "A", "valueFrom": "/a"},
            {"name": "B", "valueFrom": arn("secretsmanager", "secret:b-AbCdEf")},
        ],
        logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/app"}},
        environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::files/app.env"}],
    )
    balancer = {"targetGroupArn": arn("elasticloadbalancing", "targetgroup/a/1"), "containerName": "app"}
    service = a_service_definition(
        loadBalancers=[balancer],
        serviceConnectConfiguration={"enabled": True, "namespace": "shop"},
        volumeConfigurations=[{"name": "data", "managedEBSVolume": {"roleArn": "volumes"}}],
    )
    return needs(a_task_definition(container, tags=[{"key": "a", "value": "b"}]), service)


# -- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "parameters", "secrets"),
    [
        ("/shop/a", [arn("ssm", "parameter/shop/a")], []),
        ("a", [arn("ssm", "parameter/a")], []),
        (arn("ssm", "parameter/b", "eu-north-1"), [arn("ssm", "parameter/b", "eu-north-1")], []),
        (arn("secretsmanager", "secret:db-AbCdEf"), [], [arn("secretsmanager", "secret:db-AbCdEf*")]),
        (arn("secretsmanager", "secret:db") + ":key:AWSPREVIOUS:", [], [arn("secretsmanager", "secret:db*")]),
        ("*", [arn("ssm", "parameter/*")], [arn("secretsmanager", "secret:*")]),
    ],
)
def test_a_secret_is_a_parameter_or_one_of_secrets_manager(
    value: str, parameters: list[str], secrets: list[str]
) -> None:
    found = needs(a_task_definition(a_container(secrets=[{"name": "A", "valueFrom": value}])))
    assert (found.parameters, found.secrets) == (parameters, secrets)


def test_only_images_of_the_own_registry_are_asked_for() -> None:
    host = "123456789012.dkr.ecr.{}.amazonaws.com"
    images = [
        f"{host.format('eu-west-1')}/shop/web:1", f"{host.format('eu-north-1')}/shop/web:1", "nginx:1",
        "210987654321.dkr.ecr.eu-west-1.amazonaws.com/base:1",
    ]  # fmt: skip
    task = a_task_definition(*(a_container(f"c{at}", image=image) for at, image in enumerate(images)))
    assert needs(task).repositories == [arn("ecr", "repository/shop/web")]


def test_an_image_says_which_account_it_is_where_nobody_else_does() -> None:
    image = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/base:1"
    found = needs(a_task_definition(a_container(image=image), executionRoleArn=None), account="*")
    assert found.scope.account == "*"
    assert found.repositories == ["arn:aws:ecr:eu-west-1:210987654321:repository/base"]


def test_a_log_group_may_be_in_another_region_and_other_drivers_have_none() -> None:
    def logging(driver: str, **options: str) -> dict[str, Any]:
        return {"logDriver": driver, "options": {f"awslogs-{name}": value for name, value in options.items()}}

    task = a_task_definition(
        a_container("a", logConfiguration=logging("awslogs", group="/a")),
        a_container("b", logConfiguration=logging("awslogs", group="/b", region="eu-north-1")),
        a_container("c", logConfiguration=logging("splunk", group="/c")),
    )
    assert needs(task).log_groups == [arn("logs", "log-group:/a:*"), arn("logs", "log-group:/b:*", "eu-north-1")]
    assert needs(task).log_places == [arn("logs", "log-group:*"), arn("logs", "log-group:*", "eu-north-1")]


def test_every_role_that_ecs_takes_itself_is_found() -> None:
    hook = {"hookTargetArn": arn("lambda", "function:a"), "roleArn": arn("iam", "role/hooks", "")}
    service = a_service_definition(
        role="balancer",
        volumeConfigurations=[{"name": "data", "managedEBSVolume": {"roleArn": arn("iam", "role/volumes", "")}}],
        deploymentConfiguration={"lifecycleHooks": [hook]},
    )
    found = needs(service=service)
    assert sorted(found.ecs_roles) == [arn("iam", f"role/{name}", "") for name in ("balancer", "hooks", "volumes")]
    assert found.volume_roles == [arn("iam", "role/volumes", "")]
    assert found.task_roles == [arn("iam", "role/puller", "")]


def test_region_partition_and_account_are_those_of_the_files() -> None:
    role = "arn:aws-cn:iam::210987654321:role/puller"
    found = needs(a_task_definition(executionRoleArn=role), account="*", region="cn-north-1")
    assert found.services == ["arn:aws-cn:ecs:cn-north-1:210987654321:service/shop/web"]
    assert found.scope.cluster_arn == "arn:aws-cn:ecs:cn-north-1:210987654321:cluster/shop"


def test_a_cluster_may_be_an_arn() -> None:
    found = needs(cluster=arn("ecs", "cluster/shop"), account="*")
    assert found.services == [arn("ecs", "service/shop/web")]
    assert found.scope.cluster_arn == arn("ecs", "cluster/shop")


# -- documents -------------------------------------------------------------------------------------------------


def test_no_sid_stands_for_two_things() -> None:
    rules = {item["Sid"]: item for item in rule_statements([RULES], list(Purpose))}
    both = policy_of([RULES], [everything()], list(Purpose))["Statement"]
    services = policy_of([], [everything()], list(Purpose))["Statement"]
    assert not rules.keys() & {item["Sid"] for item in services}
    assert len(both) == len(rules) + len(services)
    assert all(item["Sid"].isalnum() for item in both)


def test_several_services_share_their_statements() -> None:
    other = needs(a_task_definition(family="mail"), name="mail", cluster="post")
    found = {item["Sid"]: item for item in policy_of([], [needs(), other], [Purpose.APPLY])["Statement"]}
    assert found["DeployServices"]["Resource"] == [arn("ecs", "service/post/mail"), arn("ecs", "service/shop/web")]
    clusters = [arn("ecs", "cluster/post"), arn("ecs", "cluster/shop")]
    assert found["DeployServices"]["Condition"] == {"ArnEquals": {"ecs:cluster": clusters}}


PREFIXES = {"elbv2": "elasticloadbalancing"}
OTHERWISE = {"s3:HeadObject": "s3:GetObject"}


def calls_in(*paths: str) -> set[str]:
    """The actions of the calls that stand in these modules."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse((ROOT / f"src/esprestack/{path}.py").read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            texts = [argument.value for argument in node.args[:3] if isinstance(argument, ast.Constant)]
            if node.func.attr in ("call", "call_once", "pages") and len(texts) > 1:
                service, operation = map(str, texts[:2])
                action = f"{PREFIXES.get(service, service)}:{''.join(word.title() for word in operation.split('_'))}"
                found.add(OTHERWISE.get(action, action))
    return found


def allowed(*purposes: Purpose) -> set[str]:
    statements = policy_of([], [everything()], purposes)["Statement"]
    listed = [[item["Action"]] if isinstance(item["Action"], str) else item["Action"] for item in statements]
    return {action for actions in listed for action in actions}


READS = {"ecs:DescribeServices", "ecs:DescribeTaskDefinition"}
"""Of `services.ecs`, which writes with the others of its calls."""
ALONG = {"iam:PassRole", "ecs:TagResource"}
"""Actions without a call of their own: what others do along."""


def test_reading_is_allowed_just_the_calls_that_are_made() -> None:
    diff = calls_in("services/live", "services/images") | READS
    assert allowed(Purpose.DIFF) == diff
    assert allowed(Purpose.VALIDATE) == diff | calls_in("services/questions")


def test_a_deploy_is_allowed_just_the_calls_that_are_made() -> None:
    modules = ("live", "images", "ecs", "history", "stopped", "rollback", "update_service")
    calls = calls_in(*(f"services/{name}" for name in modules)) - {"ecs:DeregisterTaskDefinition"}
    tasks = {"ecs:DescribeTasks", "logs:GetLogEvents"}  # of backends.tasks, which starts and stops them too
    assert allowed(Purpose.APPLY) == calls | tasks | ALONG


def test_a_run_is_allowed_just_the_calls_that_are_made() -> None:
    calls = allowed(Purpose.DIFF) | calls_in("backends/tasks") | {"ecs:RegisterTaskDefinition"}
    assert allowed(Purpose.RUN) == calls | ALONG


def test_deregistering_is_allowed_just_the_calls_that_are_made() -> None:
    of_definitions = {"ecs:DeregisterTaskDefinition", "ecs:ListTaskDefinitions"}
    calls = allowed(Purpose.DIFF) | calls_in("services/in_use", "services/pins") | of_definitions
    assert allowed(Purpose.DEREGISTER) == calls
