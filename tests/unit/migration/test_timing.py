"""What a rate counts from, and what can't be promised of a rule that has no gaps."""

from datetime import timedelta

import pytest
from tests.unit.migration.builders import GUARD, at, runs

from esprestack.migration.timing import count_alike, first_start, last_start, source_times, window, window_to_rules
from esprestack.rule import Rule
from esprestack.schedule import Rate, parse


def a_rate(expression: str = "rate(30 minutes)") -> Rate:
    rate = parse(expression)
    assert isinstance(rate, Rate)
    return rate


def test_a_rate_counts_from_the_last_of_the_starts_that_lie_its_period_apart() -> None:
    assert last_start(a_rate(), [at("10:00:05"), at("10:30:04"), at("11:00:07")]) == at("11:00:07")
    assert last_start(a_rate(), [at("10:00:05"), at("11:30:04")]) == at("11:30:04")


@pytest.mark.parametrize("starts", [[], ["10:00:05", "10:12:00"], ["10:00:05", "10:30:04", "10:58:00"]])
def test_starts_that_do_not_agree_tell_nothing(starts: list[str]) -> None:
    assert last_start(a_rate(), [at(start) for start in starts]) is None


def test_two_moments_count_alike_where_they_are_a_period_apart_but_for_a_minute() -> None:
    assert count_alike(a_rate(), at("10:00:00"), at("11:30:40"))
    assert count_alike(a_rate(), at("11:30:40"), at("10:00:00"))
    assert not count_alike(a_rate(), at("10:00:00"), at("11:32:00"))


def test_the_first_run_of_a_rate_that_nobody_knows_comes_a_period_after_the_last_that_may_have_been() -> None:
    assert first_start(a_rate(), at("10:00:00"), GUARD) == at("10:35:00")


def test_when_a_rate_runs_is_not_known_without_a_start() -> None:
    rule = Rule(name="poll", schedule_expression="rate(30 minutes)", target=None)
    assert source_times(rule, ()) is None
    times = source_times(rule, [at("10:00:05")])
    assert times is not None
    assert next(times.runs(at("10:10:00"))) == at("10:30:05")


def test_of_a_rule_with_gaps_nothing_is_risked() -> None:
    found = window(parse("cron(0 3 * * ? *)"), runs("cron(0 3 * * ? *)"), at("12:00:00"), GUARD)
    assert (found.calm, found.risk) == (GUARD, "")


@pytest.mark.parametrize(
    ("expression", "calm", "risk", "todo"),
    [
        (
            "cron(* * * * ? *)",
            0,
            "never has two runs 13 minutes apart: up to 14 runs may be missed",
            "accept that with --accept-missed-runs",
        ),
        (
            "cron(0/10 * * * ? *)",
            3,
            "never has two runs 13 minutes apart: up to 1 run may be missed",
            "give it --guard 3, or accept that with --accept-missed-runs",
        ),
    ],
)
def test_of_one_without_gaps_it_is_said_how_many_runs_may_be_missed_and_what_to_do(
    expression: str, calm: int, risk: str, todo: str
) -> None:
    found = window(parse(expression), runs(expression), at("12:00:30"), GUARD)
    assert (found.calm, found.risk, found.todo) == (timedelta(minutes=calm), risk, todo)


def test_a_rate_that_becomes_a_rule_again_counts_from_a_moment_that_aws_alone_knows() -> None:
    times = runs("rate(30 minutes)", anchor="10:00:00")
    found = window_to_rules(a_rate(), times, at("10:10:00"), GUARD)
    assert found.risk.startswith("counts from a moment that AWS alone knows once it is a rule")
    assert found.gap.opens == at("10:10:00")
