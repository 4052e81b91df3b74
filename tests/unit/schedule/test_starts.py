"""Starts that have passed, and what says the same."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.strategies import QUICK

from esprestack.schedule import Dialect, parse
from esprestack.schedule.starts import LEEWAY, mean_the_same, start_to_say

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CRON, RATE, AT = "cron(0 3 * * ? *)", "rate(45 minutes)", "at(2027-01-01T00:00:00)"


def ago(**of: int) -> datetime:
    return NOW - timedelta(**of)


@pytest.mark.parametrize("expression", [CRON, RATE, AT, "no schedule"])
@pytest.mark.parametrize("start", [None, NOW, ago(minutes=4), NOW + timedelta(days=3)])
def test_what_aws_takes_is_said_as_it_is(expression: str, start: datetime | None) -> None:
    assert start_to_say(expression, start, NOW) == start


def test_a_start_in_the_past_means_nothing_any_more_but_to_a_rate() -> None:
    assert start_to_say(CRON, ago(hours=1), NOW) is None
    assert start_to_say(AT, ago(hours=1), NOW) is None
    assert start_to_say(RATE, ago(hours=1), NOW) == NOW + timedelta(minutes=30)


@settings(QUICK)
@given(st.integers(1, 10_000), st.integers(1, 500))
def test_the_runs_of_a_rate_stay_the_same(minutes: int, period: int) -> None:
    expression, start = f"rate({period} minutes)" if period > 1 else "rate(1 minute)", ago(minutes=minutes)
    said = start_to_say(expression, start, NOW)
    assert said is not None
    assert said >= NOW - LEEWAY
    assert mean_the_same(expression, start, said, NOW)
    rate = parse(expression, Dialect.SCHEDULER)
    assert rate.next_after(NOW, anchor=said) == rate.next_after(NOW, anchor=start)


@pytest.mark.parametrize(
    ("expression", "one", "other", "same"),
    [
        (CRON, ago(days=1), None, True),
        (CRON, ago(days=1), ago(days=9), True),
        (CRON, NOW + timedelta(hours=1), None, False),
        (CRON, NOW + timedelta(hours=1), ago(days=1), False),
        (RATE, ago(minutes=45), ago(minutes=90), True),
        (RATE, ago(minutes=45), ago(minutes=50), False),
        (RATE, ago(minutes=45), NOW + timedelta(minutes=45), True),
        (RATE, ago(minutes=45), NOW + timedelta(minutes=90), False),
        (RATE, ago(minutes=45), None, False),
    ],
)
def test_two_starts_mean_the_same(expression: str, one: datetime, other: datetime | None, same: bool) -> None:
    assert mean_the_same(expression, one, other, NOW) is same
