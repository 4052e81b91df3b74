"""What is wrong with an expression: the field, its place, and what would be right."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esprestack.schedule import Dialect, ScheduleError, explain, parse


@pytest.mark.parametrize(
    ("expression", "marked", "what", "todo"),
    [
        ("cron(60 * * * ? *)", "60", "minutes `60`: 60 is not from 0 to 59", "0 to 59; for example 0/15"),
        ("cron(0 24 * * ? *)", "24", "hours `24`: 24 is not from 0 to 23", "0 to 23; for example 8-17"),
        ("cron(0 0 ? JANUARY MON *)", "JANUARY", "month `JANUARY`: `JANUARY` isn't a value of it", "write JAN"),
        ("cron(0 0 ? * 0 *)", "0", "day-of-week `0`: 0 is not from 1 to 7", "Sunday is 1 or SUN here: write `SUN`"),
        ("cron(0 0 ? * 0-4 *)", "0-4", "day-of-week `0-4`: 0 is not from 1 to 7", "Sunday is 1 or SUN here: write `SUN-THU`"),
        ("cron(0 0 ? * 0,6 *)", "0,6", "day-of-week `0,6`: 0 is not from 1 to 7", "Sunday is 1 or SUN here: write `SUN,SAT`"),
        ("cron(0 0 ? * 8 *)", "8", "day-of-week `8`: 8 is not from 1 to 7", "1 to 7, or SUN to SAT; for example ?, MON-FRI or 2#1"),
        ("cron(0 0 ? * 2W *)", "2W", "day-of-week `2W`: `2W` isn't a value of it", "this field doesn't take W; for example ?, MON-FRI or 2#1"),
        ("cron(0 0 W * ? *)", "W", "day-of-month `W`: `W` isn't a value of it", "1 to 31; for example ?, 1, 15W or L"),
        ("cron(0 0 L-31 * ? *)", "L-31", "day-of-month `L-31`: no month has such a day", "L-30 is the first of a month of 31 days"),
        ("cron(0 0 ? * L-7 *)", "L-7", "day-of-week `L-7`: no week has such a day", "write the day, for example MON"),
        ("cron(0 0 10 * * ?)", "?", "year `?`: `?` isn't a value of it", "the last field is the year, `*` is every year; there are no seconds"),
        ("cron(0 0 1 1 ? 2200)", "2200", "year `2200`: 2200 is not from 1970 to 2199", "1970 to 2199; for example *"),
        ("cron(0 0 1 0 ? *)", "0", "month `0`: 0 is not from 1 to 12", "1 to 12, or JAN to DEC; for example * or JAN-MAR"),
        ("cron(0 0 ? * 2#6 *)", "2#6", "day-of-week `2#6`: `#6` isn't a week of a month", "write #1 to #5"),
        ("cron(0 0 ? * 3#1,6#3 *)", "3#1,6#3", "day-of-week `3#1,6#3`: with `#` only one expression is allowed", "make a rule of its own for each day"),
        ("cron(0 1, * * ? *)", "1,", "hours `1,`: a comma stands without a value", "remove it"),
        ("cron(0/x * * * ? *)", "0/x", "minutes `0/x`: the increment `x` isn't a number", "a number stands behind the `/`, for example 0/2"),
        ("cron(5/ * * * ? *)", "5/", "minutes `5/`: the increment is missing", "a number stands behind the `/`, for example 5/2"),
        ("cron(/5 * * * ? *)", "/5", "minutes `/5`: a value is missing", "0 to 59; for example 0/15"),
        ("cron(0 L * * ? *)", "L", "hours `L`: `L` isn't a value of it", "this field doesn't take L; for example 8-17"),
        ("cron(0 10 * * * *)", "* * *", "day-of-month and day-of-week can't both be given", "write `?` in one of them: `cron(0 10 * * ? *)`"),
        ("cron(0 10 * * 1-5 *)", "* * 1-5", "day-of-month and day-of-week can't both be given", "write `?` in one of them: `cron(0 10 ? * 1-5 *)`; Sunday is 1 here, Monday 2"),
        ("cron(0 10 1 * MON *)", "1 * MON", "day-of-month and day-of-week can't both be given", "write `?` in one of them: `cron(0 10 1 * ? *)` or `cron(0 10 ? * MON *)`"),
        ("cron(0 10 ? * ? *)", "? * ?", "both day fields are `?`", "write `*` in one of them"),
        ("cron(0 10 * * *)", "0 10 * * *", "cron has six fields, this has 5: the year is missing", "write `cron(0 10 * * ? *)`"),
        ("cron(0 10 ? * 2-6)", "0 10 ? * 2-6", "cron has six fields, this has 5: the year is missing", "write `cron(0 10 ? * 2-6 *)`"),
        ("cron(0 10 * * 1-5)", "0 10 * * 1-5", "cron has six fields, this has 5: the year is missing", "write `cron(0 10 ? * MON-FRI *)`"),
        ("cron(0 10 1 * 1)", "0 10 1 * 1", "cron has six fields, this has 5: the year is missing", "make two rules, `cron(0 10 1 * ? *)` and `cron(0 10 ? * MON *)`"),
        ("cron(10 * * ? *)", "10 * * ? *", "cron has six fields, this has 5: one before the `?` is missing", "write cron(minutes hours day-of-month month day-of-week year)"),
        ("cron(0 10)", "0 10", "cron has six fields, this has 2", "write cron(minutes hours day-of-month month day-of-week year)"),
        ("cron(0 0 10 * * ? *)", "0 0 10 * * ? *", "cron has six fields, this has 7: there are no seconds", "write `cron(0 10 * * ? *)`"),
        ("cron( 0 10 * * ? *)", " 0 10 * * ? *", "a blank stands next to a parenthesis", "write `cron(0 10 * * ? *)`"),
        ("cron(0 60 * * ? * )", "0 60 * * ? * ", "a blank stands next to a parenthesis", "remove it; then hours `60`: 60 is not from 0 to 23 (0 to 23; for example 8-17)"),
        ("0 10 * * ? *", "0 10 * * ? *", "`cron(` and `)` are missing", "write `cron(0 10 * * ? *)`"),
        ("0 10 * * 1-5", "0 10 * * 1-5", "`cron(` and `)` are missing", "write `cron(0 10 ? * MON-FRI *)`"),
        ("*/5 * * * 5-7", "*/5 * * * 5-7", "`cron(` and `)` are missing", "write `cron(*/5 * ? * SUN,FRI,SAT *)`"),
        ("CRON(0 10 * * ? *)", "CRON(0 10 * * ? *)", "`CRON(` isn't known", "write `cron(0 10 * * ? *)`"),
        ("cron (0 10 * * ? *)", "cron (0 10 * * ? *)", "`cron (` isn't known", "write `cron(0 10 * * ? *)`"),
        ("cron(0 10 * * ? *", "cron(0 10 * * ? *", "the closing parenthesis is missing", "write `cron(0 10 * * ? *)`"),
        ("rate(5 minutes) # often", "rate(5 minutes) # often", "` # often` stands behind the closing parenthesis", "write `rate(5 minutes)`"),
        ("cron(0 10\u00a0* * ? *)", "\u00a0", "the character U+00A0 isn't part of the language", "write plain ASCII digits, letters and blanks"),
        (" rate(5 minutes)", " rate(5 minutes)", "blanks stand around the expression", "write `rate(5 minutes)`"),
        ("rate(1 days)", "1 days", "1 takes the singular", "write `rate(1 day)`"),
        ("rate(5 minute)", "5 minute", "5 takes the plural", "write `rate(5 minutes)`"),
        ("rate(0 minutes)", "0 minutes", "the value must be 1 or more", "write `rate(1 minute)`"),
        ("rate(5  minutes)", "5  minutes", "rate has a value and a unit, with one blank between them", "write `rate(5 minutes)`"),
        ("rate(2 weeks)", "2 weeks", "`weeks` is no unit of rate", "write `rate(14 days)`"),
        ("rate(1.5 hours)", "1.5 hours", "the value `1.5` isn't a positive whole number", "write `rate(90 minutes)`"),
        ("rate(90min)", "90min", "rate has a value and a unit, with one blank between them", "write `rate(90 minutes)`"),
        ("rate(10 seconds)", "10 seconds", "rate counts minutes, hours or days", "for example `rate(5 minutes)`, `rate(1 hour)` or `rate(7 days)`"),
        ("rate(10 MINUTES)", "10 MINUTES", "the unit `MINUTES` is written in lower case", "write `rate(10 minutes)`"),
        ("rate(-10 minutes)", "-10 minutes", "the value `-10` isn't a positive whole number", "for example `rate(5 minutes)`, `rate(1 hour)` or `rate(7 days)`"),
        ("rate(1234567890 days)", "1234567890 days", "the value 1234567890 is too large", "for example `rate(5 minutes)`, `rate(1 hour)` or `rate(7 days)`"),
        ("every 5 minutes", "every 5 minutes", "`every 5 minutes` is no schedule expression", "write `rate(5 minutes)`"),
        ("at(2026-01-01T00:00:00)", "at(2026-01-01T00:00:00)", "at(…) exists on EventBridge Scheduler only", "write cron(…) with a year, or use EventBridge Scheduler"),
        ("daily", "daily", "`daily` is no schedule expression", "for example `cron(0 10 * * ? *)` or `rate(5 minutes)`"),
    ],
)  # fmt: skip
def test_an_error_names_the_field_and_what_would_be_right(expression: str, marked: str, what: str, todo: str) -> None:
    with pytest.raises(ScheduleError) as error:
        parse(expression)
    assert (error.value.what, error.value.todo) == (what, todo)
    assert expression[error.value.start : error.value.end] == marked


KEY = "; the time zone is a key of its own"


@pytest.mark.parametrize(
    ("expression", "marked", "what", "todo"),
    [
        ("at(2026-02-30T00:00:00)", "2026-02-30T00:00:00", "`2026-02-30T00:00:00` doesn't exist", "write a date of the calendar and a time from 00:00:00 to 23:59:59"),
        ("at(2026-01-01)", "2026-01-01", "`2026-01-01` isn't a date and time", "for example `at(2026-12-31T09:00:00)`" + KEY),
        ("at(2026-01-01T00:00:00Z)", "2026-01-01T00:00:00Z", "`2026-01-01T00:00:00Z` isn't a date and time", "write `at(2026-01-01T00:00:00)`" + KEY),
        ("at(2026-01-01 09:30)", "2026-01-01 09:30", "`2026-01-01 09:30` isn't a date and time", "write `at(2026-01-01T09:30:00)`" + KEY),
    ],
)  # fmt: skip
def test_a_moment_of_the_scheduler_is_checked(expression: str, marked: str, what: str, todo: str) -> None:
    with pytest.raises(ScheduleError) as error:
        parse(expression, Dialect.SCHEDULER)
    assert (error.value.what, error.value.todo) == (what, todo)
    assert expression[error.value.start : error.value.end] == marked


@pytest.mark.parametrize(
    ("expression", "warning"),
    [
        ("cron(0  10 * * ? *)", "white space other than one blank between two fields isn't documented by AWS: it may be refused"),
        ("cron(0\n10 * * ? *)", "white space other than one blank between two fields isn't documented by AWS: it may be refused"),
        ("cron(*,5 * * * ? *)", "`*` in a list in minutes (`*,5`) isn't documented by AWS: it may be refused"),
        ("cron(0 0 L-3 * ? *)", "an offset from the last day in day-of-month (`L-3`) isn't documented by AWS: it may be refused"),
        ("cron(0 0 31W * ? *)", "what 31W means in a month without a 31st isn't documented by AWS: read here as no run then"),
        ("cron(0 08 * * ? *)", "a leading zero in hours (`08`) isn't documented by AWS: it may be refused"),
        ("rate(05 minutes)", "a leading zero (`05`) isn't documented by AWS: it may be refused"),
    ],
)  # fmt: skip
def test_what_aws_documents_nowhere_is_read_with_a_warning(expression: str, warning: str) -> None:
    assert parse(expression).warnings == (warning,)


def test_31w_is_plain_where_every_month_has_a_31st() -> None:
    assert parse("cron(0 0 31W JAN,MAR ? *)").warnings == ()


@pytest.mark.parametrize(
    "expression",
    [
        "cron(١ * * * ? *)",
        "rate(١ day)",
        "cron(0 0 1 1 ? ²⁰²⁶)",
        "cron(0 0 L-٣ * ? *)",
        "cron(0 0 ? * frı *)",
        "cron(0 0 ? * ſUN *)",
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


EXPRESSION = re.compile(r"`((?:cron|rate|at)\([^`]*\))`")


@given(st.text(st.sampled_from("0123456789*?/,-#LW MONcrateh()minutes"), max_size=60), st.sampled_from(Dialect))
def test_any_text_is_a_schedule_or_an_error_with_its_place(text: str, dialect: Dialect) -> None:
    for expression in (text, f"cron({text})", f"rate({text})", f"at({text})"):
        try:
            schedule = parse(expression, dialect)
        except ScheduleError as error:
            assert 0 <= error.start < error.end <= max(len(expression), 1)
        else:
            assert len(explain(schedule)) < 500


NEAR_MISSES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", " ", "cron(", "cron( ", "cron (", "CRON(", "rate(", "Rate(", "rate ", "every "]),
    st.one_of(
        st.lists(st.sampled_from(["*", "?", "0", "1", "7", "*/5", "1-5", "MON", "2026", "L", "99"]), min_size=4, max_size=8).map(" ".join),
        st.builds("{}{}{}".format, st.sampled_from(["1", "5", "1.5", "0", "-2"]), st.sampled_from(["", " ", "  "]), st.sampled_from(["m", "min", "Minutes", "hour", "days", "weeks", "s"])),
    ),
    st.sampled_from(["", ")", " )", ") ", "))"]),
)  # fmt: skip


@given(NEAR_MISSES, st.sampled_from(Dialect))
@settings(max_examples=150)
def test_what_an_error_says_to_write_is_right(expression: str, dialect: Dialect) -> None:
    try:
        parse(expression, dialect)
    except ScheduleError as error:
        if "Scheduler only" in error.what:
            return
        for right in EXPRESSION.findall(error.todo):
            parse(right, dialect)
        assert len(str(error)) < 600


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    "inside",
    [
        ",".join(["1"] * 120) + " * * * ? *",
        "0-59/1," * 33 + "1 * * * ? *",
        "0 0 " + ",".join(f"{day}W" for day in range(1, 32)) + " * ? *",
        "0 0 ? * " + ",".join(["FRIL"] * 40) + " *",
        "0 0 31 2,4,6,9,11 ? *",
        "0 0 1 1 ? " + ",".join(str(year) for year in range(1970, 2060, 2)),
    ],
)
def test_long_lists_are_read_and_explained_in_one_short_line(inside: str, dialect: Dialect) -> None:
    schedule = parse(f"cron({inside})", dialect)
    schedule.next_after(datetime(2026, 1, 1, tzinfo=UTC))
    assert len(explain(schedule)) < 300
