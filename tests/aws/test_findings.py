"""Findings from end to end: all in one run, each at its line, and what they stop."""

import json
from typing import Any

import pytest
from tests.aws.account import Account, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack, Said
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)

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
PLACES = {
    "5:3": ("unknown-key", "`descripton`"),
    "12:11": ("no-such-container", "`ap`"),
    "19:38": ("fargate-size", "9999"),
    "21:28": ("schedule-expression", "`rate(1 day)`"),
    "27:3": ("overrides-too-long", "8193"),
    "30:17": ("not-given", "`NOT_SET`"),
}
"""Where each mistake stands, its code, and a word of what is said of it."""


@pytest.fixture
def six(folder: Folder, account: Account) -> None:
    """A config with six mistakes of six kinds."""
    account.has_fargate_definition("small")
    folder.write(SIX.replace("LONG", "x" * (8193 - OVERRIDES)))


def findings(said: Said) -> list[str]:
    return [line for line in said.err.splitlines() if line.startswith(("error: ", "warning: "))]


def problems(said: Said) -> list[dict[str, Any]]:
    """Of a result in JSON."""
    found: list[dict[str, Any]] = json.loads(said.out)["problems"]
    return found


def codes(said: Said) -> list[str]:
    return [problem["code"] for problem in problems(said)]


@pytest.mark.of_rules
def test_six_mistakes_are_six_findings_in_one_run_each_at_its_line(esprestack: Esprestack, six: None) -> None:
    said = esprestack("validate", *NO_ROLE)
    assert (said.code, said.out) == (1, "6 to mend, 0 warnings\n")
    found = findings(said)
    assert len(found) == len(PLACES), said.err
    for line, (place, (_, word)) in zip(found, PLACES.items(), strict=True):
        assert line.startswith(f"error: ecschedule.yaml:{place}: "), line
        assert word in line


@pytest.mark.of_rules
def test_the_same_as_json(esprestack: Esprestack, six: None) -> None:
    said = esprestack("validate", *NO_ROLE, "--format", "json")
    assert said.code == 1
    assert {problem["file"] for problem in problems(said)} == {"ecschedule.yaml"}
    assert [(f"{problem['line']}:{problem['column']}", problem["code"]) for problem in problems(said)] == [
        (place, code) for place, (code, _) in PLACES.items()
    ]
    assert [problem["severity"] for problem in problems(said)] == [
        "error", "never-runs", "never-runs", "refused", "refused", "error",
    ]  # fmt: skip


