"""`esprestack next` of whole configs: a table, JSON, or a picture, without asking anybody."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from esprestack.cli import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "week" / "ecschedule.yaml"
FROM = ("--from", "2026-10-29T01:00:00Z")
TOKYO = ("--timezone", "Asia/Tokyo")
HEAD = "region: eu-west-1\ncluster: batch\nrules:\n"


class Said(NamedTuple):
    code: int
    out: str
    err: str


Next: TypeAlias = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("ESPRESTACK_SECRETS", "ESPRESTACK_VARS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def says(folder: Path, capsys: pytest.CaptureFixture[str]) -> Next:
    def said(*options: str) -> Said:
        code = run(["next", *FROM, *options])
        return Said(code, *capsys.readouterr())

    return said


def config(*rules: str, name: str = "ecschedule.yaml") -> None:
    """Rules in YAML's flow style, without what all of them have."""
    Path(name).write_text(HEAD + "".join(f"- {{taskDefinition: app, {rule}}}\n" for rule in rules))


def rules_of(said: Said) -> dict[str, dict[str, Any]]:
    return {rule["rule"]: rule for rule in json.loads(said.out)["rules"]}


# -- the table -------------------------------------------------------------------------------------------------


def test_the_table_says_of_each_rule_when_it_runs_in_words_in_the_readers_time_and_in_utc(says: Next) -> None:
    shutil.copy(EXAMPLE, "ecschedule.yaml")
    assert says(*TOKYO, "--count", "2") == (
        0,
        """\
rule              runs                                          next, Asia/Tokyo                            UTC
nightly-report    at 18:15 UTC on weekdays                      Fri 2026-10-30 03:15 JST                    Thu 2026-10-29 18:15 UTC
                                                                Sat 2026-10-31 03:15 JST                    Fri 2026-10-30 18:15 UTC
warehouse-export  at 18:15 UTC every day                        Fri 2026-10-30 03:15 JST                    Thu 2026-10-29 18:15 UTC
                                                                Sat 2026-10-31 03:15 JST                    Fri 2026-10-30 18:15 UTC
recommendations   at 16:15, 18:15, 20:15 and 22:15 UTC from     Fri 2026-10-30 01:15 JST                    Thu 2026-10-29 16:15 UTC
                  Monday to Saturday                            Fri 2026-10-30 03:15 JST                    Thu 2026-10-29 18:15 UTC
price-feed        every 30 minutes, from 00:00 to 11:30 UTC on  Thu 2026-10-29 10:30 JST                    Thu 2026-10-29 01:30 UTC
                  weekdays                                      Thu 2026-10-29 11:00 JST                    Thu 2026-10-29 02:00 UTC
search-reindex    at 17:30 UTC every day                        Fri 2026-10-30 02:30 JST                    Thu 2026-10-29 17:30 UTC
                                                                Sat 2026-10-31 02:30 JST                    Fri 2026-10-30 17:30 UTC
new-york-close    at 16:30 America/New_York on weekdays,        Fri 2026-10-30 05:30 JST                    Thu 2026-10-29 20:30 UTC
                  within 15 minutes                             Sat 2026-10-31 05:30 JST                    Fri 2026-10-30 20:30 UTC
sync-inventory    every 10 minutes                              counted from a moment that AWS alone knows
cleanup-sessions  every day                                     none: disabled

Rules that start in the same minute, within seven days:
3 at Fri 2026-10-30 03:15 JST, 5 times: nightly-report, warehouse-export, recommendations
""",
        "",
    )


def test_in_utc_there_is_one_column(says: Next) -> None:
    config("name: a, scheduleExpression: cron(0 9 * * ? *)")
    assert says("--count", "1").out == (
        "rule  runs                    next, UTC\na     at 09:00 UTC every day  Thu 2026-10-29 09:00 UTC\n"
    )


def test_several_configs_are_told_apart(says: Next) -> None:
    config("name: a, scheduleExpression: cron(0 9 * * ? *)", name="one.yaml")
    config("name: b, scheduleExpression: cron(0 10 ? * SUN#5 2020)", name="two.yaml")
    assert says("-c", "*.yaml", "--count", "1").out == (
        "rule  runs                                     next, UTC\n"
        "\n"
        "one.yaml:\n"
        "a     at 09:00 UTC every day                   Thu 2026-10-29 09:00 UTC\n"
        "\n"
        "two.yaml:\n"
        "b     at 10:00 UTC on the fifth Sunday of the  none\n"
        "      month in 2020\n"
    )


def test_only_the_rules_that_are_asked_for(says: Next) -> None:
    config(*(f"name: {name}, scheduleExpression: cron(0 9 * * ? *)" for name in ("a", "b", "c")))
    assert list(rules_of(says("--rule", "c", "--rule", "a", "--format", "json"))) == ["a", "c"]
    assert says("--rule", "bb") == (1, "", "error: no config has a rule `bb` (did you mean `b`?)\n")


