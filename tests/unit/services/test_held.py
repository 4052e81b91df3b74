"""Files held against ECS's own description: keys in any case, types by their form, and all that is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.services.builders import a_container, a_service_definition, a_task_definition, a_tree
from tests.unit.services.strategies import documents
from tests.unit.strategies import QUICK

from esprestack.config.source import MISSING, Source, read_tree
from esprestack.config.tree import Tree
from esprestack.errors import Where
from esprestack.reports.yaml_text import to_yaml
from esprestack.services.held import Held, Spelled, held
from esprestack.services.members import definition_form
from esprestack.services.shapes import REGISTER, Form, Sort, request_form

TASK, SERVICE = request_form(REGISTER), definition_form()


def read(text: str, form: Form = TASK, path: str = "task.yaml") -> Held:
    tree = read_tree(text, Source(path, text), lambda line, column: Where(path, line, column))
    return held(tree.data, form, tree, (), (), str)


def of(document: Any, form: Form = TASK) -> Held:
    tree = a_tree(document)
    return held(tree.data, form, tree, (), (), str)


def said(document: Any, form: Form = TASK) -> list[str]:
    return [str(problem) for problem in of(document, form).problems]


# -- what is printed is read as the same -----------------------------------------------------------------------


@pytest.mark.parametrize("form", [TASK, SERVICE], ids=["task definition", "service"])
@pytest.mark.parametrize(
    ("printed", "path"),
    [(to_yaml, "task.yaml"), (lambda document: json.dumps(document, ensure_ascii=False), "task.json")],
    ids=["YAML", "JSON"],
)
@settings(QUICK, max_examples=12)
@given(data=st.data())
def test_any_document_is_read_as_it_was_printed(
    form: Form, printed: Callable[[Any], str], path: str, data: st.DataObject
) -> None:
    document = data.draw(documents(form))
    found = read(printed(document), form, path)
    assert found.problems == ()
    assert found.document == document


@settings(QUICK, max_examples=12)
@given(documents(TASK), st.sampled_from([str.upper, str.lower, str.title]))
def test_no_key_of_a_map_is_ever_recased(document: dict[str, Any], recased: Callable[[str], str]) -> None:
    found = of(with_keys(document, TASK, recased))
    assert found.document == document


def with_keys(value: Any, form: Form, recased: Callable[[str], str]) -> Any:
    """The document with AWS's own keys in another case."""
    if form.sort is Sort.STRUCTURE:
        return {recased(key): with_keys(child, form.members[key], recased) for key, child in value.items()}
    if form.sort is Sort.LIST and form.item:
        return [with_keys(item, form.item, recased) for item in value]
    return value


def test_the_map_members_are_those_that_aws_has() -> None:
    assert sorted(set(maps(TASK)) | set(maps(SERVICE))) == ["dockerLabels", "driverOpts", "labels", "options"]


def maps(form: Form, name: str = "") -> list[str]:
    inner = [found for key, member in form.members.items() for found in maps(member, key)]
    return [*inner, *(maps(form.item, name) if form.item else []), *([name] if form.sort is Sort.MAP else [])]


# -- keys and types --------------------------------------------------------------------------------------------


def test_keys_in_another_case_are_taken_with_one_warning_for_all() -> None:
    found = of({"Family": "web", "ContainerDefinitions": [{"Name": "app", "DockerLabels": {"Keep": "x"}}]})
    assert found.document == {
        "family": "web",
        "containerDefinitions": [{"name": "app", "dockerLabels": {"Keep": "x"}}],
    }
    assert [problem.code for problem in found.problems] == ["key-case"]
    assert [(str(problem), problem.stops) for problem in found.problems] == [
        ("task.json:2:2: `Family` is `family` in AWS's spelling, and 3 more keys (write keys as AWS does)", False)
    ]


