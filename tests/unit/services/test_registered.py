"""Documents: opened, and told apart from what ECS makes of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ecs.definitions import Registered

from esprestack.secrets import Vault
from esprestack.services import compare
from esprestack.services.documents import tags_in, with_texts
from esprestack.services.model import ServiceScope
from esprestack.services.shapes import taken


def is_registered(wanted: dict[str, Any], found: dict[str, Any], ignored: tuple[str, ...] = ()) -> bool:
    return compare.is_registered(wanted, found, ServiceScope("aws", "eu-central-1", "1", "jobs", "web"), ignored)


def registered(document: dict[str, Any]) -> dict[str, Any]:
    """The document as ECS gives it back, without what RegisterTaskDefinition doesn't take."""
    members = {key: member for key, member in document.items() if key != "tags"}
    made = Registered("arn:aws:ecs:eu-central-1:1:task-definition/web:1", "web", 1, members, {}, datetime.now(UTC))
    return taken("RegisterTaskDefinition", {**made.described(), "tags": document.get("tags", [])})


def a_definition(**of_container: Any) -> dict[str, Any]:
    return {"family": "web", "containerDefinitions": [{"name": "app", "image": "app:1", **of_container}]}


_texts = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=6)
_pairs = st.lists(st.fixed_dictionaries({"name": _texts, "value": _texts}), max_size=3)
_containers = st.fixed_dictionaries(
    {"name": st.sampled_from(["app", "proxy"]), "image": _texts},
    optional={
        "command": st.lists(_texts, max_size=3),
        "cpu": st.integers(0, 3),
        "environment": _pairs,
        "essential": st.booleans(),
        "portMappings": st.lists(st.fixed_dictionaries({"containerPort": st.integers(1, 3)}), max_size=2),
        "dockerLabels": st.dictionaries(_texts, _texts, max_size=2),
        "healthCheck": st.fixed_dictionaries(
            {"command": st.just(["true"])}, optional={"retries": st.integers(1, 4), "interval": st.integers(29, 31)}
        ),
    },
)
_two_containers: st.SearchStrategy[Any] = st.lists(
    _containers, min_size=1, max_size=2, unique_by=lambda one: str(one["name"])
)
_definitions = st.fixed_dictionaries(
    {"family": st.just("web"), "containerDefinitions": _two_containers},
    optional={"cpu": _texts, "networkMode": st.sampled_from(["awsvpc", "bridge", "host"])},
)


@settings(max_examples=30)
@given(_definitions)
def test_what_was_registered_is_known_again(definition: dict[str, Any]) -> None:
    assert is_registered(definition, registered(definition))


@settings(max_examples=25)
@given(_definitions, _definitions)
def test_two_definitions_are_known_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What each registers is the same, or neither is taken for the other."""
    same = is_registered(registered(one), registered(other))
    assert is_registered(one, registered(other)) == same
    assert is_registered(registered(other), registered(one)) == same


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (a_definition(), a_definition(image="app:2")),
        (a_definition(), a_definition(essential=False)),
        (a_definition(), a_definition(cpu=1)),
        (a_definition(), a_definition(command=["x"])),
        (a_definition(), a_definition(healthCheck={"command": ["true"]})),
        (a_definition(command=["a", "b"]), a_definition(command=["b", "a"])),
        (a_definition(environment=[{"name": "A", "value": "1"}]), a_definition(environment=[])),
        (a_definition(dockerLabels={"A": "1"}), a_definition(dockerLabels={"a": "1"})),
        (a_definition(), {**a_definition(), "tags": [{"key": "team", "value": "red"}]}),
        (a_definition(), {**a_definition(), "networkMode": "host"}),
        (a_definition(), {**a_definition(), "cpu": "256"}),
    ],
)
def test_what_differs_is_another_one(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    assert not is_registered(wanted, registered(found))
    assert not is_registered(found, registered(wanted))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (
            a_definition(environment=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
            a_definition(environment=[{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]),
        ),
        ({**a_definition(), "cpu": "1 vCPU", "memory": "2GB"}, {**a_definition(), "cpu": "1024", "memory": "2048"}),
        (
            {**a_definition(), "requiresCompatibilities": ["FARGATE", "EC2"]},
            {**a_definition(), "requiresCompatibilities": ["EC2", "FARGATE"]},
        ),
        ({**a_definition(), "networkMode": "bridge", "volumes": []}, a_definition()),
    ],
)
def test_what_ecs_writes_otherwise_is_the_same(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    assert is_registered(wanted, found)
    assert is_registered(found, wanted)


def test_tags_of_others_and_of_aws_do_not_count() -> None:
    tagged = {**a_definition(), "tags": [{"key": "cost", "value": "1"}, {"key": "aws:x", "value": "2"}]}
    assert is_registered(a_definition(), tagged, ("cost",))
    assert not is_registered(a_definition(), tagged)


def test_seals_are_opened_wherever_they_stand() -> None:
    vault = Vault()
    seal = vault.seal("TOKEN", "abcd")
    document = {"a": f"x{seal}", "b": [{"c": (seal, 1, None, True)}]}
    assert with_texts(document, vault.open) == {"a": "xabcd", "b": [{"c": ["abcd", 1, None, True]}]}


def test_tags_are_read_by_their_keys() -> None:
    assert tags_in([{"key": "a", "value": "1"}, {"key": "b"}]) == {"a": "1", "b": ""}
    assert tags_in(None) == {}


def test_only_members_that_a_request_takes_are_copied() -> None:
    answer = {
        "taskDefinitionArn": "x",
        "family": "web",
        "revision": 3,
        "volumes": [{"name": "v", "dockerVolumeConfiguration": {"driverOpts": {"type": "nfs", "o": "addr"}}}],
        "registeredBy": "y",
        "cpu": None,
    }
    assert taken("RegisterTaskDefinition", answer) == {
        "family": "web",
        "volumes": [{"name": "v", "dockerVolumeConfiguration": {"driverOpts": {"type": "nfs", "o": "addr"}}}],
    }
