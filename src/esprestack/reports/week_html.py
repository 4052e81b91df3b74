"""A week as a page of its own: one file that works without any network, with search, measures and keyboard.

The script draws what `week_data` says; a browser without scripts shows the still picture. The page may run nothing but
its own script and load nothing at all: https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP
"""

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice

from esprestack import __version__
from esprestack.reports.markup import escaped, script_data, shortened
from esprestack.reports.week import LEVELS, Week
from esprestack.reports.week_data import MOST_RULES, week_data
from esprestack.reports.week_look import DARK, LIGHT, clock, counted, shift_text, title_of, variables
from esprestack.reports.week_svg import STYLE as STILL_STYLE
from esprestack.reports.week_svg import week_svg
from esprestack.reports.when import day_name
from esprestack.schedule.minutes import MINUTE
from esprestack.timetable.entry import Entry
from esprestack.timetable.size import Size

_NEXT = 3
"""Runs of each rule that the table has."""
_LONGEST = 200
"""Characters of a description."""
_WEEK = 7 * 1440


def week_html(week: Week) -> str:
    """The page, as one HTML document."""
    folder = files("esprestack.reports") / "week_page"
    script = (folder / "page.js").read_text("utf-8")
    style = f":root{{{variables(LIGHT)}}}\n@media (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}\n"
    style += (folder / "page.css").read_text("utf-8")
    title = escaped(title_of(week))
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy([style, STILL_STYLE], script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="esprestack {__version__}">
<link rel="icon" href="data:,">
<title>{title}: a week of scheduled tasks</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p class="soft">{_subtitle(week)}</p>
</header>
<main>
{_facts(week)}
{_TOOLS}
<noscript>{week_svg(week)}</noscript>
<div class="scripted" hidden>
<div id="grid" role="grid" aria-label="Tasks that start in each hour of each day"></div>
{_legend()}
<section id="cell" aria-live="polite" aria-label="The hour that is looked at"></section>
<h2>Rules that start in the same minute</h2>
<p class="soft" id="nocrowds">No three of these do; rules that run every five minutes or more often don't count.</p>
<ul class="list" id="crowds"></ul>
</div>
{_steady(week)}{_changes(week)}
{_rules(week)}
<details id="hours" class="scripted" hidden><summary>Hour by hour, as a table</summary>
<table><thead><tr><th scope="col">hour</th><th scope="col">tasks</th><th scope="col">what starts</th></tr></thead>
<tbody></tbody></table></details>
</main>
<footer>{_footer(week)}</footer>
<script type="application/json" id="data">{script_data(week_data(week))}</script>
<script>{script}</script>
</body>
</html>
"""


def _policy(styles: list[str], script: str) -> str:
    allowed = " ".join(_hash(style) for style in styles)
    parts = [
        "default-src 'none'",
        f"style-src {allowed}",
        f"script-src {_hash(script)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(parts)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _subtitle(week: Week) -> str:
    first, last = week.days[0].date, week.days[-1].date
    return escaped(f"Scheduled tasks, {day_name(first)} – {day_name(last)} {last.year}, {week.zone_name}")


def _facts(week: Week) -> str:
    disabled = sum(entry.times is not None and not entry.times.enabled for entry in week.entries)
    unknown = sum(entry.times is None for entry in week.entries)
    less = ", ".join(f"{count} {word}" for count, word in ((disabled, "disabled"), (unknown, "not known")) if count)
    tasks = sum(load.tasks for day in week.loads for load in day)
    found = week.busiest()
    most, when = (counted(found[0], "task"), clock(found[1], week.zone)) if found else ("none", "")
    together = 0
    for collision in week.collisions:
        together |= collision.minutes
    minutes = together.bit_count()
    facts = [
        ("rules", f"{len(week.entries):,}", less),
        ("tasks in the week", f"{tasks:,}", "and the rates below" if week.steady else ""),
        ("busiest minute", most, when),
        ("three rules or more at once", counted(minutes, "minute") if minutes else "never", ""),
    ]
    return '<dl class="facts">' + "".join(_fact(*fact) for fact in facts) + "</dl>"


def _fact(name: str, value: str, more: str) -> str:
    small = f"<small>{escaped(more)}</small>" if more else ""
    return f"<div><dt>{name}</dt><dd>{escaped(value)}{small}</dd></div>"


_TOOLS = """\
<div class="tools scripted" hidden>
<fieldset><legend class="hidden">What is counted</legend>
<label><input type="radio" name="measure" value="tasks" checked><span>Tasks</span></label>
<label><input type="radio" name="measure" value="cpu"><span>vCPU</span></label>
<label><input type="radio" name="measure" value="memory"><span>GiB</span></label></fieldset>
<input type="search" id="search" placeholder="Only rules with …" aria-label="Only rules with this text">
<output id="chosen"></output>
</div>"""


def _legend() -> str:
    shades = "".join(f'<i class="level{level}"></i>' for level in range(1, LEVELS + 1))
    return (
        f'<p class="legend"><span>fewer {shades} more</span>'
        '<span><i class="collides"></i> three rules or more in one minute</span>'
        '<span><i class="now"></i> now</span><span><i class="none"></i> an hour that doesn\'t exist</span>'
        '<span><i class="part"></i> comes twice, or in part</span>'
        "<span>“?” and what only the task definition says</span></p>"
    )


def _steady(week: Week) -> str:
    """Rates: how many runs they have is known, and no moment of one."""
    steady = {id(entry) for entry in week.steady}
    items = "".join(
        f'<li data-at="{at}"><b>{escaped(entry.name)}</b> {escaped(entry.words())}<span class="band"></span></li>'
        for at, entry in enumerate(week.entries[:MOST_RULES])
        if id(entry) in steady
    )
    if not items:
        return '<div id="steady" hidden></div>'
    return (
        '<section id="steady"><h2>All the time, in minutes that AWS alone knows</h2>'
        '<p class="soft">A rate counts from the moment in which AWS took it.</p>'
        f'<ul class="list">{items}</ul></section>'
    )


def _changes(week: Week) -> str:
    items = "".join(f"<li>{escaped(shift_text(name, shift))}</li>" for name, shift in week.shifts())
    return f'<h2>Clocks are changed</h2><ul class="list">{items}</ul>' if items else ""


def _rules(week: Week) -> str:
    several = len({entry.config for entry in week.entries}) > 1
    rows = [_row(week, entry, several) for entry in week.entries[:MOST_RULES]]
    if more := len(week.entries) - MOST_RULES:
        rows += [_together(more)] if more > 0 else []
    head = "".join(f'<th scope="col">{name}</th>' for name in ("rule", "runs", "next", "in a week", "one run takes"))
    return (
        '<section id="rules"><h2>Rules</h2><p class="scripted" hidden>'
        '<button type="button" class="plain" id="all">all</button> '
        '<button type="button" class="plain" id="none">none</button></p>'
        f"<table><caption>Times are in {escaped(week.zone_name)}, unless another zone is named</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></section>"
    )


def _row(week: Week, entry: Entry, several: bool) -> str:
    disabled = entry.times is not None and not entry.times.enabled
    words = escaped(entry.words() + (", disabled" if disabled else ""))
    below = (shortened(entry.description, _LONGEST), entry.config if several else "")
    said = "".join(f'<p class="soft"><bdi>{escaped(text)}</bdi></p>' for text in below if text)
    return (
        f'<tr><th scope="row">{_box(entry.name)}{said}</th>'
        f'<td data-label="runs">{words}<p><code>{escaped(entry.expression)}</code></p></td>'
        f'<td data-label="next" class="number">{"<br>".join(_coming(week, entry))}</td>'
        f'<td data-label="in a week" class="number">{_often(week, entry)}</td>'
        f'<td data-label="one run takes" class="number">{_size(entry.size)}</td></tr>'
    )


def _box(name: str) -> str:
    return (
        f'<label><input type="checkbox" class="scripted" checked hidden><bdi class="name">{escaped(name)}</bdi></label>'
    )


def _coming(week: Week, entry: Entry) -> Iterator[str]:
    if entry.runs_at_known_times and entry.times:
        yield from (clock(run, week.zone) for run in islice(entry.times.runs(week.now), _NEXT))


def _often(week: Week, entry: Entry) -> str:
    if entry.times is None:
        return ""
    if not entry.times.every:
        return f"{entry.times.minutes(week.span).bit_count():,}"
    runs = _WEEK * MINUTE / entry.times.every if entry.times.enabled else 0
    return f"about {runs:,.0f}" if runs >= 1 else f"{runs:.1g}"


def _size(size: Size) -> str:
    said = [] if size.cpu is None else [f"{size.cpu / 1024:g} vCPU"]
    said += [] if size.memory is None else [f"{size.memory / 1024:g} GiB"]
    return "<br>".join(filter(None, [counted(size.tasks, "task"), ", ".join(said)]))


def _together(more: int) -> str:
    return (
        f'<tr><th scope="row">{_box(f"{more:,} more rules")}</th>'
        '<td colspan="4" data-label="runs">drawn together: select some with --rule to see them one by one</td></tr>'
    )


def _footer(week: Week) -> str:
    drawn = f"Drawn for {clock(week.now, week.zone)} by esprestack {__version__}"
    return escaped(f"{drawn}. CPU and memory are those of overrides; a ? stands for what the task definition says.")
