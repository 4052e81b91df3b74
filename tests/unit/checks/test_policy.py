"""What IAM statements say of a request: yes, no, or that it can't be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esprestack.checks.policy import Request, Verdict, decide, matches
from esprestack.facts import Condition, Statement

YES, NO, UNCLEAR = Verdict.YES, Verdict.NO, Verdict.UNCLEAR
RUN = Request(
    "ecs:RunTask", "arn:aws:ecs:eu-west-1:1:task-definition/app:*", context={"ecs:cluster": "arn:aws:ecs:r:1:cluster/a"}
)


def a_statement(
    allows: bool = True,
    actions: tuple[str, ...] | None = ("ecs:RunTask",),
    resources: tuple[str, ...] | None = ("*",),
    conditions: tuple[Condition, ...] = (),
) -> Statement:
    return Statement(allows, actions, resources, (), conditions)


DENY = a_statement(allows=False)
ALLOW = a_statement()
MAYBE = a_statement(conditions=(Condition("Bool", "aws:SecureTransport", ("true",)),))
MAYBE_NOT = a_statement(allows=False, actions=None)


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([], NO),
        ([ALLOW], YES),
        ([DENY], NO),
        ([ALLOW, DENY], NO),
        ([MAYBE], UNCLEAR),
        ([MAYBE, ALLOW], YES),
        ([ALLOW, MAYBE_NOT], UNCLEAR),
        ([MAYBE_NOT], NO),
        ([MAYBE, DENY], NO),
        ([a_statement(actions=("ecs:StopTask",))], NO),
        ([a_statement(actions=("ECS:runtask",))], YES),
        ([a_statement(actions=("ecs:*",))], YES),
        ([a_statement(actions=("ecs:Run????",))], YES),
        ([a_statement(actions=("s3:*", "*"))], YES),
        ([a_statement(resources=("arn:aws:ecs:*:1:task-definition/app:*",))], YES),
        ([a_statement(resources=("arn:aws:ecs:*:1:task-definition/app",))], NO),
        ([a_statement(resources=("arn:aws:ecs:*:1:task-definition/app:7",))], NO),
        ([a_statement(resources=("arn:aws:ecs:*:1:task-definition/other:*",))], NO),
        ([a_statement(resources=())], NO),
        ([a_statement(resources=None)], UNCLEAR),
        ([a_statement(resources=("arn:aws:ecs:*:1:task-definition/${aws:username}",))], UNCLEAR),
    ],
)
def test_statements_decide_together(statements: list[Statement], verdict: Verdict) -> None:
    assert decide(statements, RUN) is verdict


@pytest.mark.parametrize(
    ("operator", "key", "values", "verdict"),
    [
        ("StringEquals", "ecs:cluster", ("arn:aws:ecs:r:1:cluster/a",), YES),
        ("ArnEquals", "ECS:Cluster", ("arn:aws:ecs:r:1:cluster/b", "arn:aws:ecs:r:1:cluster/a"), YES),
        ("ArnLike", "ecs:cluster", ("arn:aws:ecs:*:1:cluster/*",), YES),
        ("ArnEqualsIfExists", "ecs:cluster", ("arn:aws:ecs:r:1:cluster/?",), YES),
        ("StringLike", "ecs:cluster", ("*/b",), NO),
        ("StringEquals", "ecs:cluster", ("arn:aws:ecs:*:1:cluster/a",), NO),
        ("StringEquals", "ecs:cluster", ("ARN:aws:ecs:r:1:cluster/a",), NO),
        ("StringEqualsIgnoreCase", "ecs:cluster", ("ARN:aws:ecs:r:1:cluster/a",), YES),
        ("StringNotEquals", "ecs:cluster", ("arn:aws:ecs:r:1:cluster/a",), UNCLEAR),
        ("ForAnyValue:StringEquals", "ecs:cluster", ("arn:aws:ecs:r:1:cluster/a",), UNCLEAR),
        ("ArnLike", "ecs:cluster", ("arn:aws:ecs:r:1:cluster/${aws:PrincipalTag/team}",), UNCLEAR),
        ("StringEquals", "aws:RequestedRegion", ("eu-west-1",), UNCLEAR),
    ],
)
def test_a_condition_holds_or_not_or_is_unclear(
    operator: str, key: str, values: tuple[str, ...], verdict: Verdict
) -> None:
    assert decide([a_statement(conditions=(Condition(operator, key, values),))], RUN) is verdict


def test_all_conditions_have_to_hold() -> None:
    on_another = Condition("ArnEquals", "ecs:cluster", ("arn:aws:ecs:r:1:cluster/b",))
    unknown = Condition("Bool", "aws:SecureTransport", ("true",))
    assert decide([a_statement(conditions=(unknown, on_another))], RUN) is NO


@pytest.mark.parametrize(
    ("services", "verdict"),
    [(("events.amazonaws.com",), YES), (("scheduler.amazonaws.com",), NO), ((), NO), (None, UNCLEAR)],
)
def test_a_trust_policy_names_services(services: tuple[str, ...] | None, verdict: Verdict) -> None:
    trust = [Statement(True, ("sts:AssumeRole",), (), services)]
    assert decide(trust, Request("sts:AssumeRole", service="events.amazonaws.com")) is verdict


def plainly_matches(pattern: str, text: str) -> bool:
    """The definition, as slow as it is short."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(plainly_matches(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and plainly_matches(pattern[1:], text[1:])


@given(st.text("ab*?", max_size=7), st.text("ab*", max_size=8))
def test_wildcards_are_any_number_and_one(pattern: str, text: str) -> None:
    assert matches(pattern, text) == plainly_matches(pattern, text)


@given(st.text(max_size=20))
def test_what_holds_no_wildcard_matches_itself_alone(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert matches(plain, plain)
    assert not matches(plain, f"{plain}x")


@given(st.text(max_size=20), st.text(max_size=5), st.text(max_size=5))
def test_a_star_covers_every_ending_and_beginning(text: str, before: str, after: str) -> None:
    assert matches(f"*{text}*", f"{before}{text}{after}") or any(mark in text for mark in "*?")


def test_many_stars_are_matched_without_trying_every_way() -> None:
    assert not matches("*a" * 12 + "b", "a" * 200)
