"""`esprestack next --expression …` on the command line: an answer for every expression that anything is known of."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from esprestack.cli import run

FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS: list[dict[str, Any]] = json.loads((FOLDER / "cron.json").read_text())
EXPLANATIONS = (FOLDER / "explanations.txt").read_text()
READ = [vector for vector in VECTORS if vector["valid"] or vector["confidence"] == "unverified"]
REFUSED = [vector for vector in VECTORS if vector not in READ]
UNVERIFIED = [vector for vector in READ if vector["confidence"] == "unverified"]
SETTLED = [vector for vector in READ if vector not in UNVERIFIED]
DOUBT = "isn't documented by AWS: it may be refused"


class Said(NamedTuple):
    code: int
    out: str
    err: str


Next: TypeAlias = Callable[..., Said]


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> Next:
    """`says(expression, "--count", "1")`: what the command answers."""

    def said(expression: str, *options: str) -> Said:
        code = run(["next", "--expression", expression, *options])
        return Said(code, *capsys.readouterr())

    return said


def options_of(vector: dict[str, Any]) -> list[str]:
    return [
        *("--backend", vector["service"], "--timezone", vector.get("timezone", "UTC"), "--format", "json"),
        *("--from", vector.get("now", "2026-01-01T00:00:00Z"), "--count", str(len(vector.get("next", ())) or 1)),
    ]


def the_id(vector: dict[str, Any]) -> str:
    return f"{vector['service']} {vector['expr']} {vector.get('timezone', '')}"


# -- every vector ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", READ, ids=the_id)
def test_what_can_be_read_is_answered_as_json(says: Next, vector: dict[str, Any]) -> None:
    code, out, _ = says(vector["expr"], *options_of(vector))
    assert code == 0
    answer = json.loads(out)
    assert list(answer) == ["expression", "backend", "timezone", "runs", "explanation"]
    assert answer["expression"] == vector["expr"]
    assert answer["backend"] == vector["service"]
    assert answer["timezone"] == vector.get("timezone", "UTC")
    assert answer["runs"] == vector.get("next", answer["runs"])
    assert f"{vector['expr']}  {answer['explanation']}\n" in EXPLANATIONS


@pytest.mark.parametrize("vector", REFUSED, ids=the_id)
def test_what_is_invalid_is_refused_with_the_reason_and_no_answer(says: Next, vector: dict[str, Any]) -> None:
    code, out, err = says(vector["expr"], *options_of(vector))
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "bug" not in err


@pytest.mark.parametrize("vector", UNVERIFIED, ids=the_id)
def test_what_nobody_could_settle_is_answered_with_a_warning(says: Next, vector: dict[str, Any]) -> None:
    err = says(vector["expr"], *options_of(vector)).err
    assert err.startswith("warning: ")
    assert DOUBT in err


@pytest.mark.parametrize("vector", SETTLED, ids=the_id)
def test_what_is_settled_is_answered_without_a_doubt(says: Next, vector: dict[str, Any]) -> None:
    assert DOUBT not in says(vector["expr"], *options_of(vector)).err


# -- options ---------------------------------------------------------------------------------------------------

WEEKDAYS = "cron(15 18 ? * MON-FRI *)"
NEW_YEAR = ("--from", "2026-01-01T00:00:00Z")


def test_the_text_has_a_line_for_each_run(says: Next) -> None:
    assert says(WEEKDAYS, *NEW_YEAR) == (
        0,
        "cron(15 18 ? * MON-FRI *): at 18:15 UTC on weekdays\n"
        "Thu 2026-01-01 18:15 UTC\n"
        "Fri 2026-01-02 18:15 UTC\n"
        "Mon 2026-01-05 18:15 UTC\n"
        "Tue 2026-01-06 18:15 UTC\n"
        "Wed 2026-01-07 18:15 UTC\n",
        "",
    )


def test_a_time_zone_shows_local_time_beside_utc(says: Next) -> None:
    scheduler = ("--backend", "scheduler", "--timezone", "Asia/Tokyo", "--count", "1")
    assert says(WEEKDAYS, *scheduler, *NEW_YEAR).out == (
        "cron(15 18 ? * MON-FRI *): at 18:15 Asia/Tokyo on weekdays\nThu 2026-01-01 09:15 UTC  Thu 2026-01-01 18:15 JST\n"
    )


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_so_many_runs_are_shown_as_were_asked_for(says: Next, count: int) -> None:
    out = says(WEEKDAYS, "--count", str(count), "--format", "json", *NEW_YEAR).out
    assert len(json.loads(out)["runs"]) == count


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2026-01-01T18:14:59Z", "2026-01-01T18:15:00Z"),
        ("2026-01-01T18:15:00Z", "2026-01-02T18:15:00Z"),
        ("2026-01-01T18:15:00", "2026-01-02T18:15:00Z"),
        ("2026-01-02", "2026-01-02T18:15:00Z"),
        ("2026-01-02T04:14:00+10:00", "2026-01-01T18:15:00Z"),
        ("2026-01-02T04:15:00+10:00", "2026-01-02T18:15:00Z"),
        ("20260102T181500Z", "2026-01-05T18:15:00Z"),
    ],
)
def test_runs_begin_after_the_moment_that_was_asked_for(says: Next, start: str, first: str) -> None:
    """A time without zone is in UTC."""
    out = says(WEEKDAYS, "--from", start, "--count", "1", "--format", "json").out
    assert json.loads(out)["runs"] == [first]


def test_runs_begin_now_where_nothing_else_is_asked_for(says: Next) -> None:
    before = datetime.now(UTC)
    (first,) = json.loads(says("cron(* * * * ? *)", "--count", "1", "--format", "json").out)["runs"]
    assert 0 < (datetime.fromisoformat(first) - before).total_seconds() < 120


def test_the_backend_decides_what_an_expression_may_be(says: Next) -> None:
    moment = "at(2026-07-01T00:00:00)"
    assert says(moment, *NEW_YEAR).err == (
        "error: at(2026-07-01T00:00:00): at(…) exists on EventBridge Scheduler only"
        " (write cron(…) with a year, or use EventBridge Scheduler)\n"
    )
    assert says(moment, *NEW_YEAR, "--backend", "scheduler").code == 0


@pytest.mark.parametrize(
    ("backend", "since"), [("rules", "from its rule's creation"), ("scheduler", "from its StartDate")]
)
def test_of_a_rate_it_is_said_from_when_it_counts(says: Next, backend: str, since: str) -> None:
    code, out, err = says("rate(6 hours)", *NEW_YEAR, "--count", "2", "--backend", backend)
    assert (code, out) == (0, "rate(6 hours): every 6 hours\nThu 2026-01-01 06:00 UTC\nThu 2026-01-01 12:00 UTC\n")
    assert err == f"warning: a rate counts {since}; these runs count from the moment that was asked for\n"


# -- options that can't be read --------------------------------------------------------------------------------

NO_ZONE = "is no time zone (IANA names, for example Asia/Tokyo)"
NO_TIME = "is no ISO time (for example 2026-12-31T09:00:00Z)"
OUT_OF_REACH = "is not from 1970 to 2199 (an expression can name no other year)"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--timezone", "Asia/Tokyo"], "EventBridge rules know UTC only (use --backend scheduler, or write the expression in UTC)"),
        (["--backend", "scheduler", "--timezone", "Asia/Tokio"], f"`Asia/Tokio` {NO_ZONE}"),
        (["--backend", "scheduler", "--timezone", ""], f"`` {NO_ZONE}"),
        (["--backend", "scheduler", "--timezone", "Asia"], f"`Asia` {NO_ZONE}"),
        (["--backend", "scheduler", "--timezone", "../../../etc/passwd"], f"`../../../etc/passwd` {NO_ZONE}"),
        (["--backend", "scheduler", "--timezone", "+09:00"], f"`+09:00` {NO_ZONE}"),
        (["--from", "tomorrow"], f"`tomorrow` {NO_TIME}"),
        (["--from", ""], f"`` {NO_TIME}"),
        (["--from", "09:00"], f"`09:00` {NO_TIME}"),
        (["--from", "2026-02-30"], f"`2026-02-30` {NO_TIME}"),
        (["--from", "1767225600"], f"`1767225600` {NO_TIME}"),
        (["--from", "0001-01-01T00:00Z"], f"`0001-01-01T00:00Z` {OUT_OF_REACH}"),
        (["--from", "9999-12-31T20:00Z"], f"`9999-12-31T20:00Z` {OUT_OF_REACH}"),
    ],
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_one_clear_error(says: Next, options: list[str], said: str) -> None:
    assert says("rate(1 day)", *options) == (1, "", f"error: {said}\n")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--count", "0", "0 is not in the range 1<=x<=1000."),
        ("--count", "1001", "1001 is not in the range 1<=x<=1000."),
        ("--count", "many", "'many' is not a valid integer range."),
        ("--backend", "pipes", "'pipes' is not one of 'rules', 'scheduler'."),
        ("--format", "xml", "'xml' is not one of 'text', 'json'."),
    ],
)
def test_an_option_with_a_value_that_it_cannot_have_names_those_it_can(
    says: Next, option: str, value: str, said: str
) -> None:
    code, out, err = says("rate(1 day)", option, value)
    assert (code, out) == (1, "")
    assert err.endswith(f"\nError: Invalid value for '{option}': {said}\n")
    assert err.count("Error") == 1


@pytest.mark.parametrize("expression", ["", "  "])
def test_an_expression_that_is_empty_is_called_that(says: Next, expression: str) -> None:
    todo = "for example `cron(0 10 * * ? *)` or `rate(5 minutes)`"
    assert says(expression) == (1, "", f"error: the expression is empty ({todo})\n")
