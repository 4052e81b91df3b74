"""The page of `next --html` in a real browser: it draws what the program counts, and people can use it.

Skipped where no Chromium is. The pictures that are taken are kept below BROWSER_PICTURES, if that names a folder.
"""

import os
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.chromium import NAMES, Chromium, find
from tests.unit.reports.test_week import a_week
from tests.unit.timetable.entries import an_entry

from esprestack.cli import run
from esprestack.coming import coming_rules
from esprestack.reports.week import Clock, Week, levels, week_of
from esprestack.reports.week_html import week_html
from esprestack.run import Run, Settings
from esprestack.schedule.clocks import zone
from esprestack.secrets import Vault
from esprestack.timetable.size import Size

pytestmark = pytest.mark.skipif(find() is None, reason=f"no browser is installed here: none of {', '.join(NAMES)}")

EXAMPLES = Path(__file__).parents[2] / "examples"
PHONE, DESK = 360, 1100
GRID = "[...document.querySelectorAll('#grid button')]"
PANEL = "document.querySelector('#cell').innerText"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(autouse=True)
def quiet(browser: Chromium) -> Iterator[None]:
    """Whatever a test does, the page's console has nothing to say, and it asks for nothing but itself."""
    yield
    assert browser.errors == []
    assert len(browser.requests) == 1


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("BROWSER_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def the_example() -> Week:
    entries, _ = coming_rules(Run(Settings(folder=EXAMPLES / "week", offline=True), Vault()))
    return week_of(entries, datetime(2026, 10, 29, 1, tzinfo=UTC), zone("Asia/Tokyo"), "Asia/Tokyo")


def shown(browser: Chromium, week: Week, folder: Path, **window: Any) -> None:
    path = folder / "week.html"
    path.write_text(week_html(week), "utf-8")
    browser.open(path, **window)


def cells(browser: Chromium) -> list[str]:
    found: list[str] = browser.value(f"{GRID}.map((button) => button.textContent)")
    return found


def picked(browser: Chromium, measure: str) -> None:
    browser.value(f"document.querySelector('[value={measure}]').click()")


def search(browser: Chromium, text: str) -> None:
    browser.value(
        f"(() => {{ const box = document.getElementById('search'); box.value = {text!r};"
        " box.dispatchEvent(new Event('input')); })()"
    )


def size_of(png: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    return width, height


# -- opening it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("example", ["week", "demo"])
def test_the_examples_open_on_a_desk_and_on_a_phone_in_light_and_dark(
    browser: Chromium,
    tmp_path: Path,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    example: str,
    width: int,
    dark: bool,
) -> None:
    monkeypatch.setenv("ESPRESTACK_SECRETS", '{"MARKETPLACE_TOKEN": "made-up", "REPORT_DB_PASSWORD": "made-up"}')
    page = tmp_path / "week.html"
    config = str(EXAMPLES / example / "ecschedule.yaml")
    when = ("--timezone", "Asia/Tokyo", "--from", "2026-10-29T01:00:00Z")
    assert run(["next", "-c", config, *when, "--html", str(page)]) == 0
    browser.open(page, width=width, dark=dark)
    browser.point("#grid .level5", click=True)
    assert browser.value("document.documentElement.scrollWidth") == width, "nothing sticks out at the side"
    smallest = browser.value(f"Math.min(...{GRID}.map((button) => button.getBoundingClientRect().width))")
    assert smallest >= 28, "a cell can be hit with a finger"
    picture = pictures / f"{example}-{width}-{'dark' if dark else 'light'}.png"
    browser.picture(picture)
    assert size_of(picture)[0] == width
    page_colour = browser.value("getComputedStyle(document.body).backgroundColor")
    assert page_colour == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")


def test_without_scripts_the_still_picture_is_there(browser: Chromium, tmp_path: Path, pictures: Path) -> None:
    shown(browser, the_example(), tmp_path, scripts=False)
    browser.picture(pictures / "without-scripts.png")
    visible = "document.querySelector('{}').getClientRects().length > 0"
    assert browser.value(visible.format("noscript svg text"))
    assert browser.value(visible.format("#rules table"))
    assert not browser.value(visible.format(".tools"))
    assert not browser.value(visible.format("#grid"))


def test_a_script_that_gets_in_all_the_same_is_not_run(browser: Chromium, tmp_path: Path) -> None:
    shown(browser, the_example(), tmp_path)
    browser.value(
        "(() => { const script = document.createElement('script'); script.textContent = 'window.ran = 1';"
        " document.body.append(script);"
        " document.querySelector('h1').innerHTML = '<b onclick=\"window.ran = 2\">here</b>'; })()"
    )
    browser.point("h1 b", click=True)
    assert browser.value("typeof window.ran") == "undefined"
    assert "violates the following Content Security Policy directive" in "".join(browser.errors)
    browser.errors.clear()


# -- what it draws ---------------------------------------------------------------------------------------------


def weeks() -> list[Week]:
    rules = [
        an_entry("report", "cron(15 18 ? * MON-FRI *)", size=Size(1, 1024, 4096)),
        an_entry("export", "cron(15 18 * * ? *)", size=Size(2, 8192, 32768)),
        an_entry("digest", "cron(0/15 18-21 * * ? *)", size=Size(3)),
        an_entry("beat", "cron(0/5 0-8 ? * MON-FRI *)", size=Size(1, 256, None)),
        an_entry("close", "cron(30 2 * * ? *)", timezone="Europe/Berlin", window=10),
        an_entry("feed", "cron(0/20 2 * * ? *)", timezone="Europe/Berlin"),
        an_entry("off", "cron(15 18 * * ? *)", enabled=False),
        an_entry("rate", "rate(10 minutes)"),
    ]
    return [
        the_example(),
        a_week(*rules, now="2026-03-26T12:00", timezone="Europe/Berlin"),
        a_week(*rules, now="2026-10-22T12:00", timezone="Europe/Berlin"),
        a_week(*rules, now="2026-10-02T12:00", timezone="Australia/Lord_Howe"),
        a_week(*rules, now="2026-04-03T12:00", timezone="Australia/Lord_Howe"),
    ]


@pytest.mark.parametrize("week", weeks(), ids=lambda week: f"{week.zone_name} {week.now:%m}")
def test_the_page_counts_as_the_program_does(browser: Chromium, tmp_path: Path, week: Week) -> None:
    shown(browser, week, tmp_path)
    loads = [load for day in week.loads for load in day]
    hours = [hour for day in week.days for hour in day.hours]
    colliding = 0
    for collision in week.collisions:
        colliding |= collision.minutes
    assert cells(browser) == [str(load.tasks or "") for load in loads]
    classes = [set(names.split()) - {"now"} for names in browser.value(f"{GRID}.map((button) => button.className)")]
    assert classes == [
        {f"level{shade}"}
        | ({"none"} if not hour.pieces else set() if hour.clock is Clock.USUAL else {"part"})
        | ({"collides"} if hour.minutes & colliding else set())
        for hour, shade in zip(hours, levels([load.tasks for load in loads]), strict=True)
    ]
    for measure, known, unknown in (("cpu", "cpu", "tasks_without_cpu"), ("memory", "memory", "tasks_without_memory")):
        picked(browser, measure)
        found = cells(browser)
        assert [text.endswith("?") for text in found] == [getattr(load, unknown) > 0 for load in loads]
        amounts = [float(text.rstrip("?") or 0) for text in found]
        assert amounts == pytest.approx([getattr(load, known) / 1024 for load in loads], rel=0.05, abs=0.01)


def test_an_hour_that_comes_twice_tells_the_runs_of_both(browser: Chromium, tmp_path: Path, pictures: Path) -> None:
    week = a_week(an_entry("a", "cron(30 * * * ? *)"), now="2026-10-22T12:00", timezone="Europe/Berlin")
    shown(browser, week, tmp_path)
    browser.point("#grid .part", click=True)
    browser.picture(pictures / "twice.png")
    said = browser.value(PANEL)
    assert said.startswith("Sun 25 Oct 02:00\n")
    assert "02:00–03:00 comes twice on Sun 25 Oct in Europe/Berlin" in said
    assert "a\n02:30 and again 02:30" in said


def test_an_hour_that_does_not_exist_says_so(browser: Chromium, tmp_path: Path) -> None:
    week = a_week(an_entry("a", "cron(30 * * * ? *)"), now="2026-03-26T12:00", timezone="Europe/Berlin")
    shown(browser, week, tmp_path)
    assert browser.value("document.querySelector('#grid .none').getAttribute('aria-label')") == (
        "Sun 29 Mar 02:00: 02:00–03:00 doesn't exist on Sun 29 Mar in Europe/Berlin: what is due then doesn't run"
    )


# -- using it --------------------------------------------------------------------------------------------------


def test_pointing_at_a_cell_tells_what_starts_in_it(browser: Chromium, tmp_path: Path) -> None:
    shown(browser, the_example(), tmp_path)
    browser.point("#grid .collides")
    assert list(filter(None, browser.value(PANEL).split("\n"))) == [
        "Thu 29 Oct 03:00",
        "4 tasks in 3 runs, 17 vCPU, 68 GiB",
        "▲ 03:15: 3 rules start in the same minute",
        "nightly-report",
        "03:15",
        "warehouse-export, 2 tasks each",
        "03:15",
        "recommendations",
        "03:15",
    ]
    browser.point("h1")
    assert browser.value(PANEL).startswith("Thu 29 Oct 10:00\n"), "the hour in which it was drawn, until one is chosen"


def test_a_collision_leads_to_its_cell(browser: Chromium, tmp_path: Path) -> None:
    shown(browser, the_example(), tmp_path)
    text = browser.value("document.getElementById('crowds').innerText")
    assert text == "▲ 03:15 on 5 days, first Thu 29 Oct: nightly-report, warehouse-export, recommendations"
    browser.point("#crowds button", click=True)
    assert browser.value("document.activeElement.getAttribute('aria-label')").startswith("Thu 29 Oct 03:00: 4 tasks")


@pytest.mark.parametrize(
    ("width", "keys", "cell"),
    [
        (DESK, ["ArrowRight"], "Thu 29 Oct 11:00"),
        (DESK, ["ArrowDown", "ArrowLeft"], "Fri 30 Oct 09:00"),
        (DESK, ["Home", "ArrowLeft", "ArrowUp"], "Thu 29 Oct 00:00"),
        (DESK, ["End", "ArrowDown"], "Fri 30 Oct 23:00"),
        (PHONE, ["ArrowRight"], "Fri 30 Oct 10:00"),
        (PHONE, ["ArrowDown", "ArrowDown"], "Thu 29 Oct 12:00"),
    ],
)
def test_arrows_move_from_cell_to_cell(
    browser: Chromium, tmp_path: Path, width: int, keys: list[str], cell: str
) -> None:
    """One cell alone is reached with Tab; from there arrows lead on, as the cells lie on the screen."""
    shown(browser, the_example(), tmp_path, width=width)
    assert browser.value(f"{GRID}.filter((button) => button.tabIndex === 0).length") == 1
    browser.value("document.querySelector('#grid [tabindex=\"0\"]').focus()")
    for key in keys:
        browser.press(key)
    assert browser.value(PANEL).startswith(f"{cell}\n")
    assert browser.value("document.activeElement.getAttribute('aria-label')").startswith(f"{cell}: ")
    assert browser.value(f"{GRID}.filter((button) => button.tabIndex === 0).length") == 1


def test_a_search_leaves_the_rules_that_have_it(browser: Chromium, tmp_path: Path) -> None:
    shown(browser, the_example(), tmp_path)
    search(browser, "Search")
    assert set(cells(browser)) == {"", "3"}
    assert browser.value("document.getElementById('chosen').textContent") == "1 of 8 rules, 21 tasks in the week"
    rows = "[...document.querySelectorAll('#rules tbody tr:not([hidden]) .name')].map((name) => name.textContent)"
    assert browser.value(rows) == ["search-reindex"]
    assert browser.value("document.getElementById('nocrowds').hidden") is False
    assert browser.value("document.getElementById('steady').hidden") is True
    search(browser, "no such rule")
    assert set(cells(browser)) == {""}
    search(browser, "")
    assert browser.value("document.getElementById('chosen').textContent") == "8 of 8 rules, 189 tasks in the week"


def test_a_rule_without_its_tick_is_left_out(browser: Chromium, tmp_path: Path) -> None:
    shown(browser, the_example(), tmp_path)
    browser.point("#rules tbody tr:nth-child(2) input", click=True)
    assert browser.value("document.querySelectorAll('#grid .collides').length") == 0
    assert cells(browser)[3] == "2"
    browser.point("#none", click=True)
    assert set(cells(browser)) == {""}
    browser.point("#all", click=True)
    assert browser.value("document.querySelectorAll('#grid .collides').length") == 5


def test_hour_by_hour_the_runs_are_in_a_table_which_is_printed_too(browser: Chromium, tmp_path: Path) -> None:
    shown(browser, the_example(), tmp_path)
    rows = "[...document.querySelectorAll('#hours tbody tr')].map((row) => row.textContent)"
    assert browser.value(rows) == []
    browser.ask("Page.printToPDF")
    found = browser.value(rows)
    assert len(found) == sum(load.runs > 0 for day in the_example().loads for load in day)
    assert (
        "Thu 29 Oct 03:00403:15 nightly-report; 03:15 warehouse-export; 03:15 recommendations".replace("00403", "00403")
        in found
    )
    assert browser.value("document.getElementById('hours').open") is True


def test_texts_of_a_config_stay_texts(browser: Chromium, tmp_path: Path) -> None:
    name = "</script><img src=x onerror=window.ran=1>"
    week = a_week(an_entry(name, description="<script>window.ran = 1</script>"), an_entry("b"), an_entry("c"))
    shown(browser, week, tmp_path)
    browser.point("#grid .collides", click=True)
    assert name in browser.value(PANEL)
    assert name in browser.value("document.getElementById('crowds').innerText")
    assert browser.value("typeof window.ran") == "undefined"
    assert browser.value("document.querySelectorAll('img').length") == 0


@pytest.mark.parametrize("number", [300, 1200])
def test_many_rules_are_drawn_and_searched(browser: Chromium, tmp_path: Path, number: int) -> None:
    week = a_week(*(an_entry(f"r{at:05}", f"cron({at % 60} {at % 24} * * ? *)", size=Size(2)) for at in range(number)))
    shown(browser, week, tmp_path)
    assert cells(browser) == [str(load.tasks) for day in week.loads for load in day]
    search(browser, "r00007")
    assert browser.value("document.getElementById('chosen').textContent").endswith(" 14 tasks in the week")
