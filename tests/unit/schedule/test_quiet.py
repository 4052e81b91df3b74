"""The moments in which a target can be exchanged without a run missed or doubled."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esprestack.schedule import parse
from esprestack.schedule.quiet import MINUTE, quiet_from


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{text}+00:00")


@pytest.mark.parametrize(
    ("expressions", "now", "expected"),
    [
        (["cron(0 3 * * ? *)"], "12:00:00", "12:00:00"),
        (["cron(0 3 * * ? *)"], "02:58:59", "02:58:59"),
        (["cron(0 3 * * ? *)"], "02:59:00", "03:01:00"),
        (["cron(0 3 * * ? *)"], "03:00:30", "03:01:00"),
        (["cron(0 3 * * ? *)"], "03:01:00", "03:01:00"),
        (["cron(0/5 * * * ? *)"], "10:04:10", "10:06:00"),
        (["cron(0/3 * * * ? *)"], "10:02:10", "10:04:00"),
        (["cron(0-30 * * * ? *)"], "10:00:10", "10:31:00"),
        (["cron(0 3 * * ? *)", "cron(1 3 * * ? *)"], "02:59:30", "03:02:00"),
    ],
)
def test_a_moment_is_a_minute_away_from_every_run(expressions: list[str], now: str, expected: str) -> None:
    assert quiet_from(expressions, at(now)) == at(expected)


@pytest.mark.parametrize("expression", ["rate(1 day)", "cron(* * * * ? *)", "cron(0/2 * * * ? *)", "no schedule"])
def test_where_no_moment_can_be_known_there_is_none(expression: str) -> None:
    assert quiet_from([expression], at("10:00:00")) is None


def test_a_schedule_that_is_over_is_quiet() -> None:
    assert quiet_from(["cron(0 3 1 1 ? 2020)"], at("03:00:00")) == at("03:00:00")


@given(
    st.sampled_from(["cron(0/4 * * * ? *)", "cron(7,9,30 */3 ? * MON-FRI *)", "cron(59 23 L * ? *)"]),
    st.integers(0, 365 * 86_400).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)),
)
def test_no_run_is_due_at_a_quiet_moment(expression: str, now: datetime) -> None:
    moment = quiet_from([expression], now)
    assert moment is not None
    assert now <= moment <= now + timedelta(minutes=7)
    run = parse(expression).next_after(moment - MINUTE)
    assert run is not None
    assert run > moment + MINUTE
