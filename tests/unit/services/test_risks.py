"""What a deploy brings with it: which lines are told, and which of them stop it."""

from typing import Any

import pytest
from tests.unit.services.builders import (
    a_container,
    a_live,
    a_revision,
    a_service_definition,
    a_service_plan,
    a_task_definition,
    seen,
)

from esprestack.errors import Severity
from esprestack.facts import Absent
from esprestack.services.model import FoundImage, LiveService, RiskKind, ServicePlan
from esprestack.services.risks import RISKS, obstacles

NEW = a_task_definition(a_container(command=["new"]))
"""Another task definition that has no risk of its own."""

URL = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"


def codes(plan: ServicePlan) -> set[str]:
    for risk in plan.risks:
        assert risk.kind is RISKS[risk.code][0]
    return {risk.code for risk in plan.risks}


def lines(plan: ServicePlan, code: str) -> list[str]:
    return [risk.what for risk in plan.risks if risk.code == code]


def moved(live: LiveService | None = None, service: dict[str, Any] | None = None) -> ServicePlan:
    """The plan of another task definition, on what AWS has."""
    return a_service_plan(seen(live or a_live()), NEW, service)


# -- whether tasks are replaced --------------------------------------------------------------------------------


def test_another_task_definition_replaces_every_task() -> None:
    plan = moved()
    assert codes(plan) == {"restart"}
    assert lines(plan, "restart") == ["every task is replaced (2 running)"]


@pytest.mark.parametrize(
    ("member", "restarts"),
    [
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-2"]}}},
            True,
        ),
        ({"platformVersion": "1.4.0"}, True),
        ({"desiredCount": 3}, False),
        ({"propagateTags": "SERVICE"}, False),
        ({"enableExecuteCommand": True}, False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_only_some_members_of_a_service_replace_its_tasks(member: dict[str, Any], restarts: bool) -> None:
    plan = a_service_plan(seen(a_live()), service=a_service_definition(**member))
    assert plan.update
    assert codes(plan) & {"restart", "no-restart"} == {"restart" if restarts else "no-restart"}


def test_a_new_service_replaces_nothing() -> None:
    assert codes(a_service_plan()) == set()


def test_a_deployment_that_is_under_way_is_told() -> None:
    answer = {"deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS"}]}
    assert "deploying" in codes(moved(a_live(answer=answer)))


# -- how many ---------------------------------------------------------------------------------------------------


def deployment(**settings: Any) -> dict[str, Any]:
    return {"deploymentCircuitBreaker": {"enable": True, "rollback": True}, **settings}


@pytest.mark.parametrize(
    ("count", "least", "most", "code"),
    [
        (2, 100, 100, "percent-stalls"),
        (1, 50, 150, "percent-stalls"),  # rounded up to one, and down to one
        (1, 51, 199, "percent-stalls"),
        (2, 50, 100, ""),
        (2, 100, 150, ""),
        (1, 100, 200, ""),
        (0, 100, 100, ""),
        (2, 0, 100, "percent-gap"),
        (2, 0, 200, "percent-gap"),
    ],
)
def test_percentages_that_stall_a_deployment_or_leave_a_gap_are_told(
    count: int, least: int, most: int, code: str
) -> None:
    settings = deployment(minimumHealthyPercent=least, maximumPercent=most)
    wanted = a_service_definition(desiredCount=count, deploymentConfiguration=settings)
    assert codes(moved(service=wanted)) - {"restart"} == ({code} if code else set())


def test_a_count_that_the_file_leaves_out_is_that_of_the_service() -> None:
    settings = deployment(minimumHealthyPercent=50, maximumPercent=150)
    wanted = a_service_definition(desiredCount=None, deploymentConfiguration=settings)
    live = a_service_definition(desiredCount=1)
    assert "percent-stalls" in codes(moved(a_live(live, desired=1), wanted))
    assert "percent-stalls" not in codes(moved(a_live(desired=2), wanted))


@pytest.mark.parametrize(("least", "code"), [(None, "percent-gap"), (100, "percent-stalls"), (50, "")])
def test_a_daemon_can_start_no_second_task_on_an_instance(least: int | None, code: str) -> None:
    settings = deployment() if least is None else deployment(minimumHealthyPercent=least)
    daemon = {"schedulingStrategy": "DAEMON", "launchType": "EC2", "deploymentConfiguration": settings}
    plan = moved(a_live(daemon), daemon)
    assert codes(plan) - {"restart"} == ({code} if code else set())