@pytest.mark.of_rules
def test_the_same_as_sarif(esprestack: Esprestack, six: None) -> None:
    said = esprestack("validate", *NO_ROLE, "--format", "sarif")
    assert said.code == 1
    (run,) = json.loads(said.out)["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {"ecschedule.yaml"}
    assert [f"{place['region']['startLine']}:{place['region']['startColumn']}" for place in places] == list(PLACES)
    assert [result["ruleId"] for result in run["results"]] == [code for code, _ in PLACES.values()]
    assert {result["level"] for result in run["results"]} == {"error"}


@pytest.mark.of_rules
def test_columns_count_characters(esprestack: Esprestack, folder: Folder) -> None:
    line = "- {name: a, taskDefinition: app, description: größe 😀, scheduleExpression: rate(1 days)}"
    folder.write(f"region: eu-central-1\ncluster: jobs\nrules:\n{line}\n")
    (problem,) = problems(esprestack("validate", "--offline", "--format", "json"))
    assert (problem["line"], problem["column"]) == (4, 1 + line.index("1 days"))


# -- what they stop --------------------------------------------------------------------------------------------

REFUSED: dict[str, Any] = {"scheduleExpression": "rate(1 days)"}
WRONG_CONTAINER: dict[str, Any] = {"containerOverrides": [{"name": "ap", "command": ["a"]}]}
WARNED: dict[str, Any] = {"scheduleExpression": "cron(0 3 1 1 ? 2020)"}
STOPPING = [
    pytest.param(REFUSED, "schedule-expression", "refused", id="refused"),
    pytest.param(WRONG_CONTAINER, "no-such-container", "never-runs", id="never-runs"),
]


@pytest.mark.of_rules
@pytest.mark.parametrize(("keys", "code", "severity"), STOPPING)
def test_what_aws_refuses_or_never_starts_fails_a_diff_which_shows_its_plan_all_the_same(
    esprestack: Esprestack, folder: Folder, keys: dict[str, Any], code: str, severity: str
) -> None:
    folder.config(a_rule(**keys), a_rule("fine"))
    said = esprestack("diff", "--exit-code", "--format", "json")
    assert said.code == 1
    assert [(problem["code"], problem["severity"]) for problem in problems(said)] == [(code, severity)]
    assert [change["rule"] for change in json.loads(said.out)["plans"][0]["changes"]] == ["fine", "nightly"]


@pytest.mark.of_rules
@pytest.mark.parametrize(("keys", "code", "severity"), STOPPING)
def test_it_stops_an_apply_before_anything_is_written(
    esprestack: Esprestack, folder: Folder, front: AwsFront, keys: dict[str, Any], code: str, severity: str
) -> None:
    folder.config(a_rule(**keys), a_rule("fine"))
    for arguments in (
        ("apply",),
        ("apply", "--dry-run"),
        ("apply", "--rule", "nightly"),
        ("apply", "--format", "json"),
    ):
        said = esprestack(*arguments)
        assert (said.code, written(front)) == (1, []), arguments
        assert f"[{code}]" in said.err
    assert "error: nothing was changed" in said.err


def test_a_warning_stops_nothing(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(a_rule(**WARNED))
    for arguments in (("validate", *NO_ROLE), ("diff",), ("apply",)):
        said = esprestack(*arguments)
        assert said.code == 0
        assert findings(said)[0].startswith("warning: ecschedule.yaml:5:23: the schedule `cron(0 3 1 1 ? 2020)`")
    assert account.names() == ["nightly"]


# -- what is allowed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keys", "code", "severity"), STOPPING)
def test_a_finding_can_be_allowed_by_its_code(
    esprestack: Esprestack, folder: Folder, account: Account, keys: dict[str, Any], code: str, severity: str
) -> None:
    folder.config(a_rule(**keys))
    said = esprestack("apply", "--allow", code)
    assert (said.code, findings(said), account.names()) == (0, [], ["nightly"])


@pytest.mark.of_rules
def test_a_rule_allows_a_finding_of_its_own_alone(esprestack: Esprestack, folder: Folder) -> None:
    allowing = a_rule("a", **WRONG_CONTAINER, **REFUSED, allow=["no-such-container"])
    folder.config(allowing, a_rule("b", containerOverrides=[{"name": "bp"}]))
    said = esprestack("diff", "--format", "json")
    assert said.code == 1
    assert [(problem["code"], problem["line"]) for problem in problems(said)] == [
        ("schedule-expression", 5),
        ("no-such-container", 17),
    ]


def test_an_error_cannot_be_allowed(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule(descripton="Every night", allow=["unknown-key"]))
    said = esprestack("validate", "--offline")
    assert said.code == 1
    assert "`descripton` is not a key of a rule" in said.err
    said = esprestack("validate", "--offline", "--allow", "unknown-key")
    assert (said.code, "so it can't be allowed" in said.err) == (1, True)


def test_a_code_that_does_not_exist_is_told(esprestack: Esprestack, folder: Folder, front: AwsFront) -> None:
    folder.config()
    said = esprestack("diff", "--allow", "no-rol", "--allow", "xyz")
    assert said.code == 1
    assert findings(said) == [
        "error: `no-rol` is no finding's code, so it can't be allowed (did you mean `no-role`?)",
        "error: `xyz` is no finding's code, so it can't be allowed (see docs/findings.md)",
    ]
    assert front.calls == []


def test_a_rules_code_that_does_not_exist_is_a_warning(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule(allow=["no-rol"]))
    said = esprestack("diff")
    assert said.code == 0
    assert findings(said) == [
        "warning: ecschedule.yaml:8:5: `no-rol` is no finding's code (did you mean `no-role`?) [unknown-code]"
    ]


# -- what is asked ---------------------------------------------------------------------------------------------


def asked_for(front: AwsFront) -> list[str]:
    """The task definitions that AWS was asked for."""
    return [call.parameters["taskDefinition"] for call in front.calls if call.operation == "DescribeTaskDefinition"]


def test_a_diff_asks_about_changed_rules_alone_and_each_task_definition_once(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_task_definitions("other")
    account.has_rule("same")
    folder.config(a_rule("same"), *(a_rule(f"new-{number}", taskDefinition="other") for number in range(5)))
    assert esprestack("diff").code == 0
    assert asked_for(front) == ["other"]


def two_configs(folder: Folder) -> None:
    for name in ("a", "b"):
        folder.config(a_rule(name), name=f"{name}.yaml", trackingId=name)


BOTH = ("-c", "a.yaml", "-c", "b.yaml")


def test_configs_share_what_was_asked(esprestack: Esprestack, folder: Folder, front: AwsFront) -> None:
    two_configs(folder)
    said = esprestack("validate", *BOTH, "--format", "json")
    assert [(problem["file"], problem["code"]) for problem in problems(said)] == [
        ("a.yaml", "no-role"),
        ("b.yaml", "no-role"),
    ]
    assert (asked_for(front), front.count("GetRole")) == (["app"], 1)


@pytest.mark.parametrize(
    ("key", "name", "code"),
    [
        ("taskDefinition", "a b", "task-definition-name"),
        ("taskDefinition", "app:latest", "task-definition-name"),
        ("role", "a b", "role-name"),
        ("role", "service-role/", "role-name"),
    ],
)
def test_a_name_that_cannot_be_one_is_told_once_and_not_asked_for(
    esprestack: Esprestack, folder: Folder, front: AwsFront, key: str, name: str, code: str
) -> None:
    folder.config(a_rule(**{"role": "arn:aws:iam::999999999999:role/elsewhere", key: name}))
    said = esprestack("validate", "--allow", "role-elsewhere", "--format", "json")
    assert codes(said) == [code]
    assert front.count("GetRole") + front.count("DescribeTaskDefinition") == (key == "role")


# -- what could not be asked -----------------------------------------------------------------------------------


@pytest.mark.of_rules
def test_what_may_not_be_asked_is_said_once_beside_the_findings_of_the_text(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    two_configs(folder)
    folder.config(a_rule("a", **REFUSED), a_rule("c", taskDefinition="other"), name="a.yaml", trackingId="a")
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    front.fail("GetRole", "AccessDenied", times=None)
    said = esprestack("validate", *BOTH)
    assert (said.code, said.out) == (1, "1 to mend, 2 warnings\n")
    definitions, roles, schedule = findings(said)
    assert definitions.startswith("warning: a.yaml:4:9: not checked are task definitions: ecs:DescribeTaskDefinition")
    assert "allow ecs:DescribeTaskDefinition in the policy of the role that runs esprestack" in definitions
    assert roles.startswith("warning: a.yaml:4:9: not checked are roles: iam:GetRole: AccessDenied")
    assert schedule.startswith("error: a.yaml:5:28: the schedule expression `rate(1 days)`")


def test_what_may_not_be_asked_stops_no_apply(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config()
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    said = esprestack("apply")
    assert (said.code, account.names()) == (0, ["nightly"])
    assert "[not-asked]" in findings(said)[0]


@pytest.mark.of_rules
@pytest.mark.parametrize("why", ["no network", "no credentials", "not allowed"])
def test_without_aws_a_validation_tells_the_findings_of_the_text_and_why_it_is_not_all(
    esprestack: Esprestack, folder: Folder, front: AwsFront, environment: pytest.MonkeyPatch, why: str
) -> None:
    folder.config(a_rule(**REFUSED), a_rule("b", **WRONG_CONTAINER))
    match why:
        case "no network":
            environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            expected = "AWS can't be reached"
        case "no credentials":
            environment.delenv("AWS_ACCESS_KEY_ID")
            environment.delenv("AWS_SECRET_ACCESS_KEY")
            expected = "no AWS credentials"
        case _:
            front.fail("ListRules", "AccessDeniedException", times=None)
            expected = "allow events:ListRules"
    said = esprestack("validate")
    assert (said.code, said.out) == (1, "2 to mend, 0 warnings\n")
    found, reason = findings(said)
    assert found.startswith("error: ecschedule.yaml:5:28: the schedule expression `rate(1 days)`")
    assert expected in reason
    (run,) = json.loads(esprestack("validate", "--format", "sarif").out)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["schedule-expression"]
    assert run["invocations"][0]["executionSuccessful"] is False


# -- secrets ---------------------------------------------------------------------------------------------------

SECRET = "{{ secret `WORD` }}"
WITH_SECRETS = [
    a_rule(scheduleExpression=f"rate({SECRET})", taskDefinition=SECRET, role=SECRET, platform_version=SECRET),
    a_rule(
        "b",
        scheduleExpression="rate(2 days)",
        containerOverrides=[{"name": SECRET, "environmentFiles": [{"type": "s3", "value": SECRET}]}],
        taskOverride={"cpu": SECRET, "memory": SECRET, "taskRole": f"{SECRET} x"},
        network_configuration={"aws_vpc_configuration": {"subnets": [SECRET], "security_groups": [SECRET]}},
        dead_letter_config={"sqs": f"{SECRET} x"},
        tags={"key": SECRET * 20},
    ),
]


@pytest.fixture
def with_secrets(folder: Folder, environment: pytest.MonkeyPatch) -> None:
    """A config with secrets wherever a finding could quote them."""
    environment.setenv("ESPRESTACK_SECRETS", '{"WORD": "hunter2-hunter2"}')
    folder.config(*WITH_SECRETS)


def test_findings_are_made_of_secrets_too(esprestack: Esprestack, with_secrets: None) -> None:
    found = problems(esprestack("validate", *NO_ROLE, "--format", "json"))
    assert {problem["code"] for problem in found if "(secret)" in problem["what"]} == {
        "dead-letter-queue", "environment-file", "no-such-container", "no-task-definition", "platform-version",
        "schedule-expression", "security-group-id", "subnet-id", "task-role-name", "task-size",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_secret_is_in_no_finding(esprestack: Esprestack, with_secrets: None, form: str) -> None:
    said = esprestack("validate", "--format", form)
    assert said.code == 1
    assert "hunter2" not in said.out + said.err


@pytest.mark.parametrize(
    "arguments", [("diff",), ("diff", "--format", "json"), ("diff", "--format", "markdown"), ("apply",)]
)
def test_nor_in_one_beside_a_plan(esprestack: Esprestack, with_secrets: None, arguments: tuple[str, ...]) -> None:
    said = esprestack(*arguments)
    assert (said.code, "(secret)" in said.out + said.err, "hunter2" in said.out + said.err) == (1, True, False)