def test_a_key_in_two_cases_is_one_key_too_many() -> None:
    assert said({**a_task_definition(), "Family": "x"})[0] == (
        "task.json:16:2: `Family` and `family` are the same member (remove one)"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cpu: 256", {"cpu": "256"}),
        ("cpu: 010", {"cpu": "010"}),
        ("enableFaultInjection: 'true'", {"enableFaultInjection": True}),
        ("ephemeralStorage: {sizeInGiB: '30'}", {"ephemeralStorage": {"sizeInGiB": 30}}),
        ("tags: [{key: a, value: 1.10}]", {"tags": [{"key": "a", "value": "1.10"}]}),
        ("tags: [{key: a, value: yes}]", {"tags": [{"key": "a", "value": "yes"}]}),
        ("tags: [{key: a, value: true}]", {"tags": [{"key": "a", "value": "true"}]}),
    ],
)
def test_a_value_gets_the_type_of_its_member(text: str, expected: dict[str, Any]) -> None:
    found = read(f"family: web\ncontainerDefinitions: [{{name: app}}]\n{text}\n")
    assert found.problems == ()
    assert {key: found.document[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"cpu": ["256"]}, "`cpu` must be a text, not a list"),
        ({"containerDefinitions": {"name": "app"}}, "`containerDefinitions` must be a list, not a mapping"),
        ({"containerDefinitions": ["app"]}, "`containerDefinitions[0]` must be a mapping, not `app`"),
        ({"enableFaultInjection": "yes"}, "`enableFaultInjection` must be true or false, not `yes`"),
        ({"ephemeralStorage": {"sizeInGiB": 1.5}}, "`ephemeralStorage.sizeInGiB` must be a whole number, not `1.5`"),
        ({"ephemeralStorage": {}}, "`ephemeralStorage.sizeInGiB` is missing (EphemeralStorage needs `sizeInGiB`)"),
        ({"ephemeralStorage": "30"}, "`ephemeralStorage` must be a mapping, not `30`"),
        ({"pidMode": "Host"}, "`pidMode` is `Host`, which ECS doesn't know (did you mean `host`?)"),
        ({"pidMode": "xyz"}, "`pidMode` is `xyz`, which ECS doesn't know (it takes `host`, `task`)"),
        ({"tags": [{"key": "", "value": ""}]}, "`tags[0].key` is empty (give it a value or remove it)"),
        ({"tags": [{"key": "k" * 129}]}, "`tags[0].key` has 129 characters, AWS takes 128 (shorten it)"),
        ({"tags": [{"key": str(at)} for at in range(51)]}, "`tags` has 51 entries, AWS takes 50"),
        ({"netwrokMode": "awsvpc"}, "`netwrokMode` is not a member of RegisterTaskDefinitionRequest (did you mean `networkMode`?)"),
    ],
)  # fmt: skip
def test_what_aws_would_not_take_is_told(members: dict[str, Any], problem: str) -> None:
    (found,) = said({**a_task_definition(), **members})
    assert found.partition(": ")[2] == problem


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"capacityProviderStrategy": [{"capacityProvider": "a", "weight": -1}]}, "must be at least 0, not -1"),
        ({"capacityProviderStrategy": [{"capacityProvider": "a", "weight": 1001}]}, "must be at most 1000, not 1001"),
        ({"deploymentConfiguration": {"canaryConfiguration": {"canaryPercent": "x"}}}, "must be a number, not `x`"),
        ({"monitoring": {"metricConfigurations": [{"metricNames": [], "resolutionSeconds": 20}]}}, "AWS wants 1"),
        (
            {"serviceConnectConfiguration": {"enabled": True, "containerConfigurations": [{}]}},
            "takes just one of `logLevel`",
        ),
    ],
)
def test_a_service_is_held_against_its_limits_too(members: dict[str, Any], problem: str) -> None:
    (found,) = said(a_service_definition(**members), SERVICE)
    assert problem in found


def test_a_member_that_nothing_is_like_says_what_there_is() -> None:
    (found,) = said(a_task_definition(a_container(environment=[{"name": "A", "value": "b", "zzz": 1}])))
    assert found.endswith("`zzz` is not a member of KeyValuePair (it has `name`, `value`)")


def test_an_unknown_value_can_be_allowed_for_aws_may_know_more() -> None:
    (found,) = of(a_task_definition(pidMode="later")).problems
    assert (found.code, str(found.severity)) == ("unknown-value", "refused")


def test_what_a_look_up_left_missing_is_not_judged() -> None:
    wanted = a_task_definition(a_container(memory=MISSING), cpu=MISSING, pidMode=MISSING)
    found = read(to_yaml(wanted))
    assert found.problems == ()
    assert found.document["cpu"] == MISSING
    assert "memory" not in found.document["containerDefinitions"][0]


def test_the_length_that_counts_is_that_of_the_opened_secret() -> None:
    tree = a_tree(a_task_definition(tags=[{"key": "a", "value": "seal"}]))
    found = held(tree.data, TASK, tree, (), (), lambda text: text * 100)
    assert [problem.what for problem in found.problems] == [
        "`tags[0].key` has 100 characters, AWS takes 128",
        "`tags[0].value` has 400 characters, AWS takes 256",
    ][1:]


def test_a_document_of_no_form_keeps_its_types() -> None:
    hooks = [
        {"hookTargetArn": "arn", "lifecycleStages": ["PRE_SCALE_UP"], "hookDetails": {"a": 1, "b": [True, "x", 1.5]}}
    ]
    found = of(a_service_definition(deploymentConfiguration={"lifecycleHooks": hooks}), SERVICE)
    assert found.document["deploymentConfiguration"]["lifecycleHooks"] == hooks


# -- places ----------------------------------------------------------------------------------------------------


def a_spelled() -> Tree:
    document = {"wrapped": {"Family": "web", "ContainerDefinitions": [{"Image": "{}"}]}}
    tree = a_tree(document)
    data = tree.data["wrapped"] if isinstance(tree.data, dict) else None
    return Spelled(tree, held(data, TASK, tree, ("wrapped",), (), str).paths, ("wrapped",))


def test_a_value_is_found_by_awss_path_wherever_it_stands() -> None:
    tree = a_spelled()
    assert tree.find(("containerDefinitions", 0, "image")) == Where("task.json", 6, 14)
    assert tree.where(("containerDefinitions", 0, "name")) == Where("task.json", 5, 4)
    assert tree.where(()) == Where("task.json", 2, 13)
    assert tree.where_key(("family",)) == Where("task.json", 3, 3)
    assert tree.where_key(("cpu",)) == Where("task.json", 2, 13)
    assert tree.where_within(("family",), 1) == Where("task.json", 3, 15)
    assert tree.where_within(("cpu",), 1) == Where("task.json", 2, 13)