def test_a_new_service_needs_a_count_unless_it_is_a_daemon() -> None:
    assert codes(a_service_plan(service=a_service_definition(desiredCount=None))) == {"no-count"}
    daemon = {"schedulingStrategy": "DAEMON", "launchType": "EC2"}
    assert codes(a_service_plan(service=daemon)) == set()


@pytest.mark.parametrize(
    ("wanted", "code"),
    [(1, "count-below-scaling"), (4, "count-over-scaling"), (9, "count-over-scaling"), (None, "")],
)
def test_a_count_that_auto_scaling_looks_after_is_told(wanted: int | None, code: str) -> None:
    live = a_live(a_service_definition(desiredCount=4), desired=4, scaled=(2, 9))
    plan = moved(live, a_service_definition(desiredCount=wanted))
    assert codes(plan) - {"restart"} == ({code} if code else set())
    if code:
        assert lines(plan, code) == [
            f"`desiredCount: {wanted}` overrides Auto Scaling, which goes between 2 and 9 and wants 4 now"
        ]


# -- what ends a deployment that fails -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({}, "breaker-off"),
        ({"deploymentCircuitBreaker": {"enable": False, "rollback": False}}, "breaker-off"),
        ({"deploymentCircuitBreaker": {"enable": True, "rollback": False}}, "breaker-keeps"),
        ({"alarms": {"alarmNames": ["a"], "enable": True, "rollback": True}}, ""),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}, ""),
    ],
)
def test_a_deployment_that_nothing_ends_is_told(settings: dict[str, Any], code: str) -> None:
    assert codes(moved(service=a_service_definition(deploymentConfiguration=settings))) - {"restart"} == (
        {code} if code else set()
    )


def test_without_a_service_definition_the_services_own_settings_count() -> None:
    live = a_live(a_service_definition(deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 100}))
    assert codes(moved(live, {})) == {"restart", "percent-stalls", "breaker-off"}


# -- images ----------------------------------------------------------------------------------------------------


def with_image(image: str) -> dict[str, Any]:
    return a_task_definition(a_container(image=image))


def test_an_image_that_is_not_in_ecr_stops_a_deploy() -> None:
    plan = a_service_plan(seen(a_live(), images={f"{URL}:9": Absent()}), with_image(f"{URL}:9"))
    (risk,) = [risk for risk in plan.risks if risk.code == "image-missing"]
    assert risk.what == f"the image of `app` isn't in ECR: `{URL}:9`"
    assert str(risk.where) == "task.json:8:13"
    assert plan.risks[0] is risk  # what stops it comes first


def test_an_image_that_no_task_is_started_with_may_be_missing() -> None:
    live = a_live(revision=a_revision(with_image(f"{URL}:1")))
    found = seen(live, images={f"{URL}:1": Absent()})
    plan = a_service_plan(found, with_image(f"{URL}:1"), a_service_definition(propagateTags="SERVICE"))
    assert codes(plan) == {"no-restart"}


@pytest.mark.parametrize(("image", "is_told"), [("nginx", True), ("nginx:latest", True), ("nginx:1", False)])
def test_a_tag_that_moves_by_itself_is_told(image: str, is_told: bool) -> None:
    assert ("mutable-tag" in codes(a_service_plan(seen(a_live()), with_image(image)))) is is_told


def test_an_image_that_moved_comes_with_new_tasks_or_does_not() -> None:
    live = a_live(revision=a_revision(with_image(f"{URL}:1")), digests={"app": "sha256:old"})
    found = seen(live, images={f"{URL}:1": FoundImage("sha256:new")})
    what = "the image of `app` is another one under the same tag"
    assert lines(a_service_plan(found, with_image(f"{URL}:1")), "image-moved") == [
        f"{what}, and a deploy starts no task: force a new deployment"
    ]
    task = a_task_definition(a_container(image=f"{URL}:1", command=["new"]))
    assert lines(a_service_plan(found, task), "image-moved") == [f"{what}, and a new task gets it"]


# -- what changes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "code", "line"),
    [
        pytest.param(
            a_task_definition(taskRoleArn="web"),
            "role-changed",
            "the role changes: `taskRoleArn` none → web",
            id="role",
        ),
        pytest.param(
            a_task_definition(a_container(secrets=[{"name": "DB_PASSWORD", "valueFrom": "/db"}])),
            "secret-changed",
            "where secrets come from changes: `containerDefinitions[app].secrets.DB_PASSWORD` none → /db",
            id="secret",
        ),
        pytest.param(
            a_task_definition(
                a_container(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/w"}})
            ),
            "log-changed",
            "the log changes: `containerDefinitions[app].logConfiguration.logDriver` none → awslogs, "
            "`containerDefinitions[app].logConfiguration.options.awslogs-group` none → /w",
            id="log",
        ),
        pytest.param(
            a_task_definition(memory="256"), "smaller", "there is less CPU or memory: `memory` 512 → 256", id="memory"
        ),
    ],
)
def test_changes_of_a_task_definition_that_matter_are_told(task: dict[str, Any], code: str, line: str) -> None:
    plan = a_service_plan(seen(a_live()), task)
    assert codes(plan) == {"restart", code}
    assert lines(plan, code) == [line]


