"""What the scripted ECS promises, seen through the SDK: AWS's forms and refusals, and deployments that go on by looks."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from tests.aws.account import CLUSTER
from tests.aws.deploys.builders import a_daemon, a_definition, to_create
from tests.support.aws_front import AwsFront
from tests.support.ecs.shapes import check_answer
from tests.support.ecs.tasks import Ending
from tests.support.ecs_server import EcsServer, ScriptedEcs
from tests.support.shaky_front import Fault

SERVICE = {"cluster": CLUSTER, "service": "web"}


@pytest.fixture(autouse=True)
def empty(server: EcsServer) -> None:
    """Each test has an ECS of its own."""


def register(sdk: Any, *images: str) -> list[str]:
    return [
        sdk.register_task_definition(**a_definition(image))["taskDefinition"]["taskDefinitionArn"] for image in images
    ]


def the_service(sdk: Any) -> dict[str, Any]:
    (service,) = sdk.describe_services(cluster=CLUSTER, services=["web"])["services"]
    return dict(service)


def looks(sdk: Any, times: int) -> dict[str, Any]:
    """What the last of so many looks shows."""
    return [the_service(sdk) for _ in range(times)][-1]


def states(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (one["status"], one["taskDefinition"].rpartition("/")[2], one["rolloutState"]) for one in service["deployments"]
    ]


def history(sdk: Any) -> list[str]:
    return [one["status"] for one in sdk.list_service_deployments(**SERVICE)["serviceDeployments"]]


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return f"{error.value.response['Error']['Code']}: {error.value.response['Error']['Message']}"


# -- task definitions ------------------------------------------------------------------------------------------


def test_revisions_are_numbered_listed_both_ways_and_by_pages(sdk: Any) -> None:
    arns = register(sdk, "app:1", "app:2", "app:3")
    assert [arn.rpartition("/")[2] for arn in arns] == ["web:1", "web:2", "web:3"]
    first = sdk.list_task_definitions(familyPrefix="web", sort="DESC", maxResults=2)
    assert first["taskDefinitionArns"] == [arns[2], arns[1]]
    rest = sdk.list_task_definitions(familyPrefix="web", sort="DESC", maxResults=2, nextToken=first["nextToken"])
    assert (rest["taskDefinitionArns"], "nextToken" in rest) == ([arns[0]], False)


def test_a_definition_comes_back_with_what_ecs_fills_in(sdk: Any) -> None:
    register(sdk, "app:1")
    found = sdk.describe_task_definition(taskDefinition="web", include=["TAGS"])
    assert found["tags"] == []
    assert found["taskDefinition"]["containerDefinitions"] == [
        {
            "name": "app",
            "image": "app:1",
            "cpu": 0,
            "essential": True,
            "environment": [],
            "mountPoints": [],
            "portMappings": [],
            "volumesFrom": [],
            "systemControls": [],
        }
    ]


def test_an_inactive_definition_starts_nothing_and_is_still_described(sdk: Any) -> None:
    register(sdk, "app:1")
    sdk.deregister_task_definition(taskDefinition="web:1")
    assert sdk.describe_task_definition(taskDefinition="web:1")["taskDefinition"]["status"] == "INACTIVE"
    assert refused(sdk.describe_task_definition, taskDefinition="web").startswith("ClientException")
    assert "inactive" in refused(sdk.create_service, **to_create("web:1"))
    assert "inactive" in refused(sdk.run_task, cluster=CLUSTER, taskDefinition="web:1")


def test_only_an_inactive_definition_is_deleted(sdk: Any) -> None:
    register(sdk, "app:1", "app:2")
    sdk.deregister_task_definition(taskDefinition="web:1")
    answer = sdk.delete_task_definitions(taskDefinitions=["web:1", "web:2"])
    assert [one["revision"] for one in answer["taskDefinitions"]] == [1]
    assert [one["arn"].rpartition("/")[2] for one in answer["failures"]] == ["web:2"]


# -- services --------------------------------------------------------------------------------------------------


def test_a_service_comes_up_look_by_look(sdk: Any) -> None:
    register(sdk, "app:1")
    sdk.create_service(**to_create())
    counts = [
        (one["pendingCount"], one["runningCount"], *states(one)[0][2:]) for one in (the_service(sdk) for _ in range(3))
    ]
    assert counts == [(2, 0, "IN_PROGRESS"), (0, 2, "IN_PROGRESS"), (0, 2, "COMPLETED")]
    assert [event["message"] for event in the_service(sdk)["events"][:1]] == [
        "(service web) has reached a steady state."
    ]


def test_an_update_makes_a_deployment_that_replaces_the_other(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1", "app:2")
    sdk.create_service(**to_create("web:1"))
    ecs.settle()
    answer = sdk.update_service(**SERVICE, taskDefinition="web:2")
    assert states(answer["service"]) == [("PRIMARY", "web:2", "IN_PROGRESS"), ("ACTIVE", "web:1", "COMPLETED")]
    assert history(sdk) == ["PENDING", "SUCCESSFUL"]
    assert states(looks(sdk, 6)) == [("PRIMARY", "web:2", "COMPLETED")]
    assert history(sdk) == ["SUCCESSFUL", "SUCCESSFUL"]


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({"taskDefinition": "web:1"}, 0),
        ({"desiredCount": 5}, 0),
        ({"enableExecuteCommand": True}, 0),
        ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-2"]}}}, 1),
        ({"forceNewDeployment": True}, 1),
    ],
    ids=str,
)
def test_only_some_changes_make_a_deployment(sdk: Any, ecs: ScriptedEcs, change: dict[str, Any], new: int) -> None:
    register(sdk, "app:1")
    sdk.create_service(**to_create())
    ecs.settle()
    sdk.update_service(**SERVICE, **change)
    assert len(history(sdk)) == 1 + new


@pytest.mark.parametrize("returns", [False, True], ids=["as a new deployment", "as the old deployment"])
def test_the_circuit_breaker_rolls_back(sdk: Any, ecs: ScriptedEcs, returns: bool) -> None:
    ecs.services.rollback_returns = returns
    register(sdk, "app:1", "app:bad2")
    old = sdk.create_service(**to_create("web:1"))["service"]["deployments"][0]["id"]
    ecs.settle()
    new = sdk.update_service(**SERVICE, taskDefinition="web:2")["service"]["deployments"][0]["id"]
    assert states(looks(sdk, 3)) == [("PRIMARY", "web:1", "IN_PROGRESS"), ("ACTIVE", "web:2", "FAILED")]
    assert history(sdk)[0] == "ROLLBACK_IN_PROGRESS"
    after = looks(sdk, 5)
    assert states(after) == [("PRIMARY", "web:1", "COMPLETED")]
    assert (after["deployments"][0]["id"] == old) is returns
    assert history(sdk) == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    messages = [event["message"] for event in after["events"]]
    assert f"(service web) (deployment {new}) deployment failed: tasks failed to start." in messages
    assert after["runningCount"] == 2


def test_a_breaker_without_rollback_stops_the_deployment(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:bad1")
    breaker: Any = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}}
    sdk.create_service(**to_create(**breaker))
    assert states(looks(sdk, 9)) == [("PRIMARY", "web:1", "FAILED")]
    assert history(sdk) == ["STOPPED"]


def test_without_a_breaker_a_bad_image_fails_for_ever(sdk: Any) -> None:
    register(sdk, "app:bad1")
    sdk.create_service(**to_create(breaker=False))
    after = looks(sdk, 20)
    assert states(after) == [("PRIMARY", "web:1", "IN_PROGRESS")]
    assert after["deployments"][0]["failedTasks"] == 20


def test_a_newer_deployment_stops_the_one_under_way(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1", "app:2", "app:3")
    sdk.create_service(**to_create("web:1"))
    ecs.settle()
    sdk.update_service(**SERVICE, taskDefinition="web:2")
    looks(sdk, 2)
    sdk.update_service(**SERVICE, taskDefinition="web:3")
    assert history(sdk) == ["PENDING", "STOPPED", "SUCCESSFUL"]
    assert states(looks(sdk, 9)) == [("PRIMARY", "web:3", "COMPLETED")]


def test_a_deployment_is_described_with_its_revisions_and_counts(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1", "app:2")
    sdk.create_service(**to_create("web:1"))
    ecs.settle()
    sdk.update_service(**SERVICE, taskDefinition="web:2")
    brief = sdk.list_service_deployments(**SERVICE)["serviceDeployments"][0]
    asked = {"serviceDeploymentArns": [brief["serviceDeploymentArn"]]}
    (deployment,) = sdk.describe_service_deployments(**asked)["serviceDeployments"]
    assert deployment["targetServiceRevision"]["arn"] == brief["targetServiceRevisionArn"]
    assert [one["runningTaskCount"] for one in deployment["sourceServiceRevisions"]] == [2]
    assert deployment["deploymentCircuitBreaker"] == {"status": "MONITORING", "failureCount": 0, "threshold": 3}
    arns = [brief["targetServiceRevisionArn"]]
    (revision,) = sdk.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    assert revision["taskDefinition"].endswith("web:2")
    assert revision["containerImages"][0]["imageDigest"].startswith("sha256:")


def test_a_deployment_under_way_is_stopped_and_rolled_back(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1", "app:2")
    sdk.create_service(**to_create("web:1"))
    ecs.settle()
    sdk.update_service(**SERVICE, taskDefinition="web:2")
    arn = sdk.list_service_deployments(**SERVICE)["serviceDeployments"][0]["serviceDeploymentArn"]
    sdk.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    assert history(sdk)[0] == "ROLLBACK_REQUESTED"
    assert states(looks(sdk, 6)) == [("PRIMARY", "web:1", "COMPLETED")]
    assert history(sdk)[0] == "ROLLBACK_SUCCESSFUL"
    assert "isn't in progress" in refused(sdk.stop_service_deployment, serviceDeploymentArn=arn, stopType="ROLLBACK")


def test_a_new_deployment_may_be_missing_in_the_history_for_a_while(sdk: Any, ecs: ScriptedEcs) -> None:
    ecs.services.hides_new = 2
    register(sdk, "app:1")
    sdk.create_service(**to_create())
    assert [len(history(sdk)) for _ in range(3)] == [0, 0, 1]


def test_the_desired_count_changes_without_a_deployment(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1")
    sdk.create_service(**to_create())
    ecs.settle()
    for count in (3, 1):
        sdk.update_service(**SERVICE, desiredCount=count)
        assert looks(sdk, 3)["runningCount"] == count
    running = sdk.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
    assert len(running) == 1


def test_tags_are_put_removed_and_shown_where_asked(sdk: Any) -> None:
    register(sdk, "app:1")
    arn = sdk.create_service(**to_create(tags=[{"key": "team", "value": "red"}]))["service"]["serviceArn"]
    sdk.tag_resource(resourceArn=arn, tags=[{"key": "cost", "value": "7"}])
    sdk.untag_resource(resourceArn=arn, tagKeys=["team"])
    shown = sdk.describe_services(cluster=CLUSTER, services=["web"], include=["TAGS"])["services"][0]["tags"]
    assert shown == [{"key": "cost", "value": "7"}]
    assert "tags" not in the_service(sdk)


def test_a_deleted_service_is_inactive_and_its_name_is_free(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1")
    sdk.create_service(**to_create())
    ecs.settle()
    sdk.delete_service(**SERVICE, force=True)
    assert the_service(sdk)["status"] == "INACTIVE"
    assert refused(sdk.update_service, **SERVICE, desiredCount=1).startswith("ServiceNotActiveException")
    sdk.create_service(**to_create())
    assert the_service(sdk)["status"] == "ACTIVE"


# -- what ECS refuses ------------------------------------------------------------------------------------------


def test_a_daemon_takes_no_desired_count(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1")
    daemon = {"cluster": CLUSTER, "serviceName": "web", "taskDefinition": "web", **a_daemon()}
    assert "daemon scheduling strategy" in refused(sdk.create_service, **daemon, desiredCount=1)
    sdk.create_service(**daemon)
    ecs.settle()
    assert the_service(sdk)["desiredCount"] == the_service(sdk)["runningCount"] == 2
    assert "daemon scheduling strategy" in refused(sdk.update_service, **SERVICE, desiredCount=1)


def test_a_service_of_code_deploy_takes_no_task_definition(sdk: Any) -> None:
    register(sdk, "app:1")
    sdk.create_service(**to_create(deploymentController={"type": "CODE_DEPLOY"}))
    assert "CodeDeploy" in refused(sdk.update_service, **SERVICE, taskDefinition="web:1")
    sdk.update_service(**SERVICE, desiredCount=3)


def test_what_is_not_there_is_refused(sdk: Any) -> None:
    assert refused(sdk.update_service, **SERVICE, desiredCount=1).startswith("ServiceNotFoundException")
    assert refused(sdk.create_service, **to_create("web:9")).startswith("ClientException")
    assert refused(sdk.list_tasks, cluster="nowhere").startswith("ClusterNotFoundException")
    assert sdk.describe_services(cluster=CLUSTER, services=["web"])["failures"][0]["reason"] == "MISSING"


def test_a_service_is_created_once_for_a_token(sdk: Any) -> None:
    register(sdk, "app:1")
    first = sdk.create_service(**to_create(), clientToken="one")
    assert (
        sdk.create_service(**to_create(), clientToken="one")["service"]["serviceArn"] == first["service"]["serviceArn"]
    )
    assert "not idempotent" in refused(sdk.create_service, **to_create(), clientToken="two")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"count": 11}, "between 1 and 10"),
        ({"overrides": {"containerOverrides": [{"name": "nosuch"}]}}, "nosuch is not a container"),
        ({"propagateTags": "SERVICE"}, "SERVICE is not a valid value"),
        ({"launchType": "MOON"}, "MOON is none of"),
    ],
)
def test_tasks_that_ecs_does_not_start(sdk: Any, parameters: dict[str, Any], said: str) -> None:
    register(sdk, "app:1")
    assert said in refused(sdk.run_task, cluster=CLUSTER, taskDefinition="web", **parameters)


def test_a_request_in_another_form_is_refused_and_an_answer_fails_the_test() -> None:
    ecs = ScriptedEcs("eu-central-1", "123456789012", "jobs")
    with pytest.raises(Exception, match="Unknown parameter"):
        ecs.answer("UpdateService", {"service": "web", "nosuch": 1})
    with pytest.raises(AssertionError, match="Unknown parameter"):
        check_answer("UpdateService", {"nosuch": 1})


# -- tasks -----------------------------------------------------------------------------------------------------


def last_look(sdk: Any, arn: str) -> dict[str, Any]:
    for _ in range(4):
        (task,) = sdk.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"]
    return dict(task)


def run_task(sdk: Any, **parameters: Any) -> str:
    answer = sdk.run_task(cluster=CLUSTER, taskDefinition="web", **parameters)
    return str(answer["tasks"][0]["taskArn"])


@pytest.mark.parametrize(("command", "code"), [("rake db:migrate", 0), ("sh -c 'exit 3'", 3)])
def test_a_task_ends_as_its_command_says(sdk: Any, command: str, code: int) -> None:
    register(sdk, "app:1")
    override = {"containerOverrides": [{"name": "app", "command": command.split()}]}
    task = last_look(sdk, run_task(sdk, overrides=override))
    assert (task["lastStatus"], task["containers"][0]["exitCode"]) == ("STOPPED", code)


def test_an_image_that_cannot_be_pulled_does_not_start(sdk: Any) -> None:
    register(sdk, "app:bad-pull")
    task = last_look(sdk, run_task(sdk))
    assert (task["stopCode"], "exitCode" in task["containers"][0]) == ("TaskFailedToStart", False)


def test_how_tasks_end_can_be_scripted(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1")
    ecs.tasks.endings.append(Ending({"app": 137}, "SpotInterruption", "Your Spot Task was interrupted."))
    task = last_look(sdk, run_task(sdk))
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("SpotInterruption", 137)


def test_a_task_that_is_stopped_says_by_whom(sdk: Any) -> None:
    register(sdk, "app:1")
    arn = run_task(sdk)
    sdk.stop_task(cluster=CLUSTER, task=arn, reason="enough")
    task = last_look(sdk, arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")


def test_tasks_are_started_once_for_a_token(sdk: Any) -> None:
    register(sdk, "app:1")
    assert run_task(sdk, clientToken="one") == run_task(sdk, clientToken="one") != run_task(sdk, clientToken="two")


def test_failed_tasks_of_a_deployment_are_listed_among_the_stopped(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:bad1")
    id_ = sdk.create_service(**to_create())["service"]["deployments"][0]["id"]
    looks(sdk, 2)
    arns = sdk.list_tasks(cluster=CLUSTER, serviceName="web", desiredStatus="STOPPED")["taskArns"]
    tasks = sdk.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    assert [(task["startedBy"], task["containers"][0]["exitCode"]) for task in tasks] == [(id_, 1), (id_, 1)]


# -- the server ------------------------------------------------------------------------------------------------


def test_calls_are_recorded_and_writes_are_told_apart(sdk: Any, server: EcsServer) -> None:
    register(sdk, "app:1")
    sdk.describe_task_definition(taskDefinition="web")
    assert [call.operation for call in server.calls] == ["RegisterTaskDefinition", "DescribeTaskDefinition"]
    assert [call.operation for call in server.writes()] == ["RegisterTaskDefinition"]


def test_a_fault_comes_at_the_call_it_is_told(sdk: Any, server: EcsServer, ecs: ScriptedEcs) -> None:
    faults = {1: Fault.LOST_AFTER, 2: Fault.LOST_BEFORE, 3: Fault.THROTTLED}
    server.choose = lambda number, _: faults.get(number)
    register(sdk, "app:1")
    for _ in range(2):
        with pytest.raises(ConnectionClosedError):
            register(sdk, "app:2")
    assert refused(sdk.list_task_definitions).startswith("ThrottlingException")
    assert len(ecs.definitions.families["web"]) == 2


def test_other_services_are_motos(server: EcsServer) -> None:
    assert isinstance(server, AwsFront)
    import boto3

    logs = boto3.client(
        "logs", region_name="eu-central-1", endpoint_url=server.url, aws_access_key_id="x", aws_secret_access_key="x"
    )
    logs.create_log_group(logGroupName="/ecs/app")
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == ["/ecs/app"]


def test_a_snapshot_is_what_was_there(sdk: Any, ecs: ScriptedEcs) -> None:
    register(sdk, "app:1")
    before = ecs.snapshot()
    register(sdk, "app:2")
    assert len(before["definitions"]) == 1
    assert ecs.snapshot() != before
