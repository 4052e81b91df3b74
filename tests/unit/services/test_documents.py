"""Documents as flat leaves: every list of ECS's is known to be a set, keyed, or in order."""

from typing import Any

import pytest
from hypothesis import given, settings
from tests.unit.services.builders import a_container, a_task_definition
from tests.unit.services.strategies import documents
from tests.unit.strategies import QUICK

from esprestack.services.documents import KEYED, PAIRS, SETS, leaves, with_leaves, with_texts
from esprestack.services.members import definition_form
from esprestack.services.shapes import REGISTER, Form, Sort, request_form

TASK, SERVICE = request_form(REGISTER), definition_form()

IN_ORDER = {
    "command", "containerConfigurations", "dnsSearchDomains", "dnsServers", "entryPoint", "environmentFiles",
    "metricConfigurations", "mountOptions", "placementStrategy", "serviceRegistries",
}  # fmt: skip
"""Lists whose order counts, or of which there is one entry at most."""


def lists(form: Form, name: str = "") -> dict[str, Form]:
    found = {name: form} if form.sort is Sort.LIST else {}
    for key, member in form.members.items():
        found |= lists(member, key)
    return found | (lists(form.item, name) if form.item else {})


def test_of_every_list_of_ecs_it_is_known_what_its_order_means() -> None:
    every = lists(TASK) | lists(SERVICE)
    known = [*PAIRS, *KEYED, *SETS, *IN_ORDER]
    assert sorted(known) == sorted(every)
    for name, keys in {**PAIRS, **KEYED}.items():
        item = every[name].item
        assert item
        assert set(keys) <= set(item.members)
        assert name not in PAIRS or set(item.members) == set(keys)
    assert {name for name in SETS if (item := every[name].item) and item.sort is Sort.STRUCTURE} == set()


def paths(document: dict[str, Any], form: Form = TASK) -> dict[str, Any]:
    found = [(leaf.path, leaf.value) for leaf in leaves(document, form)]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_a_path_names_entries_and_pairs_by_their_keys() -> None:
    container = a_container(
        command=["b", "a"],
        environment=[{"name": "TZ", "value": "UTC"}, {"name": "EMPTY"}],
        secrets=[{"name": "DB", "valueFrom": "/db"}],
        portMappings=[{"containerPort": 80, "protocol": "tcp"}, {"containerPort": 53, "protocol": "udp"}],
        dockerLabels={"a.b": ""},
        essential=False,
    )
    document = {"family": "web", "containerDefinitions": [container], "requiresCompatibilities": ["FARGATE", "EC2"]}
    assert paths(document) == {
        "family": "web",
        "containerDefinitions[app].name": "app",
        "containerDefinitions[app].image": "app:1",
        "containerDefinitions[app].command": ["b", "a"],
        "containerDefinitions[app].environment.EMPTY": "",
        "containerDefinitions[app].environment.TZ": "UTC",
        "containerDefinitions[app].secrets.DB": "/db",
        "containerDefinitions[app].portMappings[53/udp].containerPort": 53,
        "containerDefinitions[app].portMappings[53/udp].protocol": "udp",
        "containerDefinitions[app].portMappings[80].containerPort": 80,
        "containerDefinitions[app].portMappings[80].protocol": "tcp",
        "containerDefinitions[app].dockerLabels.a.b": "",
        "requiresCompatibilities": ["EC2", "FARGATE"],
    }


def test_entries_that_go_by_the_same_are_numbered_whatever_their_order() -> None:
    first, second = {"targetGroupArn": "a", "containerName": "app", "containerPort": 80}, {
        "targetGroupArn": "b", "containerName": "app", "containerPort": 80,
    }  # fmt: skip
    expected = {
        "loadBalancers[app/80].targetGroupArn": "a",
        "loadBalancers[app/80].containerName": "app",
        "loadBalancers[app/80].containerPort": 80,
        "loadBalancers[app/80#2].targetGroupArn": "b",
        "loadBalancers[app/80#2].containerName": "app",
        "loadBalancers[app/80#2].containerPort": 80,
    }
    assert paths({"loadBalancers": [first, second]}, SERVICE) == expected
    assert paths({"loadBalancers": [second, first]}, SERVICE) == expected


@pytest.mark.parametrize("form", [TASK, SERVICE], ids=["task definition", "service"])
def test_a_document_is_made_of_its_leaves(form: Form) -> None:
    @settings(QUICK, max_examples=15)
    @given(documents(form))
    def any_document(document: dict[str, Any]) -> None:
        values = paths(document, form)
        rebuilt = with_leaves(document, form, values)
        assert paths(rebuilt, form) == values

    any_document()


def test_a_document_of_some_leaves_has_those_alone_and_their_new_values() -> None:
    document = a_task_definition(a_container("b"), a_container("a", environment=[{"name": "X", "value": "1"}]))
    values = {"family": "other", "containerDefinitions[a].environment.X": "2", "containerDefinitions[a].name": "a"}
    assert with_leaves(document, TASK, values) == {
        "family": "other",
        "containerDefinitions": [{"name": "a", "environment": [{"name": "X", "value": "2"}]}],
    }


def test_every_text_but_keys_can_be_changed() -> None:
    document = {"family": "a", "containerDefinitions": [{"dockerLabels": {"k": "b"}, "cpu": 1, "command": ["c"]}]}
    assert with_texts(document, str.upper) == {
        "family": "A",
        "containerDefinitions": [{"dockerLabels": {"k": "B"}, "cpu": 1, "command": ["C"]}],
    }