def test_more_cpu_is_no_risk() -> None:
    assert codes(a_service_plan(seen(a_live()), a_task_definition(cpu="512", memory="1024"))) == {"restart"}


@pytest.mark.parametrize(
    ("member", "code", "line"),
    [
        pytest.param(
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1", "sg-2"]}}},
            "security-group-changed",
            "the network changes: `networkConfiguration.awsvpcConfiguration.securityGroups` sg-1 → sg-1, sg-2",
            id="security groups",
        ),
        pytest.param(
            {
                "networkConfiguration": {
                    "awsvpcConfiguration": {
                        "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED",
                    }
                }
            },
            "public-ip",
            "tasks get a public IP address: `networkConfiguration.awsvpcConfiguration.assignPublicIp` DISABLED → ENABLED",
            id="a public address",
        ),
        pytest.param(
            {"loadBalancers": [{"targetGroupArn": "tg", "containerName": "app", "containerPort": 80}]},
            "load-balancer-changed",
            "load balancers or registries change: `loadBalancers[app/80].targetGroupArn` none → tg",
            id="a load balancer",
        ),
    ],
)  # fmt: skip
def test_changes_of_a_service_that_matter_are_told(member: dict[str, Any], code: str, line: str) -> None:
    plan = a_service_plan(seen(a_live()), service=a_service_definition(**member))
    assert codes(plan) == {"restart", code}
    assert lines(plan, code) == [line]


def test_of_many_fields_the_first_are_told() -> None:
    secrets = [{"name": f"S{at}", "valueFrom": f"/{at}"} for at in range(5)]
    (line,) = lines(a_service_plan(seen(a_live()), a_task_definition(a_container(secrets=secrets))), "secret-changed")
    assert line.endswith("`containerDefinitions[app].secrets.S2` none → /2 and 2 more")


def test_a_container_that_the_services_load_balancer_names_may_not_go() -> None:
    balanced = [{"targetGroupArn": "tg", "containerName": "app", "containerPort": 80}]
    live = a_live(
        a_service_definition(loadBalancers=balanced),
        a_revision(a_task_definition(a_container(portMappings=[{"containerPort": 80}]))),
    )
    renamed = a_task_definition(a_container("web", portMappings=[{"containerPort": 80}]))
    assert "container-gone" in codes(a_service_plan(seen(live), renamed, {}))
    other_port = a_task_definition(a_container(portMappings=[{"containerPort": 81}]))
    (line,) = lines(a_service_plan(seen(live), other_port, {}), "container-gone")
    assert (
        line
        == "`loadBalancers` of the service names the container `app` with port 80, which the task definition doesn't have"
    )
    same = a_task_definition(a_container(portMappings=[{"containerPort": 80}], command=["x"]))
    assert "container-gone" not in codes(a_service_plan(seen(live), same, {}))


# -- what stops a deploy ---------------------------------------------------------------------------------------


def test_what_stops_a_deploy_is_an_obstacle_until_it_is_allowed() -> None:
    settings = deployment(minimumHealthyPercent=100, maximumPercent=100)
    plan = moved(service=a_service_definition(deploymentConfiguration=settings))
    assert [(problem.code, problem.severity) for problem in obstacles(plan)] == [
        ("percent-stalls", Severity.NEVER_RUNS)
    ]
    assert obstacles(plan, ("percent-stalls",)) == []


def test_a_refusal_cannot_be_allowed() -> None:
    plan = a_service_plan(seen(a_live(a_service_definition(launchType="EC2"))))
    assert [problem.code for problem in obstacles(plan, ("for-good",))] == ["for-good"]


def test_no_risk_is_told_where_nothing_changes() -> None:
    live = a_live(a_service_definition(deploymentConfiguration=None))
    plan = a_service_plan(seen(live), with_image("app:1"), a_service_definition(deploymentConfiguration=None))
    assert not plan.changes
    assert plan.risks == ()


def test_every_kind_of_risk_is_one_or_the_other() -> None:
    assert {kind for kind, _ in RISKS.values()} == {RiskKind.STOPS, RiskKind.MIND}
    assert all(sentence.endswith(".") for _, sentence in RISKS.values())
