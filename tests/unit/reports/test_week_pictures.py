"""The pictures of a week: what they show, that nothing in a config means anything to them, and that they stay small.

`golden/` holds the data of the example's page; `UPDATE_GOLDEN=1` writes it anew, then it is looked at. The example's
still picture is docs/pictures/week.svg.
"""

import base64
import hashlib
import itertools
import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.unit.config.test_corpus import golden
from tests.unit.reports.hostile import TEXTS
from tests.unit.reports.test_week import a_week
from tests.unit.timetable.entries import an_entry

from esprestack.coming import coming_rules
from esprestack.reports.week import LEVELS, Week, week_of
from esprestack.reports.week_data import MOST_RULES, week_data
from esprestack.reports.week_html import week_html
from esprestack.reports.week_look import DARK, LIGHT, short_number
from esprestack.reports.week_svg import week_svg
from esprestack.run import Run, Settings
from esprestack.schedule.clocks import zone
from esprestack.secrets import Vault
from esprestack.timetable.entry import Entry
from esprestack.timetable.size import Size

GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = Path(__file__).parents[3] / "examples" / "week"
SVG = "{http://www.w3.org/2000/svg}"
NASTY = [
    *TEXTS,
    "</script><script>alert(1)</script>",
    '"><img src=x>',
    "'><b>",
    "]]>",
    "<!-- <script>",
    "\x00\x1b\ufffe",
]


@pytest.fixture(scope="module")
def example() -> Week:
    entries, problems = coming_rules(Run(Settings(folder=EXAMPLE, offline=True), Vault()))
    assert problems == []
    return week_of(entries, datetime(2026, 10, 29, 1, tzinfo=UTC), zone("Asia/Tokyo"), "Asia/Tokyo")


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def starts_of(data: dict[str, Any], rule: int) -> list[str]:
    """The starts of a rule, unpacked: day, hour, minute of the cell."""
    return [
        f"{day} {hour:02}:{minute:02}"
        for day, row in zip(data["days"], data["rules"][rule]["days"], strict=True)
        for hour, pattern in enumerate(data["rows"][row])
        for minute in data["patterns"][pattern]
    ]


class Page(HTMLParser):
    """The elements of a page, and the text outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data if self.tags[-1:] != ["script"] else ""


# -- the example -----------------------------------------------------------------------------------------------


def test_the_data_of_the_examples_page(example: Week) -> None:
    golden(
        GOLDEN / "week_data.json", json.dumps(week_data(example), separators=(",", ":")).replace("],", "],\n") + "\n"
    )


def test_the_still_picture_has_its_text_as_text_and_a_cell_for_each_hour(example: Week) -> None:
    root = ET.fromstring(week_svg(example))  # noqa: S314 - our own text
    texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert texts[:3] == [
        "ecschedule.yaml",
        "Thu 29 Oct – Wed 4 Nov 2026, Asia/Tokyo",
        "8 rules, 189 tasks in the week, the most in one minute: 4 tasks at Thu 29 Oct 03:15",
    ]
    assert "▲ 3 rules at 03:15 on 5 days, first Thu 29 Oct: nightly-report, warehouse-export, recommendations" in texts
    assert "≈ sync-inventory: every 10 minutes, in minutes that AWS alone knows" in texts
    assert (
        "01:00–02:00 comes twice on Sun 1 Nov in America/New_York: what is due then runs the first time only" in texts
    )
    said = [title.text for title in root.iter(f"{SVG}title")][1:]
    assert len(said) == 7 * 24
    assert said[3] == "Thu 29 Oct 03:00: 4 tasks in 3 runs, rules start in the same minute"
    assert said[4] == "Thu 29 Oct 04:00: 0 tasks in 0 runs"


def test_the_page_has_a_row_for_each_rule_in_words_and_with_its_next_runs(example: Week) -> None:
    text = Page(week_html(example)).text
    assert "nightly-reportThe day's figures for the officeat 18:15 UTC on weekdayscron(15 18 ? * MON-FRI *)" in text
    assert "Fri 30 Oct 03:15Sat 31 Oct 03:15Tue 3 Nov 03:155" in text
    assert "2 tasks8 vCPU, 32 GiB" in text
    assert "at 16:30 America/New_York on weekdays, within 15 minutes" in text
    assert "every day, disabled" in text
    assert "about 1,008" in text


def test_the_page_and_the_still_picture_ask_nobody_for_anything(example: Week) -> None:
    for picture in (week_html(example), week_svg(example)):
        addresses = {
            value for name, value in Page(picture).attributes if name in ("src", "href", "action", "xlink:href")
        }
        assert addresses <= {"data:,"}
        assert set(re.findall(r"https?://[\w./]+", picture)) <= {"http://www.w3.org/2000/svg"}
        assert not re.search(r"url\((?!#)|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(", picture)


def test_the_page_may_run_its_own_script_and_nothing_else(example: Week) -> None:
    page = week_html(example)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    rules = dict(part.split(" ", 1) for part in policy[1].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in policy[1]

    def hashes(element: str) -> set[str]:
        texts = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        return {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts}

    assert set(rules["script-src"].split()) == hashes("script")
    assert set(rules["style-src"].split()) == hashes("style")
    assert not [value for name, value in Page(page).attributes if name == "style" or name.startswith("on")]


# -- the page's data -------------------------------------------------------------------------------------------


def test_the_data_unpacks_to_the_starts_of_each_rule() -> None:
    week = a_week(
        an_entry("a", "cron(15,45 3 ? * TUE *)", size=Size(2, 512, None)),
        an_entry("b", "cron(15,45 3 ? * TUE *)", window=20),
        an_entry("c", "rate(1 hour)"),
    )
    data = week_data(week)
    assert starts_of(data, 0) == starts_of(data, 1) == ["Tue 24 Nov 03:15", "Tue 24 Nov 03:45"]
    assert starts_of(data, 2) == []
    assert data["patterns"] == [[], [15, 45]]
    assert len(data["rows"]) == 2
    assert {key: value for key, value in data["rules"][0].items() if key != "days"} == {
        "tasks": 2, "cpu": 512, "memory": None, "collides": True,
    }  # fmt: skip
    assert data["rules"][1]["window"] == 20
    assert data["now"] == {"cell": 10, "share": 0.0}


def test_an_hour_that_comes_twice_says_from_which_minute_on() -> None:
    week = a_week(an_entry("a", "cron(30 * * * ? *)"), now="2026-10-23T12:00", timezone="Europe/Berlin")
    (cell,) = week_data(week)["odd"].items()
    said = "02:00–03:00 comes twice on Sun 25 Oct in Europe/Berlin: what is due then runs the first time only"
    assert cell == (50, {"clock": "twice", "turns": [[0, 0, 0], [60, -60, 1]], "said": said})
    assert "Sun 25 Oct 02:90" in starts_of(week_data(week), 0)


def test_an_hour_that_is_skipped_has_no_minute_and_a_part_of_one_has_its_own() -> None:
    berlin = week_data(a_week(now="2026-03-27T12:00", timezone="Europe/Berlin"))
    assert (berlin["odd"][50]["turns"], berlin["lengths"][50]) == ([], 0)
    lord_howe = week_data(a_week(now="2026-10-02T12:00", timezone="Australia/Lord_Howe"))
    assert (lord_howe["odd"][50]["turns"], lord_howe["lengths"][50]) == ([[0, 30, 0]], 30)


# -- hostile texts ---------------------------------------------------------------------------------------------


def page_with(text: str) -> str:
    """A page, and the still picture in it, with `text` wherever a config's text may stand."""
    entries = [
        Entry(f"c{text}", f"{text}{at}", text, an_entry("", rate).times, description=text)
        for at, rate in enumerate(["cron(15 18 * * ? *)"] * 3 + ["rate(1 hour)"])
    ]
    return week_html(a_week(*entries, Entry("c", text, text, None, description=text, unknown=text)))


