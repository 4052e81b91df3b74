"""The table of defaults: each is of a member that ECS has, has its link, and makes no difference."""

from typing import Any

import pytest
from tests.unit.services.builders import SCOPE

from esprestack.rule import Scope
from esprestack.services.members import LEFT_ALONE, OFF, TAKEN_AWAY, TRIGGERS, definition_form
from esprestack.services.normal import SERVICE, TASK_DEFINITION, Default, bare, filled, value_of
from esprestack.services.shapes import REGISTER, UPDATE, Form, Sort, request_form

OF_TASK = [(default, request_form(REGISTER)) for default in TASK_DEFINITION]
OF_SERVICE = [(default, definition_form()) for default in SERVICE]


def member(form: Form, path: str) -> Form:
    for part in path.split("."):
        form = form.members[part.removesuffix("[]")]
        if part.endswith("[]"):
            assert form.sort is Sort.LIST
            assert form.item
            form = form.item
    return form


@pytest.mark.parametrize(("default", "form"), [*OF_TASK, *OF_SERVICE], ids=lambda value: getattr(value, "path", ""))
def test_every_default_is_a_members_and_has_its_link(default: Default, form: Form) -> None:
    found = member(form, default.path)
    assert default.link.startswith("https://docs.aws.amazon.com/AmazonECS/latest/")
    if found.choices:
        assert default.value in found.choices
    elif not callable(default.value):
        kinds = {Sort.TEXT: str, Sort.WHOLE: int, Sort.NUMBER: float, Sort.FLAG: bool, Sort.LIST: list}
        assert isinstance(default.value, kinds.get(found.sort, dict))


def test_no_default_stands_twice() -> None:
    for table in (TASK_DEFINITION, SERVICE):
        assert len({default.path for default in table}) == len(table)


def test_filling_in_and_taking_away_leave_what_is_said() -> None:
    document: dict[str, Any] = {
        "networkMode": "awsvpc",
        "containerDefinitions": [{"name": "a", "cpu": 5, "portMappings": [{"containerPort": 80}]}, {"name": "b"}],
    }
    full = filled(document, TASK_DEFINITION)
    first, second = full["containerDefinitions"]
    assert first["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert (first["cpu"], second["cpu"], second["essential"]) == (5, 0, True)
    assert "healthCheck" not in second  # there is nothing to fill
    assert bare(full, TASK_DEFINITION) == document
    assert document["containerDefinitions"][1] == {"name": "b"}  # what was given is as it was


def test_an_empty_value_is_filled_like_none() -> None:
    assert filled({"propagateTags": ""}, SERVICE)["propagateTags"] == "NONE"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("cpu", "1 vCPU", "1024"),
        ("cpu", "1024", "1024"),
        ("memory", "0.5GB", "512"),
        ("memory", "much", "much"),
        ("taskRoleArn", "arn:aws:iam::123456789012:role/a/web", "a/web"),
        ("taskRoleArn", "arn:aws:iam::999999999999:role/web", "arn:aws:iam::999999999999:role/web"),
        ("executionRoleArn", "web", "web"),
        ("networkConfiguration.awsvpcConfiguration.subnets", ["b", "a"], ["a", "b"]),
        ("containerDefinitions[app].command", ["b", "a"], ["b", "a"]),
        ("containerDefinitions[app].cpu", 256, 256),
    ],
)
def test_a_value_is_compared_in_one_form(path: str, value: Any, expected: Any) -> None:
    assert value_of(path, value, Scope(SCOPE.partition, SCOPE.region, SCOPE.account, SCOPE.cluster, "")) == expected


def test_what_is_known_of_a_services_members_is_known_of_members_that_there_are() -> None:
    members, updates = set(definition_form().members), set(request_form(UPDATE).members)
    assert members >= TRIGGERS | LEFT_ALONE | TAKEN_AWAY.keys()
    assert updates >= TAKEN_AWAY.keys()
    assert set(definition_form().members["deploymentConfiguration"].members) >= OFF.keys()
