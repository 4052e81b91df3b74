"""Findings as SARIF, for code scanning."""

import json
from typing import Any

import pytest

from esprestack import __version__
from esprestack.errors import Problem, Severity, Where
from esprestack.reports.sarif import sarif

DESCRIPTIONS = {"no-role": "The role doesn't exist."}
HELP = "https://github.com/esprestack/esprestack/blob/main/docs/findings.md"


def text(*problems: Problem) -> str:
    return sarif(problems, DESCRIPTIONS, lambda text: text.replace("hunter2", "***"))


def document(*problems: Problem) -> Any:
    return json.loads(text(*problems))


def a_problem(what: str = "it is wrong", code: str = "no-role", **members: Any) -> Problem:
    given: dict[str, Any] = {"where": Where("a/ecschedule.yaml", 3, 7), "todo": "mend it", "code": code} | members
    return Problem(what, **given)


def location(**members: Any) -> Any:
    (run,) = document(a_problem(**members))["runs"]
    return run["results"][0]["locations"][0]["physicalLocation"]


def message(what: str) -> str:
    (run,) = document(a_problem(what, todo=""))["runs"]
    said: str = run["results"][0]["message"]["text"]
    return said


def test_a_finding_and_what_could_not_be_asked_are_this_document() -> None:
    assert document(a_problem(severity=Severity.NEVER_RUNS), Problem("no network", todo="check it")) == {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "esprestack",
                        "version": __version__,
                        "informationUri": "https://github.com/esprestack/esprestack",
                        "rules": [
                            {
                                "id": "no-role",
                                "shortDescription": {"text": "The role doesn't exist."},
                                "fullDescription": {"text": "The role doesn't exist."},
                                "help": {"text": f"All findings, and what to do about them: {HELP}"},
                                "helpUri": HELP,
                            }
                        ],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": False,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": "no network (check it)"}}
                        ],
                    }
                ],
                "columnKind": "unicodeCodePoints",
                "results": [
                    {
                        "ruleId": "no-role",
                        "ruleIndex": 0,
                        "level": "error",
                        "message": {"text": "it is wrong (mend it)"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "a/ecschedule.yaml"},
                                    "region": {"startLine": 3, "startColumn": 7},
                                }
                            }
                        ],
                        "properties": {"severity": "never-runs"},
                    }
                ],
            }
        ],
    }


def test_no_finding_is_an_empty_run() -> None:
    found = document()
    assert (found["version"], found["runs"][0]["results"]) == ("2.1.0", [])
    assert found["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_each_code_is_a_rule_once_and_results_refer_to_it() -> None:
    (run,) = document(a_problem(), a_problem(code="a-code"), a_problem(), a_problem(code=""))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["no-role", "a-code", "no-role", "config"]
    assert [result["ruleId"] for result in run["results"]] == ["no-role", "a-code", "no-role", "config"]
    assert {rule["id"]: rule["fullDescription"]["text"] for rule in rules} == {
        "a-code": "a code",
        "config": "The file can't be read as a config.",
        "no-role": "The role doesn't exist.",
    }


def test_what_stops_an_apply_is_an_error_and_the_rest_a_warning() -> None:
    (run,) = document(*(a_problem(severity=severity) for severity in Severity))["runs"]
    levels = {result["properties"]["severity"]: result["level"] for result in run["results"]}
    assert levels == {"error": "error", "refused": "error", "never-runs": "error", "warning": "warning"}


def test_thousands_of_findings_are_as_many_results_in_their_order() -> None:
    places = [Where("ecschedule.yaml", line, 3) for line in range(1, 5001)]
    (run,) = document(*(a_problem(where=where, code=f"code-{where.line % 7}") for where in places))["runs"]
    found = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in run["results"]]
    assert found == list(range(1, 5001))
    assert len(run["tool"]["driver"]["rules"]) == 7


# -- places ----------------------------------------------------------------------------------------------------


def test_a_file_as_a_whole_is_its_first_line_as_github_wants_one() -> None:
    assert location(where=Where("ecschedule.yaml"))["region"] == {"startLine": 1, "startColumn": 1}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("my configs/größe#1.yaml", "my%20configs/gr%C3%B6%C3%9Fe%231.yaml"),
        ("../ecschedule.yaml", "../ecschedule.yaml"),
        ("c:ecschedule.yaml", "c%3Aecschedule.yaml"),  # no scheme
        ("100%.yaml", "100%25.yaml"),
        ("hunter2.yaml", "%2A%2A%2A.yaml"),
        ("\udcff.yaml", "%3F.yaml"),  # a name that isn't UTF-8
    ],
)
def test_paths_are_relative_uris(file: str, uri: str) -> None:
    assert location(where=Where(file, 1, 1))["artifactLocation"] == {"uri": uri}


# -- messages --------------------------------------------------------------------------------------------------


def test_messages_are_masked_wherever_they_stand() -> None:
    assert "hunter2" not in text(a_problem("hunter2", todo="not hunter2"), Problem("hunter2", todo="hunter2"))


@pytest.mark.parametrize(
    "what", ['"quoted" \\ {0}', "two\nlines\r\n::error::", "\x00\x1b[31m\u2028", "a list [a, b] (c)"]
)
def test_messages_can_hold_anything(what: str) -> None:
    assert message(what) == what


def test_messages_hold_no_links() -> None:
    assert message("`[a](http://e) [b] [[c](1)`") == r"`\[a](http://e) [b] [\[c](1)`"


def test_half_a_surrogate_pair_leaves_the_document_utf_8() -> None:
    assert "no?.json" in text(a_problem("no\udcff.json")).encode().decode()
