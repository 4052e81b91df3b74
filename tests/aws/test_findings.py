"""Findings from end to end: all in one run, each at its line, and what they stop."""

import json
from typing import Any

import pytest
from tests.aws.account import ACCOUNT, REGION, Account, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack, Said
from tests.support.aws_front import AwsFront

NO_ROLE = ("--allow", "no-role")
"""The role that starts the tasks is none of these tests' business."""

SIX = """\
region: eu-central-1
cluster: jobs
rules:
- name: typo
  descripton: Every night
  scheduleExpression: rate(1 day)
  taskDefinition: app
- name: container
  scheduleExpression: rate(2 days)
  taskDefinition: app
  containerOverrides:
  - name: ap
    command: [a]
- name: sizes
  scheduleExpression: rate(3 days)
  taskDefinition: small
  launch_type: FARGATE
  network_configuration: {aws_vpc_configuration: {subnets: [subnet-1]}}
  taskOverride: {cpu: "256", memory: "9999"}
- name: rates
  scheduleExpression: rate(1 days)
  taskDefinition: app
- name: long
  scheduleExpression: rate(4 days)
  taskDefinition: app
  containerOverrides:
  - name: app
    environment: {TEXT: LONG}
- name: variable
  description: "{{ must_env `NOT_SET` }}"
  scheduleExpression: rate(5 days)
  taskDefinition: app
"""
OVERRIDES = len('{"containerOverrides":[{"name":"app","environment":[{"name":"TEXT","value":""}]}]}')
PLACES = [
    ("ecschedule.yaml:5:3", "`descripton`"),
    ("ecschedule.yaml:12:11", "`ap`"),
    ("ecschedule.yaml:19:38", "9999"),
    ("ecschedule.yaml:21:28", "`rate(1 day)`"),
    ("ecschedule.yaml:27:3", "8193"),
    ("ecschedule.yaml:30:17", "`NOT_SET`"),
]


@pytest.fixture
def six(folder: Folder, account: Account) -> None:
    """A config with six mistakes of six kinds."""
    account.has_fargate_definition("small")
    folder.write(SIX.replace("LONG", "x" * (8193 - OVERRIDES)), "ecschedule.yaml")


def findings(said: Said) -> list[str]:
    return [line for line in said.err.splitlines() if line.startswith(("error: ", "warning: "))]


def test_six_mistakes_are_six_findings_in_one_run_each_at_its_line(esprestack: Esprestack, six: None) -> None:
    said = esprestack("validate", *NO_ROLE)
    assert said.code == 1
    found = findings(said)
    assert len(found) == len(PLACES), said.err
    for line, (place, word) in zip(found, PLACES, strict=True):
        assert line.startswith(f"error: {place}: "), line
        assert word in line


def test_the_same_as_json(esprestack: Esprestack, six: None) -> None:
    said = esprestack("validate", *NO_ROLE, "--format", "json")
    problems = json.loads(said.out)["problems"]
    assert [f"{item['file']}:{item['line']}:{item['column']}" for item in problems] == [place for place, _ in PLACES]


def test_the_same_as_sarif(esprestack: Esprestack, six: None) -> None:
    (run,) = json.loads(esprestack("validate", *NO_ROLE, "--format", "sarif").out)["runs"]
    regions = [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]]
    assert [(region["startLine"], region["startColumn"]) for region in regions] == [
        tuple(map(int, place.split(":")[1:])) for place, _ in PLACES
    ]


# -- what they stop --------------------------------------------------------------------------------------------

WRONG_CONTAINER: dict[str, Any] = {"containerOverrides": [{"name": "ap", "command": ["a"]}]}
NEVER_RUNS: dict[str, Any] = {
    "launch_type": "FARGATE",
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
}


@pytest.mark.parametrize("keys", [WRONG_CONTAINER, NEVER_RUNS], ids=["refused", "never-runs"])
def test_what_aws_refuses_or_never_starts_stops_diff_and_apply(
    esprestack: Esprestack, folder: Folder, front: AwsFront, keys: dict[str, Any]
) -> None:
    folder.config(a_rule(**keys), a_rule("fine"))
    diff = esprestack("diff")
    assert diff.code == 1
    assert "+ create fine" in diff.out, "the plan is shown all the same"
    said = esprestack("apply")
    assert (said.code, written(front)) == (1, [])
    assert "error: nothing was changed" in said.err


def test_a_warning_stops_nothing(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(a_rule(scheduleExpression="cron(0 3 1 1 ? 2020)"))
    said = esprestack("apply")
    assert said.code == 0
    assert "warning: ecschedule.yaml:" in said.err
    assert account.names() == ["nightly"]


def codes(said: Said) -> list[str]:
    return [item["code"] for item in json.loads(said.out)["problems"]]


def test_a_finding_can_be_allowed_by_its_code(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(a_rule(**WRONG_CONTAINER))
    (code,) = codes(esprestack("diff", "--format", "json"))
    assert esprestack("apply", "--allow", code).code == 0
    assert account.names() == ["nightly"]


def test_a_rule_can_allow_a_finding_of_its_own(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule(**WRONG_CONTAINER))
    (code,) = codes(esprestack("diff", "--format", "json"))
    folder.config(a_rule(**WRONG_CONTAINER, allow=[code]), a_rule("other", **WRONG_CONTAINER))
    said = esprestack("diff", "--format", "json")
    assert said.code == 1
    assert codes(said) == [code], "the other rule's"


def test_a_code_that_does_not_exist_is_told(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule())
    said = esprestack("diff", "--allow", "no-rol")
    assert said.code == 1
    assert "`no-rol` is no finding's code, so it can't be allowed (did you mean `no-role`?)" in said.err


def test_a_rules_code_that_does_not_exist_is_a_warning(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule(allow=["no-rol"]))
    said = esprestack("diff")
    assert said.code == 0
    assert "`no-rol` is no finding's code (did you mean `no-role`?)" in said.err


# -- what is asked ---------------------------------------------------------------------------------------------


def test_a_diff_asks_about_changed_rules_alone_and_each_task_definition_once(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_task_definitions("other")
    account.has_rule("same")
    folder.config(a_rule("same"), *(a_rule(f"new-{number}", taskDefinition="other") for number in range(5)))
    front.clear()
    assert esprestack("diff").code == 0
    asked = [call.parameters["taskDefinition"] for call in front.calls if call.operation == "DescribeTaskDefinition"]
    assert asked == [f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/other"] or asked == ["other"]


def test_where_aws_cannot_be_asked_the_texts_findings_are_told_and_that_it_could_not(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    folder.config(a_rule(scheduleExpression="rate(1 days)"))
    front.fail("ListRules", "AccessDeniedException", times=None)
    front.fail("GetCallerIdentity", "AccessDenied", times=None)
    said = esprestack("validate")
    assert said.code == 1
    assert "rate(1 days)" in said.err
    assert "AccessDenied" in said.err


def test_a_secret_is_in_no_finding(esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ESPRESTACK_SECRETS", '{"WORD": "hunter2-hunter2"}')
    secret = "{{ secret `WORD` }}"
    folder.config(
        a_rule(scheduleExpression=f"rate({secret})", taskDefinition=secret, role=secret, group=secret * 30),
        a_rule("b", containerOverrides=[{"name": secret}], taskOverride={"cpu": secret}, platform_version=secret),
    )
    for form in ("text", "json", "sarif"):
        said = esprestack("validate", "--format", form)
        assert said.code == 1
        assert "hunter2" not in said.out + said.err
