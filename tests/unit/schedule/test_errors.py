"""What is wrong with an expression: the field, its place, and what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esprestack.schedule import Dialect, ScheduleError, explain, parse


@pytest.mark.parametrize(
    ("expression", "marked", "what", "todo"),
    [
        ("cron(60 * * * ? *)", "60", "minutes `60`: 60 is not from 0 to 59", "0 to 59; for example 0/15"),
        ("cron(0 24 * * ? *)", "24", "hours `24`: 24 is not from 0 to 23", "0 to 23; for example 8-17"),
        ("cron(0 0 ? JANUARY MON *)", "JANUARY", "month `JANUARY`: `JANUARY` isn't a value of it", "write JAN"),
        ("cron(0 0 ? * 0 *)", "0", "day-of-week `0`: 0 is not from 1 to 7", "Sunday is 1 or SUN here"),
        ("cron(0 0 ? * 2#6 *)", "2#6", "day-of-week `2#6`: `#6` isn't a week of a month", "write #1 to #5"),
        ("cron(0 0 ? * 3#1,6#3 *)", "3#1,6#3", "day-of-week `3#1,6#3`: with `#` only one expression is allowed", "make a rule of its own for each day"),
        ("cron(0 1, * * ? *)", "1,", "hours `1,`: a comma stands without a value", "remove it"),
        ("cron(0/x * * * ? *)", "0/x", "minutes `0/x`: the increment `x` isn't a number", "for example 0/15"),
        ("cron(0 L * * ? *)", "L", "hours `L`: `L` isn't a value of it", "this field doesn't take L, W, # or ?; for example 8-17"),
        ("cron(0 10 * * * *)", "* * *", "day-of-month and day-of-week can't both be given", "write `?` in one of them: `cron(0 10 * * ? *)`"),
        ("cron(0 10 1 * MON *)", "1 * MON", "day-of-month and day-of-week can't both be given", "write `?` in one of them: `cron(0 10 ? * MON *)`"),
        ("cron(0 10 ? * ? *)", "? * ?", "both day fields are `?`", "write `*` in one of them"),
        ("cron(0 10 * * *)", "0 10 * * *", "cron has six fields, this has 5", "write cron(minutes hours day-of-month month day-of-week year); with a year: `cron(0 10 * * ? *)`"),
        ("cron(0 0 10 * * ? *)", "0 0 10 * * ? *", "cron has six fields, this has 7", "write cron(minutes hours day-of-month month day-of-week year); there are no seconds"),
        ("cron( 0 10 * * ? *)", " 0 10 * * ? *", "a blank stands next to a parenthesis", "write `cron(0 10 * * ? *)`"),
        ("0 10 * * ? *", "0 10 * * ? *", "`cron(` and `)` are missing", "write `cron(0 10 * * ? *)`"),
        ("CRON(0 10 * * ? *)", "CRON(0 10 * * ? *)", "`CRON(` isn't known", "write `cron(`, in lower case and without blanks"),
        ("cron(0 10 * * ? *", "cron(0 10 * * ? *", "the closing parenthesis is missing", "it is the last character"),
        (" rate(5 minutes)", " rate(5 minutes)", "blanks stand around the expression", "write `rate(5 minutes)`"),
        ("rate(1 days)", "1 days", "1 takes the singular", "write `rate(1 day)`"),
        ("rate(5 minute)", "5 minute", "5 takes the plural", "write `rate(5 minutes)`"),
        ("rate(0 minutes)", "0 minutes", "the value must be 1 or more", "write `rate(1 minute)`"),
        ("rate(5  minutes)", "5  minutes", "rate has a value and a unit, with one blank between them", "write `rate(5 minutes)`"),
        ("rate(5 weeks)", "5 weeks", "`weeks` is no unit of rate", "write `rate(5 minutes), rate(1 hour) or rate(7 days)`"),
        ("at(2026-01-01T00:00:00)", "at(2026-01-01T00:00:00)", "at(…) exists on EventBridge Scheduler only", "write cron(…) with a year, or use EventBridge Scheduler"),
        ("daily", "daily", "`daily` is no schedule expression", "write cron(0 10 * * ? *) or rate(5 minutes)"),
    ],
)  # fmt: skip
def test_an_error_names_the_field_and_what_would_be_right(expression: str, marked: str, what: str, todo: str) -> None:
    with pytest.raises(ScheduleError) as error:
        parse(expression)
    assert (error.value.what, error.value.todo) == (what, todo)
    assert expression[error.value.start : error.value.end] == marked


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("at(2026-02-30T00:00:00)", "`2026-02-30T00:00:00` doesn't exist: day is out of range for month"),
        ("at(2026-01-01)", "`2026-01-01` isn't a date and time"),
        ("at(2026-01-01T00:00:00Z)", "`2026-01-01T00:00:00Z` isn't a date and time"),
    ],
)
def test_a_moment_of_the_scheduler_is_checked(expression: str, what: str) -> None:
    with pytest.raises(ScheduleError) as error:
        parse(expression, Dialect.SCHEDULER)
    assert error.value.what == what


@pytest.mark.parametrize(
    "expression",
    [
        "cron(١ * * * ? *)",
        "rate(١ day)",
        "cron(0 0 1 1 ? ²⁰²⁶)",
        "rate(99999999999999999999 days)",
        "cron(0/99999 * * * ? *)",
        "x" * 257,
        "",
        "(",
        ")",
        "cron()",
        "cron(((",
        "rate(1\tday)",
    ],
)
def test_odd_texts_are_refused(expression: str) -> None:
    with pytest.raises(ScheduleError) as error:
        parse(expression)
    assert len(str(error.value)) < 300


@given(st.text(st.sampled_from("0123456789*?/,-#LW MONcrateh()minutes"), max_size=60), st.sampled_from(Dialect))
def test_any_text_is_a_schedule_or_an_error_with_its_place(text: str, dialect: Dialect) -> None:
    for expression in (text, f"cron({text})", f"rate({text})", f"at({text})"):
        try:
            schedule = parse(expression, dialect)
        except ScheduleError as error:
            assert 0 <= error.start < error.end <= max(len(expression), 1) + 1
        else:
            assert len(explain(schedule)) < 500
