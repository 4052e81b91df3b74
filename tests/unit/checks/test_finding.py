"""Which findings are left when codes are allowed, for everybody or for one rule."""

from tests.unit.checks.builders import desired, offline
from tests.unit.config.builders import a_config

from esprestack.checks.finding import Finding, remaining
from esprestack.errors import Problem, Severity

SECOND = "- {name: other, scheduleExpression: rate(2 days), taskDefinition: b, launch_type: FARGATE}\n"
TEXT = a_config("launch_type: FARGATE", "allow: [fargate-without-network]") + SECOND


def test_a_rule_allows_what_it_names_for_itself_alone() -> None:
    (left,) = remaining(offline(TEXT), desired(TEXT))
    assert (left.code, left.where and left.where.line) == ("fargate-without-network", 8)


def test_a_code_is_allowed_for_everybody() -> None:
    assert remaining(offline(TEXT), desired(TEXT), ["fargate-without-network"]) == []
    assert len(remaining(offline(TEXT), desired(TEXT), ["no-role"])) == 1


def test_a_rule_can_be_allowed_what_is_found_at_it_for_the_whole_config_only_for_everybody() -> None:
    finding = Finding("", Problem("the bus is full", code="rules-quota", severity=Severity.WARNING))
    text = a_config("allow: [rules-quota]")
    assert remaining([finding], desired(text)) == [finding.problem]
    assert remaining([finding], desired(text), ["rules-quota"]) == []


def test_an_error_can_not_be_allowed() -> None:
    error = Problem("this can't be understood", code="no-role", severity=Severity.ERROR)
    assert remaining([Finding("report", error)], desired(a_config("allow: [no-role]")), ["no-role"]) == [error]