@pytest.fixture(scope="module")
def harmless() -> Page:
    return Page(page_with("x"))


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_config_becomes_markup(text: str, harmless: Page) -> None:
    page = page_with(text)
    found = Page(page)
    assert found.tags == harmless.tags
    assert [name for name, _ in found.attributes] == [name for name, _ in harmless.attributes]
    svg = page.partition("<noscript>")[2].partition("</noscript>")[0]
    ET.fromstring(svg)  # noqa: S314 - it must be well-formed
    assert len(data_of(page)["rules"]) == 5


# -- many rules ------------------------------------------------------------------------------------------------


def busy(number: int, every: str) -> list[Entry]:
    return [
        an_entry(
            f"{'a-long-name-of-a-rule-' * 2}{at:05}",
            every.format(at % 60, at % 24),
            description="d" * 512,
            size=Size(2, at, at),
        )
        for at in range(number)
    ]


@pytest.mark.parametrize(
    ("number", "every"),
    [(300, "cron({0}/7 * * * ? *)"), (300, "cron(* * * * ? *)"), (MOST_RULES + 500, "cron({0}/7 {1} ? * MON-FRI *)")],
)
def test_a_page_of_many_rules_stays_below_two_megabytes(number: int, every: str) -> None:
    page = week_html(a_week(*busy(number, every)))
    assert len(page.encode()) < 2_000_000
    assert len(data_of(page)["rules"]) == min(number, MOST_RULES + 1)


def test_rules_beyond_the_most_are_drawn_together() -> None:
    week = a_week(*busy(MOST_RULES + 2, "cron(15 18 ? * MON *)"))
    together = week_data(week)["rules"][-1]["together"]
    assert together["tasks"][18] == 4
    assert together["cpu"][18] == 2 * MOST_RULES + 1
    assert sum(together["runs"]) == 2
    assert "2 more rules" in Page(week_html(week)).text


def test_the_still_picture_names_some_and_counts_the_rest() -> None:
    svg = week_svg(a_week(*busy(60, "cron({0} 18 * * ? *)"), *(an_entry(f"r{at}", "rate(1 hour)") for at in range(7))))
    assert "and 2 more such rates" in svg
    assert len(svg.encode()) < 60_000


# -- looks -----------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_shade(colours: dict[str, str]) -> None:
    pairs = [(f"on{level}", f"level{level}") for level in range(1, LEVELS + 1)]
    pairs += [("ink", "page"), ("soft", "page"), ("mark", "page"), ("ink", "empty")]
    assert {pair: contrast(colours[pair[0]], colours[pair[1]]) >= 4.5 for pair in pairs} == dict.fromkeys(pairs, True)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_shades_go_one_way_from_the_page_so_that_every_kind_of_eye_tells_them_apart(colours: dict[str, str]) -> None:
    far = [
        contrast(colours[name], colours["page"]) for name in ("empty", *(f"level{at}" for at in range(1, LEVELS + 1)))
    ]
    assert far == sorted(far)
    assert all(later / earlier > 1.15 for earlier, later in itertools.pairwise(far[1:]))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (9949, "9.9k"), (9950, "10k"), (12_345, "12k"), (999_499, "999k"), (999_500, "1.0M"), (5 * 10**9, "≥1G")],
)  # fmt: skip
def test_a_number_fits_a_cell(number: int, text: str) -> None:
    assert short_number(number) == text
