"""Findings as SARIF, for code scanning."""

import json
from dataclasses import replace
from typing import Any

from esprestack.errors import Problem, Severity, Where
from esprestack.reports.sarif import sarif


def document(*problems: Problem) -> Any:
    return json.loads(
        sarif(problems, {"no-role": "The role doesn't exist."}, lambda text: text.replace("hunter2", "***"))
    )


def a_problem(what: str = "it is wrong", code: str = "no-role", **members: Any) -> Problem:
    return replace(Problem(what, Where("a/ecschedule.yaml", 3, 7), "mend it", code), **members)


def test_a_finding_is_a_result_at_its_line_and_column() -> None:
    (run,) = document(a_problem())["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == "no-role"
    assert result["message"] == {"text": "it is wrong (mend it)"}
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a/ecschedule.yaml"},
                "region": {"startLine": 3, "startColumn": 7},
            }
        }
    ]


def test_each_code_is_a_rule_once_and_results_refer_to_it() -> None:
    (run,) = document(a_problem(), a_problem(code="a-code"), a_problem())["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["a-code", "no-role"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == ["no-role", "a-code", "no-role"]
    assert run["tool"]["driver"]["rules"][1]["shortDescription"] == {"text": "The role doesn't exist."}


def test_what_stops_an_apply_is_an_error_and_the_rest_a_warning() -> None:
    (run,) = document(*(a_problem(severity=severity) for severity in Severity))["runs"]
    levels = {result["properties"]["severity"]: result["level"] for result in run["results"]}
    assert levels == {"error": "error", "refused": "error", "never-runs": "error", "warning": "warning"}


def test_what_has_no_place_is_a_notification_and_the_run_no_success() -> None:
    (run,) = document(Problem("no network"))["runs"]
    (invocation,) = run["invocations"]
    assert (run["results"], invocation["executionSuccessful"]) == ([], False)
    assert invocation["toolExecutionNotifications"][0]["message"] == {"text": "no network"}


def test_a_file_as_a_whole_has_no_region() -> None:
    (run,) = document(a_problem(where=Where("ecschedule.yaml")))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "ecschedule.yaml"}}


def test_paths_are_uris() -> None:
    (run,) = document(a_problem(where=Where("my configs/größe#1.yaml", 1, 1)))["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "my%20configs/gr%C3%B6%C3%9Fe%231.yaml"}


def test_texts_are_masked_and_can_hold_anything() -> None:
    (run,) = document(a_problem('hunter2 "quoted"\n::error::\u2028'))["runs"]
    assert run["results"][0]["message"]["text"] == '*** "quoted"\n::error::\u2028 (mend it)'


def test_no_finding_is_an_empty_run() -> None:
    found = document()
    assert (found["version"], found["runs"][0]["results"]) == ("2.1.0", [])
    assert found["runs"][0]["invocations"][0]["executionSuccessful"] is True
