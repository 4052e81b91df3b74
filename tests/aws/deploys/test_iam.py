"""What `esprestack iam` prints for a service is enough for its commands, on an ECS that refuses all else, and no more."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.aws.account import CLUSTER, Account, arn
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.deploys.builders import a_container, a_definition, a_service
from tests.aws.deploys.planning import ServiceFiles
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import World
from tests.aws.policies import ACCOUNT, actions_of, printed, without
from tests.support.ecs.tasks import CANNOT_PULL
from tests.support.guarded_ecs import GuardedEcs

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/web:1"
LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "/shop/web", "awslogs-stream-prefix": "web"}}
OVERRIDES = json.dumps({"containerOverrides": [{"name": "app", "command": ["rake", "db:migrate"]}]})
VOLUME = {"name": "scratch", "managedEBSVolume": {"roleArn": arn("iam", "role/volumes"), "sizeInGiB": 20}}


@pytest.fixture(scope="session")
def running_front() -> Iterator[GuardedEcs]:
    with GuardedEcs() as front:
        yield front


@pytest.fixture(autouse=True)
def guard(running_front: GuardedEcs) -> Iterator[GuardedEcs]:
    running_front.policy = None
    running_front.refused.clear()
    yield running_front
    running_front.policy = None


def definition(image: str, **members: Any) -> dict[str, Any]:
    """A task definition that has all that permissions hang on."""
    usual: dict[str, Any] = {
        "taskRoleArn": arn("iam", "role/shop"),
        "executionRoleArn": "puller",
        "tags": [{"key": "team", "value": "shop"}],
        "volumes": [{"name": "scratch", "configuredAtLaunch": True}],
    }
    return a_definition(containerDefinitions=[a_container(image=image, logConfiguration=LOGS)], **{**usual, **members})


@pytest.fixture(autouse=True)
def files(files: ServiceFiles, clock: Clock) -> ServiceFiles:
    """The files of a service that needs as much as one can."""
    files.definition = definition("app:1")
    files.service = a_service(tags=[{"key": "team", "value": "shop"}], volumeConfigurations=[VOLUME])
    return files


@pytest.fixture
def deployed(esprestack: Esprestack, files: ServiceFiles, world: World, guard: GuardedEcs) -> World:
    """The service is there, deployed twice; the file says a third image, and other tags."""
    for image in ("app:1", "app:2"):
        files.definition = definition(image)
        assert esprestack("deploy").code == 0
    files.definition = definition("app:3")
    files.service = a_service(tags=[{"key": "owner", "value": "ops"}], volumeConfigurations=[VOLUME])
    return world


# -- reading ---------------------------------------------------------------------------------------------------


def test_diff_and_drift_need_no_more_and_may_write_nothing(
    esprestack: Esprestack, deployed: World, files: ServiceFiles, guard: GuardedEcs
) -> None:
    files.definition = definition(IMAGE)
    guard.policy = printed(esprestack, "diff")
    assert esprestack("diff", "--allow", "image-missing").code == 0
    assert esprestack("drift").code == 2
    assert guard.refused == []
    assert all(action.split(":")[1].startswith(("Describe", "List", "BatchGet")) for action in actions_of(guard.policy))


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (("deploy",), "ecs:RegisterTaskDefinition"),
        (("deploy", "--skip-task-definition", "--force-new-deployment"), "ecs:TagResource"),
        (("scale", "--tasks", "5"), "ecs:UpdateService"),
        (("rollback",), "ecs:UpdateService"),
        (("run", "--latest-task-definition"), "ecs:RunTask"),
        (("deregister", "--keeps", "1"), "ecs:ListTaskDefinitions"),
    ],
)
def test_the_policy_of_diff_deploys_runs_and_takes_away_nothing(
    esprestack: Esprestack, deployed: World, guard: GuardedEcs, command: tuple[str, ...], refused: str
) -> None:
    guard.policy = printed(esprestack, "diff")
    before = deployed.ecs.snapshot()
    assert esprestack(*command).code == 1
    assert refused in guard.refused
    assert deployed.ecs.snapshot() == before


def test_verify_needs_no_more(esprestack: Esprestack, files: ServiceFiles, world: World, guard: GuardedEcs) -> None:
    secrets = [
        {"name": "A", "valueFrom": "/shop/a"},
        {"name": "B", "valueFrom": arn("ssm", "parameter/shop/b")},
        {"name": "C", "valueFrom": arn("secretsmanager", "secret:db-AbCdEf") + ":password::"},
        {"name": "D", "valueFrom": arn("secretsmanager", "secret:mail")},
    ]
    environment = [{"type": "s3", "value": "arn:aws:s3:::shop-files/web.env"}]
    container = a_container(image=IMAGE, logConfiguration=LOGS, secrets=secrets, environmentFiles=environment)
    container["portMappings"] = [{"containerPort": 80}]
    files.definition = a_definition(
        containerDefinitions=[container], taskRoleArn=arn("iam", "role/shop"), executionRoleArn="puller"
    )
    group = arn("elasticloadbalancing", "targetgroup/web/0123456789abcdef")
    files.service = a_service(loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}])
    guard.policy = printed(esprestack, "validate")
    said = esprestack("verify")
    assert guard.refused == []
    assert said.code == 1  # nothing of it is there; all of it could be asked
    asked = {(call.service, call.operation) for call in guard.calls}
    assert asked >= {
        ("ecr", "DescribeImages"), ("ecs", "DescribeClusters"), ("iam", "GetRole"), ("logs", "DescribeLogGroups"),
        ("s3", "HeadObject"), ("secretsmanager", "DescribeSecret"), ("ssm", "GetParameters"),
    }  # fmt: skip
    assert "DescribeTargetGroups" in {operation for _, operation in asked}
    assert "not allowed" not in said.out


# -- writing ---------------------------------------------------------------------------------------------------


def test_a_deploy_that_makes_the_service_needs_no_more(esprestack: Esprestack, world: World, guard: GuardedEcs) -> None:
    guard.policy = printed(esprestack, "apply")
    assert esprestack("deploy").code == 0
    assert guard.refused == []
    assert world.running == "web:1"


def test_a_deploy_that_changes_everything_needs_no_more(
    esprestack: Esprestack, deployed: World, guard: GuardedEcs
) -> None:
    guard.policy = printed(esprestack, "apply")
    assert esprestack("deploy", "--tasks", "3").code == 0
    assert guard.refused == []
    assert deployed.running == "web:3"
    assert {"TagResource", "UntagResource", "UpdateService"} <= set(guard.operations())


def test_a_deploy_that_fails_and_the_look_at_why_need_no_more(
    esprestack: Esprestack, deployed: World, files: ServiceFiles, guard: GuardedEcs
) -> None:
    files.definition = definition("app:bad")
    guard.policy = printed(esprestack, "apply")
    said = esprestack("deploy")
    assert (said.code, said.out) == (1, "service web: web:3 was rolled back\n")
    assert guard.refused == []
    assert {"ListTasks", "DescribeTasks", "GetLogEvents"} <= set(guard.operations())


def test_wait_status_and_revisions_need_no_more_than_a_deploy(
    esprestack: Esprestack, deployed: World, guard: GuardedEcs
) -> None:
    guard.policy = printed(esprestack, "apply")
    handle = esprestack("deploy", "--no-wait", "--format", "json").out
    assert esprestack("wait", "--deployment", handle).code == 0
    assert esprestack("wait").code == 0
    assert esprestack("status").code == 0
    assert esprestack("revisions").code == 0
    assert guard.refused == []


def test_the_housekeeping_of_a_service_needs_no_more_than_a_deploy(
    esprestack: Esprestack, deployed: World, guard: GuardedEcs
) -> None:
    guard.policy = printed(esprestack, "apply")
    assert esprestack("register").code == 0
    assert esprestack("scale", "--tasks", "4").code == 0
    assert esprestack("refresh").code == 0
    assert guard.refused == []


def test_a_rollback_needs_no_more_than_a_deploy(esprestack: Esprestack, deployed: World, guard: GuardedEcs) -> None:
    guard.policy = printed(esprestack, "apply")
    assert esprestack("rollback").code == 0
    assert guard.refused == []
    assert deployed.running == "web:1"


def test_the_stop_of_a_deployment_under_way_needs_no_more_than_a_deploy(
    esprestack: Esprestack, deployed: World, guard: GuardedEcs
) -> None:
    guard.policy = printed(esprestack, "apply")
    assert esprestack("deploy", "--no-wait").code == 0
    assert esprestack("rollback").code == 0
    assert guard.refused == []
    assert "StopServiceDeployment" in guard.operations()


def test_a_rollback_without_a_history_needs_no_more_than_a_deploy(
    esprestack: Esprestack, deployed: World, guard: GuardedEcs
) -> None:
    guard.policy = printed(esprestack, "apply")
    guard.fail("ListServiceDeployments", "UnsupportedFeatureException", times=None)
    assert esprestack("rollback").code == 0
    assert guard.refused == []
    assert "ListTaskDefinitions" in guard.operations()


@pytest.mark.parametrize("code", [0, 1])
def test_run_needs_no_more(esprestack: Esprestack, deployed: World, guard: GuardedEcs, code: int) -> None:
    if code:
        deployed.ecs.tasks.endings.append(CANNOT_PULL)
    guard.policy = printed(esprestack, "run")
    assert esprestack("run", "--overrides", OVERRIDES, "--tags", "why=test").code == code
    assert guard.refused == []
    assert {"RegisterTaskDefinition", "RunTask", "GetLogEvents"} <= set(guard.operations())
    assert esprestack("deploy").code == 1
    assert deployed.running == "web:2"


def test_a_migration_and_its_deploy_need_both(esprestack: Esprestack, deployed: World, guard: GuardedEcs) -> None:
    guard.policy = printed(esprestack, "apply", "run")
    assert esprestack("deploy", "--migrate", OVERRIDES).code == 0
    assert guard.refused == []
    assert deployed.running == "web:3"


def test_deregistering_needs_no_more(esprestack: Esprestack, deployed: World, guard: GuardedEcs) -> None:
    guard.policy = printed(esprestack, "deregister")
    assert esprestack("deregister", "--keeps", "1").code == 0
    assert guard.refused == []
    assert deployed.revisions == ["web:2"]


def test_a_rollback_that_deregisters_needs_both(esprestack: Esprestack, deployed: World, guard: GuardedEcs) -> None:
    guard.policy = printed(esprestack, "apply", "deregister")
    assert esprestack("rollback", "--deregister").code == 0
    assert guard.refused == []
    assert deployed.revisions == ["web:1"]


@pytest.mark.parametrize(
    "action",
    ["ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource", "ecs:UpdateService", "iam:PassRole"],
)
def test_without_any_one_action_a_deploy_is_refused(
    esprestack: Esprestack, deployed: World, guard: GuardedEcs, action: str
) -> None:
    policy = printed(esprestack, "apply")
    guard.policy = without(policy, action)
    assert guard.policy != policy
    assert esprestack("deploy").code == 1
    assert action in guard.refused
    assert deployed.running == "web:2"


# -- no more than this service ---------------------------------------------------------------------------------


def test_another_service_another_cluster_and_another_family_are_not_allowed(
    esprestack: Esprestack, deployed: World, folder: Folder, guard: GuardedEcs
) -> None:
    deployed.ecs.clusters.add("other")
    guard.policy = printed(esprestack, "apply", "run")
    ours = (folder.path / "ecspresso.yml").read_text()
    for changed in (
        ours.replace("service: web", "service: shop"),
        ours.replace(f"cluster: {CLUSTER}", "cluster: other"),
    ):
        guard.refused.clear()
        folder.write(changed, "ecspresso.yml")
        assert esprestack("deploy").code == 1
        assert guard.refused
    folder.write(ours, "ecspresso.yml")
    family = definition("app:1", family="other")
    folder.write(json.dumps(family), "task.json")
    guard.refused.clear()
    assert esprestack("run").code == 1
    assert guard.refused == ["ecs:RegisterTaskDefinition"]


def test_only_the_roles_of_its_files_are_passed_on(
    esprestack: Esprestack, deployed: World, files: ServiceFiles, guard: GuardedEcs
) -> None:
    guard.policy = printed(esprestack, "apply")
    files.definition = definition("app:3", taskRoleArn="admin")
    assert esprestack("deploy").code == 1
    assert guard.refused == ["iam:PassRole"]


def found_in(policy: dict[str, Any]) -> dict[str, Any]:
    """What each statement is about, and under which condition."""
    return {item["Sid"]: (item["Resource"], item.get("Condition")) for item in policy["Statement"]}


def test_the_statements_name_service_family_roles_and_log(esprestack: Esprestack) -> None:
    found = found_in(printed(esprestack, "apply"))
    cluster = {"ArnEquals": {"ecs:cluster": [arn("ecs", f"cluster/{CLUSTER}")]}}
    assert found["DeployServices"] == (arn("ecs", f"service/{CLUSTER}/web"), cluster)
    assert found["RegisterTaskDefinitions"] == (arn("ecs", "task-definition/web:*"), None)
    assert found["TagTaskDefinitions"] == (
        arn("ecs", "task-definition/web:*"), {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
    )  # fmt: skip
    assert found["LetTheirTasksHaveRoles"] == (
        [arn("iam", "role/puller"), arn("iam", "role/shop")],
        {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    )
    assert found["LetEcsLookAfterThem"] == (
        arn("iam", "role/volumes"), {"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}
    )  # fmt: skip
    assert found["ReadLogsOfTheirTasks"] == (arn("logs", "log-group:/shop/web:*"), None)


def test_what_a_service_does_not_have_is_not_asked_for(esprestack: Esprestack, files: ServiceFiles) -> None:
    files.definition = "app:1"
    files.service = a_service(desiredCount=None)
    every = ("diff", "validate", "apply", "run")
    assert found_in(printed(esprestack, *every)).keys() == {
        "SeeTaskDefinitions", "SeeServices", "SeeWhatTheyRun", "VerifyClusters", "RegisterTaskDefinitions",
        "DeployServices", "TagServices", "FollowAndStopDeployments", "ListRevisions", "FindTasksThatFailed",
        "SeeTasksThatFailed", "RunTheirTasks", "WatchTheirTasks", "TagTheirTasks",
    }  # fmt: skip


def test_a_task_without_a_service_is_only_registered_and_run(esprestack: Esprestack, folder: Folder) -> None:
    folder.write(f"region: eu-central-1\ncluster: {CLUSTER}\ntask_definition: task.json\n", "ecspresso.yml")
    found = found_in(printed(esprestack, "apply", "run"))
    assert "RunTheirTasks" in found
    assert not [sid for sid in found if "Service" in sid or "Deployments" in sid]


# -- what isn't known, and both kinds --------------------------------------------------------------------------


def test_nobody_is_asked_and_what_is_not_known_is_a_star(
    esprestack: Esprestack, files: ServiceFiles, guard: GuardedEcs
) -> None:
    container = a_container(image="{{ ssm `image` }}", secrets=[{"name": "A", "valueFrom": "{{ ssm `name` }}"}])
    unknown = "{{ ssm `role` }}"
    files.definition = a_definition(containerDefinitions=[container], family="{{ ssm `family` }}", taskRoleArn=unknown)
    files.service = a_service()
    guard.clear()
    said = esprestack("iam", "--format", "json", "--for", "validate", "--for", "apply")
    assert (said.code, guard.calls) == (0, [])
    assert "note: the account isn't known, so it is `*`: name it with --account" in said.err
    found = found_in(json.loads(said.out))
    assert found["RegisterTaskDefinitions"][0] == "arn:aws:ecs:eu-central-1:*:task-definition/*:*"
    assert found["SeeImages"][0] == "arn:aws:ecr:eu-central-1:*:repository/*"
    assert found["VerifyRoles"][0] == "arn:aws:iam::*:role/*"
    assert found["VerifyParameters"][0] == "arn:aws:ssm:eu-central-1:*:parameter/*"
    assert found["VerifySecrets"][0] == "arn:aws:secretsmanager:eu-central-1:*:secret:*"
    assert found["Parameters"][0] == [
        f"arn:aws:ssm:eu-central-1:*:parameter/{name}" for name in ("family", "image", "name", "role")
    ]


def test_the_account_is_that_of_an_arn_in_the_files(esprestack: Esprestack) -> None:
    said = esprestack("iam", "--for", "apply")
    assert "the account isn't known" not in said.err
    assert f'"{arn("ecs", f"service/{CLUSTER}/web")}"' in said.out


def test_rules_and_a_service_of_one_folder_are_in_one_document(
    esprestack: Esprestack, folder: Folder, account: Account, world: World, guard: GuardedEcs
) -> None:
    folder.config(a_rule(containerOverrides=[{"name": "app", "environment": {"A": "{{ ssm `/shop/zone` }}"}}]))
    task = definition("app:1")
    task["containerDefinitions"][0]["environment"] = [{"name": "A", "value": "{{ ssm `/shop/size` }}"}]
    folder.write(json.dumps(task), "task.json")
    every = ("diff", "validate", "apply", "prune", "run", "health", "deregister")
    found = found_in(printed(esprestack, *every))
    assert {"WriteRules", "DeployServices", "RunTasks", "RunTheirTasks"} <= found.keys()
    assert found["Parameters"][0] == [arn("ssm", "parameter/shop/size"), arn("ssm", "parameter/shop/zone")]


def test_of_what_only_one_kind_has_the_other_gets_to_read(esprestack: Esprestack, folder: Folder) -> None:
    assert actions_of(printed(esprestack, "health")) == actions_of(printed(esprestack, "diff"))
    (folder.path / "ecspresso.yml").unlink()
    folder.config(a_rule())
    assert actions_of(printed(esprestack, "deregister")) == actions_of(printed(esprestack, "diff"))


def test_the_text_says_what_each_document_is_for(esprestack: Esprestack) -> None:
    said = esprestack("iam", *ACCOUNT)
    assert said.out.startswith("# diff and drift: what pull requests need. Reads, and nothing else\n{\n")
    assert (
        "\n# apply and deploy: diff, writing the rules, deploying the services, and taking them back\n{\n" in said.out
    )