@pytest.mark.parametrize(("until", "enabled"), [("2026-10-29", True), ("2026-10-30", False)])
def test_a_rule_that_is_disabled_until_a_day_is_as_it_will_be_at_the_moment_that_is_asked_for(
    says: Next, until: str, enabled: bool
) -> None:
    config(f"name: a, scheduleExpression: cron(0 9 * * ? *), disabled: {{until: {until}}}")
    assert rules_of(says("--format", "json"))["a"]["enabled"] is enabled


def test_a_config_without_rules_has_none(says: Next) -> None:
    Path("ecschedule.yaml").write_text("region: eu-west-1\ncluster: batch\n")
    assert says() == (0, "rule  runs  next, UTC\nno rules\n", "")


def test_of_many_collisions_the_largest_are_told(says: Next) -> None:
    config(
        *(f"name: r{at:02}-{n}, scheduleExpression: cron({at} 9 * * ? *)" for at in range(12) for n in range(3 + at))
    )
    out = says("--count", "1").out.splitlines()
    assert out[-11].startswith("14 at Thu 2026-10-29 09:11 UTC, 7 times: r11-0, r11-1, r11-2, ")
    assert out[-11].endswith(", r11-7 and 6 more")
    assert out[-1] == "and 2 more such groups of rules"


# -- JSON ------------------------------------------------------------------------------------------------------


def test_the_json_has_all_of_it_with_times_in_utc(says: Next) -> None:
    shutil.copy(EXAMPLE, "ecschedule.yaml")
    document = json.loads(says(*TOKYO, "--format", "json", "--count", "2").out)
    assert list(document) == ["timezone", "from", "rules", "collisions"]
    assert (document["timezone"], document["from"]) == ("Asia/Tokyo", "2026-10-29T01:00:00Z")
    found = {rule["rule"]: rule for rule in document["rules"]}
    assert found["new-york-close"] == {
        "config": "ecschedule.yaml",
        "rule": "new-york-close",
        "backend": "scheduler",
        "expression": "cron(30 16 ? * MON-FRI *)",
        "timezone": "America/New_York",
        "explanation": "at 16:30 America/New_York on weekdays, within 15 minutes",
        "enabled": True,
        "runs": ["2026-10-29T20:30:00Z", "2026-10-30T20:30:00Z"],
        "everyMinutes": None,
        "windowMinutes": 15,
        "runsInAWeek": 5,
        "tasks": 1,
        "cpu": None,
        "memory": None,
    }
    assert found["warehouse-export"]["cpu"] == 8192
    assert (found["sync-inventory"]["everyMinutes"], found["sync-inventory"]["runsInAWeek"]) == (10, 1008)
    assert found["sync-inventory"]["runs"] == found["cleanup-sessions"]["runs"] == []
    assert found["cleanup-sessions"]["enabled"] is False
    assert document["collisions"] == [
        {
            "rules": ["nightly-report", "warehouse-export", "recommendations"],
            "at": [f"2026-{day}T18:15:00Z" for day in ("10-29", "10-30", "11-02", "11-03", "11-04")],
        }
    ]


# -- the pictures ----------------------------------------------------------------------------------------------


def test_the_pictures_are_written_into_files_and_nothing_is_printed(says: Next, folder: Path) -> None:
    shutil.copy(EXAMPLE, "ecschedule.yaml")
    assert says(*TOKYO, "--svg", "week.svg", "--html", "week.html") == (
        0,
        "",
        "written: week.svg\nwritten: week.html\n",
    )
    assert (folder / "week.svg").read_text().startswith("<svg ")
    assert (folder / "week.html").read_text().startswith("<!doctype html>\n")


@pytest.mark.parametrize(("option", "start"), [("--svg", "<svg "), ("--html", "<!doctype html>\n")])
def test_a_picture_is_printed_for_a_dash(says: Next, option: str, start: str) -> None:
    config("name: a, scheduleExpression: cron(0 9 * * ? *)")
    code, out, err = says(option, "-")
    assert (code, err) == (0, "")
    assert out.startswith(start)


def test_a_picture_of_no_rules_is_an_empty_week(says: Next) -> None:
    Path("ecschedule.yaml").write_text("region: eu-west-1\ncluster: batch\n")
    assert "0 rules, 0 tasks in the week" in says("--svg", "-").out


# -- what isn't known, and secrets -----------------------------------------------------------------------------


def test_a_secret_that_is_not_given_is_no_obstacle_and_is_said(says: Next) -> None:
    config(
        "name: a, scheduleExpression: cron(0 9 * * ? *), containerOverrides: "
        """[{name: app, environment: {TOKEN: '{{ secret("TOKEN") }}'}}]""",
        """name: b, scheduleExpression: '{{ secret("WHEN") }}'""",
    )
    code, out, err = says("--format", "json")
    assert code == 0
    assert err.splitlines() == [
        "warning: ecschedule.yaml:4:128: the secret `TOKEN` is not given: what hangs on it isn't known here",
        "warning: ecschedule.yaml:5:55: the secret `WHEN` is not given: what hangs on it isn't known here",
    ]
    found = {rule["rule"]: rule for rule in json.loads(out)["rules"]}
    assert len(found["a"]["runs"]) == 5
    assert (found["b"]["expression"], found["b"]["explanation"]) == (
        "*",
        "not known: it hangs on a value that isn't known here",
    )
    assert (found["b"]["runs"], found["b"]["runsInAWeek"], found["b"]["timezone"]) == ([], None, None)


