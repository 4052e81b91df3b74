"""Rules that name a revision of a family that services take: what each becomes, whoever else takes it."""

from typing import Any

import pytest
from tests.unit.services.builders import a_container

from esprestack.config.desired import Desired
from esprestack.config.source import Source, read_tree
from esprestack.errors import Where
from esprestack.plan.pins import NEW, Followed
from esprestack.rule import ContainerOverride, Rule, Scope, Target
from esprestack.services.following import Leader, followed, foreseen, is_pinned

SCOPE = Scope("aws", "eu-west-1", "123456789012", "jobs", "jobs")
HERE = {"region": "eu-west-1", "account": "123456789012"}


def a_leader(number: str = "42", service: str = "web", *, moves: bool = True, **members: Any) -> Leader:
    document = {"family": "web", "containerDefinitions": [a_container()], **members.pop("document", {})}
    return Leader(
        **{"service": service, "family": "web", "number": number, **HERE, **members}, document=document, moves=moves
    )


def desired(task_definition: str, *overridden: str, keeps: bool = False) -> Desired:
    source = Source("ecschedule.yaml", "rules: [{name: nightly}]\n")
    tree = read_tree(source.text, source, lambda line, column: Where(source.path, line, column))
    overrides = tuple(ContainerOverride(name) for name in overridden)
    rule = Rule("nightly", "rate(1 day)", target=Target("nightly", task_definition, container_overrides=overrides))
    return Desired(rule, ("rules", 0), tree, keeps_revision=keeps)


def becomes(task_definition: str, *leaders: Leader, keeps: bool = False) -> str:
    (item,), _ = followed([desired(task_definition, keeps=keeps)], SCOPE, leaders, str)
    assert item.rule.target
    return item.rule.target.task_definition


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("web:1", "web:42"),
        ("web:42", "web:42"),
        ("web", "web"),
        ("web2:1", "web2:1"),
        ("arn:aws:ecs:eu-west-1:210987654321:task-definition/web:1", "arn:aws:ecs:eu-west-1:210987654321:task-definition/web:1"),
    ],
)  # fmt: skip
def test_a_revision_of_the_family_becomes_the_services_and_nothing_else_does(written: str, wanted: str) -> None:
    assert becomes(written, a_leader()) == wanted


def test_a_rule_may_keep_its_revision() -> None:
    assert becomes("web:1", a_leader(), keeps=True) == "web:1"


@pytest.mark.parametrize("elsewhere", [{"region": "us-east-1"}, {"account": "210987654321"}])
def test_a_service_elsewhere_is_not_followed(elsewhere: dict[str, Any]) -> None:
    assert becomes("web:1", a_leader(**elsewhere)) == "web:1"


def test_services_that_agree_are_followed() -> None:
    assert becomes("web:1", a_leader(NEW), a_leader(NEW, "api")) == f"web:{NEW}"


def test_services_that_take_different_revisions_are_not_followed_and_that_is_said() -> None:
    (item,), pins = followed([desired("web:1")], SCOPE, [a_leader("42"), a_leader("41", "api")], str)
    assert item.rule == desired("web:1").rule
    assert pins.follows == {}
    assert pins.notes == (
        "services take different revisions of web (`web` web:42, `api` web:41), so these rules follow none of them: "
        "`nightly`",
    )


def test_who_follows_whom_is_told() -> None:
    _, pins = followed([desired("web:1")], SCOPE, [a_leader()], str)
    assert pins.follows == {"nightly": Followed("web", "web:42")}


@pytest.mark.parametrize("written", ["web:1", "web"])
def test_a_container_that_goes_bars_a_rule_that_overrides_it(written: str) -> None:
    _, pins = followed([desired(written, "app", "gone", "lost")], SCOPE, [a_leader(NEW)], str)
    assert pins.barred["nightly"].what == f"it overrides `gone`, `lost`, which web:{NEW} doesn't have any more"


def test_a_container_that_went_before_bars_nobody_now() -> None:
    _, pins = followed([desired("web:1", "gone")], SCOPE, [a_leader(moves=False)], str)
    assert pins.barred == {}


def test_a_kept_revision_has_the_containers_that_it_had() -> None:
    _, pins = followed([desired("web:1", "gone", keeps=True)], SCOPE, [a_leader(NEW)], str)
    assert pins.barred == {}


def test_what_is_not_registered_yet_is_foreseen_under_both_names() -> None:
    found = foreseen([a_leader(NEW), a_leader("7", family="job")], "eu-west-1")
    assert sorted(found) == ["web", f"web:{NEW}"]
    assert found["web"].name == f"web:{NEW}"
    assert foreseen([a_leader(NEW)], "us-east-1") == {}


def test_a_rule_without_target_names_no_revision() -> None:
    assert not is_pinned(Rule("nightly", "rate(1 day)", None))
