"""What a deploy would do: register or reuse, create or update, tags, and why it may not be done."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.unit.services.builders import (
    a_container,
    a_live,
    a_revision,
    a_service_definition,
    a_service_plan,
    a_task_definition,
    seen,
)
from tests.unit.services.strategies import documents
from tests.unit.strategies import QUICK

from esprestack.secrets import Vault
from esprestack.services.members import definition_form
from esprestack.services.model import FoundImage, ImageChange

NEW = a_task_definition(cpu="512", memory="1024")

# -- the task definition ---------------------------------------------------------------------------------------


def test_what_is_not_there_is_registered_and_created() -> None:
    plan = a_service_plan()
    assert plan.register == a_task_definition()
    assert plan.create == {"serviceName": "web", **a_service_definition()}
    assert (plan.update, plan.reuse, plan.revision) == (None, None, None)
    assert plan.task_definition.before is None
    assert plan.service
    assert plan.service.before is None
    assert plan.changes


def test_what_is_deployed_already_changes_nothing() -> None:
    plan = a_service_plan(seen(a_live()))
    assert (plan.register, plan.create, plan.update, plan.reuse) == (None, None, None, None)
    assert not plan.changes
    assert plan.revision == a_revision()
    assert plan.risks == ()


def test_a_definition_that_differs_is_registered_as_the_file_has_it() -> None:
    plan = a_service_plan(seen(a_live()), NEW)
    assert plan.register == NEW
    assert plan.moves
    assert plan.revision is None
    assert [field.path for field in plan.task_definition.fields] == ["cpu", "memory"]


def test_the_revision_that_runs_is_kept_though_the_family_has_a_later_one() -> None:
    plan = a_service_plan(seen(a_live(), a_revision(NEW, 2)))
    assert (plan.register, plan.reuse) == (None, None)
    assert plan.revision == a_revision()


def test_the_familys_latest_revision_is_reused_where_it_is_what_the_file_says() -> None:
    plan = a_service_plan(seen(a_live(), a_revision(NEW, 2)), NEW)
    assert plan.register is None
    assert plan.reuse == plan.revision == a_revision(NEW, 2)
    assert plan.moves
    assert plan.changes
    assert [field.path for field in plan.task_definition.fields] == ["cpu", "memory"]


def test_a_new_service_reuses_the_familys_latest_revision_too() -> None:
    plan = a_service_plan(seen(None, a_revision()))
    assert plan.register is None
    assert plan.revision == a_revision()
    assert plan.create


def test_a_revision_that_was_deregistered_is_registered_again() -> None:
    plan = a_service_plan(seen(a_live(revision=a_revision(status="INACTIVE")), a_revision(NEW, 2)))
    assert plan.register == a_task_definition()
    assert plan.task_definition.fields == ()
    assert plan.notes == (
        "the service runs web:1, which was deregistered, and so the same definition is registered again",
    )


def test_a_config_without_a_service_registers_and_nothing_else() -> None:
    plan = a_service_plan(seen(None, a_revision()), NEW, {}, name="")
    assert plan.register == NEW
    assert (plan.create, plan.update, plan.service, plan.refusals) == (None, None, None, ())
    same = a_service_plan(seen(None, a_revision()), None, {}, name="")
    assert not same.changes
    assert same.revision == a_revision()


def test_requests_hold_seals_and_what_may_be_shown_does_not() -> None:
    vault = Vault()
    seal = vault.seal("DB", "sesame-open")
    task = a_task_definition(a_container(environment=[{"name": "DB", "value": seal}]))
    plan = a_service_plan(seen(a_live()), task, vault=vault)
    assert plan.register == task
    shown = str((plan.task_definition, plan.service, plan.images, plan.risks))
    assert seal not in shown
    assert "sesame-open" not in shown


# -- the service -----------------------------------------------------------------------------------------------


def updated(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any] | None:
    plan = a_service_plan(seen(a_live(a_service_definition(**live))), service=a_service_definition(**wanted))
    assert plan.refusals == ()
    return dict(plan.update) if plan.update is not None else None


ON = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


@pytest.mark.parametrize(
    ("live", "wanted", "update"),
    [
        pytest.param({"desiredCount": 2}, {"desiredCount": 3}, {"desiredCount": 3}, id="what differs alone"),
        pytest.param({"desiredCount": 7}, {"desiredCount": None}, None, id="a count that the file leaves out"),
        pytest.param({"propagateTags": "SERVICE"}, {}, {"propagateTags": "NONE"}, id="a default is told"),
        pytest.param({"enableExecuteCommand": True}, {}, {"enableExecuteCommand": False}, id="a flag that is off"),
        pytest.param({"platformVersion": "1.4.0"}, {}, {"platformVersion": "LATEST"}, id="the platform"),
        pytest.param({"healthCheckGracePeriodSeconds": 9}, {}, {"healthCheckGracePeriodSeconds": 0}, id="a period"),
        pytest.param(
            {"loadBalancers": [{"targetGroupArn": "a", "containerName": "app", "containerPort": 80}]},
            {},
            {"loadBalancers": []},
            id="a list that is gone",
        ),
        pytest.param(
            {"serviceConnectConfiguration": {"enabled": True}},
            {},
            {"serviceConnectConfiguration": {"enabled": False}},
            id="Service Connect that is gone",
        ),
        pytest.param(
            {"deploymentConfiguration": {**ON, "maximumPercent": 150, "minimumHealthyPercent": 50}},
            {"deploymentConfiguration": {**ON, "minimumHealthyPercent": 50}},
            {"deploymentConfiguration": {**ON, "minimumHealthyPercent": 50, "maximumPercent": 200}},
            id="half a deployment configuration",
        ),
        pytest.param(
            {"deploymentConfiguration": {**ON, "alarms": {"alarmNames": ["a"], "enable": True, "rollback": True}}},
            {"deploymentConfiguration": None},
            {
                "deploymentConfiguration": {
                    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
                    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
                }
            },
            id="no deployment configuration any more",
        ),
        pytest.param(
            {},
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-2"]}}},
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-2"]}}},
            id="a structure as a whole",
        ),
        pytest.param(
            {},
            {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
            id="a strategy in place of a launch type",
        ),
        pytest.param(
            {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
            {},
            {"capacityProviderStrategy": []},
            id="a launch type in place of a strategy",
        ),
    ],
)
def test_an_update_says_what_differs_and_what_is_left_out_by_its_default(
    live: dict[str, Any], wanted: dict[str, Any], update: dict[str, Any] | None
) -> None:
    assert updated(live, wanted) == update


@pytest.mark.parametrize(
    ("live", "wanted", "refusal"),
    [
        (
            {"launchType": "EC2"},
            {},
            "service.json:2:2: `launchType` is `EC2` for good, it can't become `FARGATE` "
            "(keep it, or make a service of another name and delete this one)",
        ),
        (
            {"launchType": None},
            {},
            "service.json:2:2: `launchType` is not set for good, it can't become `FARGATE` "
            "(keep it, or make a service of another name and delete this one)",
        ),
        (
            {"schedulingStrategy": "DAEMON"},
            {},
            "service.json:1:1: `schedulingStrategy` is `DAEMON` for good, it can't become `REPLICA` "
            "(keep it, or make a service of another name and delete this one)",
        ),
        (
            {},
            {"networkConfiguration": None},
            "service.json:1:1: `networkConfiguration` can't be taken away from a service "
            "(write down what it is to be, or make the service anew)",
        ),
    ],
)
def test_what_is_for_good_is_refused(live: dict[str, Any], wanted: dict[str, Any], refusal: str) -> None:
    found = seen(a_live(a_service_definition(**live)))
    plan = a_service_plan(found, service=a_service_definition(**wanted))
    assert refusal.replace(":2:2:", ":2:16:") in [str(problem) for problem in plan.refusals]


SERVICE = definition_form()


def pairs() -> SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]:
    """What AWS has and what a file says, often alike."""
    documents_ = documents(SERVICE).filter(
        lambda document: not (document.get("launchType") and document.get("capacityProviderStrategy"))
    )
    return st.tuples(documents_, documents_).flatmap(
        lambda both: st.sets(st.sampled_from(list(SERVICE.members)), max_size=3).map(
            lambda names: (both[0], {**both[1], **{name: both[0][name] for name in names if name in both[0]}})
        )
    )


@settings(QUICK, max_examples=25)
@given(pairs())
def test_an_update_makes_the_service_what_the_file_says(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    live, wanted = pair
    plan = a_service_plan(seen(a_live(live)), service=wanted or {"tags": []})
    assert plan.service
    does = bool(plan.update or plan.tags_put or plan.tags_removed or plan.refusals)
    assert bool(plan.service.fields) is does or bool(plan.refusals)
    if plan.refusals:
        return
    made = {**live, **(plan.update or {})}
    if "deploymentConfiguration" in made:  # what UpdateService isn't told there stays, to be on the safe side
        made["deploymentConfiguration"] = {
            **(live.get("deploymentConfiguration") or {}),
            **made["deploymentConfiguration"],
        }
    if made.get("capacityProviderStrategy"):
        made.pop("launchType", None)
    elif wanted.get("launchType"):
        made["launchType"] = wanted["launchType"]
    kept = {tag["key"]: tag.get("value", "") for tag in live.get("tags") or [] if tag["key"] not in plan.tags_removed}
    made["tags"] = [{"key": key, "value": value} for key, value in {**kept, **plan.tags_put}.items()]
    again = a_service_plan(seen(a_live(made)), service=wanted or {"tags": []}).service
    assert again
    assert again.fields == ()


def test_members_that_nobody_told_are_neither_compared_nor_touched() -> None:
    monitoring = {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]}
    live = a_live(unread=frozenset({"monitoring", "gatewayConnectors"}))
    plan = a_service_plan(seen(live), service=a_service_definition(monitoring=monitoring))
    assert plan.update is None
    assert not plan.changes
    known = a_service_plan(seen(a_live()), service=a_service_definition(monitoring=monitoring))
    assert known.update == {"monitoring": monitoring}


# -- tags ------------------------------------------------------------------------------------------------------


def tags(**values: str) -> list[dict[str, str]]:
    return [{"key": key.replace("_", ":"), "value": value} for key, value in values.items()]


def test_tags_are_put_and_removed_apart_from_the_update() -> None:
    live = a_live(a_service_definition(tags=tags(team="a", old="x", same="1", owner="me", aws_x="y")))
    wanted = a_service_definition(tags=tags(team="b", same="1", new="n"))
    plan = a_service_plan(seen(live), service=wanted, ignored_tags=("owner",))
    assert dict(plan.tags_put) == {"team": "b", "new": "n"}
    assert plan.tags_removed == ("old",)
    assert plan.update is None
    assert plan.changes


def test_without_tags_in_the_file_all_are_left_alone() -> None:
    plan = a_service_plan(seen(a_live(a_service_definition(tags=tags(team="a")))))
    assert (dict(plan.tags_put), plan.tags_removed, plan.changes) == ({}, (), False)


def test_an_empty_list_of_tags_takes_all_away() -> None:
    plan = a_service_plan(
        seen(a_live(a_service_definition(tags=tags(team="a")))), service=a_service_definition(tags=[])
    )
    assert (dict(plan.tags_put), plan.tags_removed) == ({}, ("team",))


# -- images ----------------------------------------------------------------------------------------------------

URL = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"


def with_image(image: str) -> dict[str, Any]:
    return a_task_definition(a_container(image=image))


def test_an_image_is_told_by_its_name_and_its_digest() -> None:
    live = a_live(revision=a_revision(with_image(f"{URL}:1")), digests={"app": "sha256:old"})
    found = seen(live, images={f"{URL}:2": FoundImage("sha256:new")})
    assert a_service_plan(found, with_image(f"{URL}:2")).images == (
        ImageChange("app", f"{URL}:1", f"{URL}:2", "sha256:old", "sha256:new"),
    )


@pytest.mark.parametrize(
    ("fact", "moved"),
    [
        (FoundImage("sha256:new"), True),
        (FoundImage("sha256:old"), False),
        (FoundImage("sha256:index", frozenset({"sha256:old"})), False),
    ],
    ids=["another digest", "the same", "an index that stands for it"],
)
def test_an_image_that_moved_under_its_tag_is_told(fact: FoundImage, moved: bool) -> None:
    live = a_live(revision=a_revision(with_image(f"{URL}:1")), digests={"app": "sha256:old"})
    plan = a_service_plan(seen(live, images={f"{URL}:1": fact}), with_image(f"{URL}:1"))
    assert [image.digest_after for image in plan.images] == ([fact.digest] if moved else [])
    assert [risk.code for risk in plan.risks] == (["image-moved"] if moved else [])
    assert not plan.changes


# -- what is not ours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_another_controller_is_refused_in_aws_and_in_the_file(controller: str) -> None:
    live = a_service_plan(seen(a_live(controller=controller)))
    assert [problem.what for problem in live.refusals] == [
        f"the service is deployed by {controller}, which esprestack doesn't do"
    ]
    file = a_service_plan(service=a_service_definition(deploymentController={"type": controller}))
    assert [problem.what for problem in file.refusals] == [
        f"deployments by {controller} are nothing that esprestack does"
    ]


def test_a_service_that_is_being_deleted_is_refused() -> None:
    (problem,) = a_service_plan(seen(a_live(status="DRAINING"))).refusals
    assert str(problem) == "service.json:1:1: the service is being deleted (wait until it is gone)"


def test_a_service_that_is_not_there_and_has_no_file_is_refused() -> None:
    (problem,) = a_service_plan(seen(), service={}).refusals
    assert problem.what == "there is no service `web`, and the config names no file to make it from"


def test_what_could_not_be_asked_is_a_note() -> None:
    assert a_service_plan(seen(a_live(), notes=("not known: x",))).notes == ("not known: x",)