@pytest.mark.parametrize(
    "key",
    [
        "scheduleExpression: cron(0 9 * * ? *), backend: scheduler, timezone: '{{ ssm `/zone` }}'",
        "scheduleExpression: rate(1 hour), backend: scheduler, startDate: '{{ ssm `/start` }}'",
        "scheduleExpression: rate(1 hour), backend: scheduler, flexibleTimeWindow: {maximumWindowInMinutes: '{{ ssm `/w` }}'}",
        "scheduleExpression: '{{ ssm `/when` }}'",
    ],
)
def test_a_schedule_that_hangs_on_a_look_up_is_not_guessed(says: Next, key: str) -> None:
    config(f"name: a, {key}")
    Path("ecschedule.yaml").write_text("plugins: [{name: ssm}]\n" + Path("ecschedule.yaml").read_text())
    said = says()
    assert (said.code, said.err) == (0, "")
    assert "a     not known: it hangs on a value that isn't" in said.out


def test_no_secret_is_shown_and_a_schedule_that_is_one_is_not_drawn(
    says: Next, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESPRESTACK_SECRETS", '{"WHEN": "cron(7 9 * * ? *)", "WORD": "correct-horse"}')
    config(
        """name: a, scheduleExpression: '{{ secret("WHEN") }}'""",
        "name: b, scheduleExpression: cron(0 9 * * ? *), description: the correct-horse of https://u:hunter22@example.com",
    )
    for options in ((), ("--format", "json"), ("--svg", "-"), ("--html", "-")):
        code, out, err = says(*options)
        assert (code, err) == (0, "")
        for word in ("correct-horse", "hunter22", "09:07", "cron(7 9"):
            assert word not in out
    assert "not known: it is a secret" in says().out
    assert "the (secret) of https://u:(secret)@example.com" in says("--html", "-").out


# -- errors ----------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_told_at_once_with_its_place(says: Next) -> None:
    config(
        "name: a, scheduleExpression: cron(0 25 * * ? *)",
        "name: b, scheduleExpression: cron(0 9 * * ? *), backend: scheduler, timezone: Asia/Tokio",
        "name: c, scheduleExpression: rate(5 minute), descripton: x",
        "name: d, scheduleExpression: at(2026-11-01T00:00:00)",
    )
    code, out, err = says("--html", "week.html")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "error: ecschedule.yaml:4:61: the schedule expression `cron(0 25 * * ? *)`: hours `25`: 25 is not from 0 to 23"
        " (0 to 23; for example 8-17)",
        "error: ecschedule.yaml:5:103: `Asia/Tokio` is no time zone (IANA names, for example Asia/Tokyo)",
        "error: ecschedule.yaml:6:59: the schedule expression `rate(5 minute)`: 5 takes the plural"
        " (write `rate(5 minutes)`)",
        "error: ecschedule.yaml:6:70: `descripton` is not a key of a rule (did you mean `description`?)",
        "error: ecschedule.yaml:7:54: the schedule expression `at(2026-11-01T00:00:00)`: at(…) exists on EventBridge"
        " Scheduler only (write cron(…) with a year, or use EventBridge Scheduler)",
    ]
    assert not Path("week.html").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--backend", "scheduler"], "--backend goes with --expression (a config says itself where its rules live)"),
        (["--svg", "-", "--html", "-"], "--svg - and --html - don't go together (name a file for one of them)"),
        (["--expression", "rate(1 day)", "-c", "a.yaml", "--rule", "x"], "--expression goes without --config and --rule (it is of no config)"),
        (["--expression", "rate(1 day)", "--html", "x"], "--expression goes without --html (it is of no config)"),
        (["--timezone", "Asia/Tokio"], "`Asia/Tokio` is no time zone (IANA names, for example Asia/Tokyo)"),
        (["--svg", "no/such/folder.svg"], "no/such/folder.svg can't be written: No such file or directory (name another file)"),
        (["-c", "none.yaml"], "no config file matches `none.yaml` (looked below {folder})"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_one_clear_error(
    says: Next, folder: Path, options: list[str], said: str
) -> None:
    config("name: a, scheduleExpression: cron(0 9 * * ? *)")
    assert says(*options) == (1, "", f"error: {said.format(folder=folder)}\n")


def test_without_a_config_it_says_which_one_it_looked_for(says: Next) -> None:
    code, out, err = says()
    assert (code, out) == (1, "")
    assert err.startswith("error: no config file: none of ecschedule.yaml, ")
