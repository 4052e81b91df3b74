"""The JSON of every command is what its schema says, and says what the text says."""

import json
from typing import Any

import jsonschema
import pytest
from tests.aws.account import Account, a_target, arn
from tests.aws.configs import Folder, a_rule, everything
from tests.aws.conftest import Esprestack, Said, anyhow
from tests.support.aws_front import AwsFront

from esprestack.reports import as_json
from esprestack.rule import Home

HOMES = tuple(Home)


@pytest.fixture
def esprestack(esprestack: Esprestack) -> Esprestack:
    return anyhow(esprestack)


def read(said: Said) -> Any:
    """stdout, held against the schema."""
    document = json.loads(said.out)
    jsonschema.validate(document, as_json.schema(), jsonschema.Draft202012Validator)
    return document


def results(document: Any) -> dict[str, tuple[str, str | None]]:
    return {
        change["rule"]: (change["action"], change["result"]) for plan in document["plans"] for change in plan["changes"]
    }


@pytest.fixture
def of_each_kind(folder: Folder, account: Account, home: Home) -> None:
    account.has_rule("changed", Description="Old")
    account.has_rule("moved", targets=[a_target("old"), {"Id": "copy", "Arn": arn("sqs", "copies")}])
    account.has_rule("found", tracked_by=None)
    account.has_rule("same")
    account.has_rule("gone")
    folder.config(everything("all", home), *map(a_rule, ("changed", "moved", "found", "same")))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(as_json.schema())


@pytest.mark.of_rules
def test_a_diff(esprestack: Esprestack, of_each_kind: None, home: Home) -> None:
    document = read(esprestack("diff", "--prune", "--format", "json"))
    assert (document["version"], document["command"], document["changed"]) == (1, "diff", True)
    assert results(document) == {
        "all": ("create", None),
        "changed": ("update", None),
        "moved": ("replace", None),
        "found": ("adopt", None),
        "same": ("unchanged", None),
        "gone": ("delete", None),
    }
    assert document["summary"] == {
        "create": 1, "update": 1, "replace": 1, "adopt": 1, "delete": 1, "conflict": 0, "orphan": 0, "unchanged": 1,
    }  # fmt: skip
    (plan,) = document["plans"]
    assert (plan["config"], plan["account"], plan["region"]) == ("ecschedule.yaml", "123456789012", "eu-central-1")
    assert plan["notes"] == [
        "`moved` gets another target between two calls: no moment without a run is known, "
        "one that is due just then is missed",
        f"`moved` has more targets, which are left as they are: target `copy` ({arn('sqs', 'copies')})",
    ]
    changes = {change["rule"]: change for change in plan["changes"]}
    assert changes["changed"]["fields"] == [{"path": "description", "before": "Old", "after": None}]
    assert changes["changed"]["file"] == "ecschedule.yaml"
    assert changes["all"]["before"] is None
    assert changes["all"]["after"] == everything("all", home)
    assert changes["gone"]["after"] is None


@pytest.mark.of_rules
def test_an_adopted_rule_is_shown_as_it_is(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule("nightly", tracked_by=None)
    folder.config(a_rule("nightly"))
    (plan,) = read(esprestack("diff", "--format", "json"))["plans"]
    (change,) = plan["changes"]
    assert change["before"] == change["after"] == a_rule("nightly", role="ecsEventsRole")
    assert "`rate(1 day)`" in esprestack("diff", "--format", "markdown").out


def test_a_diff_with_nothing_to_say(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(rules=[])
    document = read(esprestack("diff", "--format", "json"))
    assert (document["changed"], document["plans"][0]["changes"], document["problems"]) == (False, [], [])


@pytest.mark.of_rules
def test_a_diff_with_refusals(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule("nightly", tracked_by="another-team")
    folder.config(a_rule("nightly"), a_rule("other", taskDefinition="unknown"))
    said = esprestack("diff", "--format", "json")
    document = read(said)
    assert said.code == 1
    assert results(document) == {"nightly": ("conflict", None), "other": ("create", None)}
    assert [(problem["code"], problem["line"]) for problem in document["problems"]] == [
        ("conflict", 4),
        ("no-task-definition", 9),
    ]


@pytest.mark.of_rules
def test_an_apply(esprestack: Esprestack, of_each_kind: None) -> None:
    said = esprestack("apply", "--prune", "--format", "json")
    assert said.code == 0
    document = read(said)
    assert document["command"] == "apply"
    assert results(document) == {
        "all": ("create", "done"),
        "changed": ("update", "done"),
        "moved": ("replace", "done"),
        "found": ("adopt", "done"),
        "same": ("unchanged", None),
        "gone": ("delete", "done"),
    }


@pytest.mark.of_rules
def test_an_apply_in_which_a_rule_failed(esprestack: Esprestack, of_each_kind: None, front: AwsFront) -> None:
    front.fail("PutRule", "ValidationException", "Not valid.", times=None, where=lambda asked: asked["Name"] == "all")
    said = esprestack("apply", "--format", "json")
    assert said.code == 1
    document = read(said)
    assert results(document)["all"] == ("create", "failed")
    assert results(document)["changed"] == ("update", "done")
    problems = [change["problem"] for change in document["plans"][0]["changes"] if change["problem"]]
    assert len(problems) == 1
    assert "ValidationException: Not valid." in problems[0]


@pytest.mark.of_rules
def test_a_dry_run_is_a_plan_without_results(esprestack: Esprestack, of_each_kind: None, front: AwsFront) -> None:
    document = read(esprestack("apply", "--dry-run", "--format", "json"))
    assert {result for _, result in results(document).values()} == {None}
    assert front.writes() == []


@pytest.mark.of_rules
def test_a_drift(esprestack: Esprestack, of_each_kind: None) -> None:
    said = esprestack("drift", "--format", "json")
    assert said.code == 2
    document = read(said)
    assert (document["command"], results(document)["gone"]) == ("drift", ("orphan", None))


def test_a_validation(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule("nightly", taskCount="many", launch_type="CLOUD"))
    said = esprestack("validate", "--offline", "--format", "json")
    document = read(said)
    assert (said.code, document["command"]) == (1, "validate")
    assert [(problem["file"], problem["line"], problem["code"]) for problem in document["problems"]] == [
        ("ecschedule.yaml", 7, "wrong-type"),
        ("ecschedule.yaml", 8, "wrong-value"),
    ]


def test_several_configs(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule("one"), name="a.yaml")
    folder.config(a_rule("two"), cluster="other", name="b.yaml")
    said = esprestack("apply", "-c", "*.yaml", "--format", "json")
    document = read(said)
    assert [plan["config"] for plan in document["plans"]] == ["a.yaml", "b.yaml"]
    assert results(document) == {"one": ("create", "done"), "two": ("create", "done")}


@pytest.mark.of_rules
@pytest.mark.parametrize("command", ["diff", "apply", "drift"])
def test_stdout_is_the_document_and_nothing_else(esprestack: Esprestack, of_each_kind: None, command: str) -> None:
    said = esprestack(command, "--format", "json")
    assert said.out.startswith("{\n")
    assert said.out.endswith("}\n")
