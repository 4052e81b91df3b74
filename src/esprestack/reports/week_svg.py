"""A week as a still picture: SVG with text as text, light and dark, for a README or a wiki.

Nothing in it loads anything. A browser shows what starts in an hour when the pointer rests on it.
"""

from collections.abc import Iterator

from esprestack.reports.markup import escaped, shortened
from esprestack.reports.week import LEVELS, Clock, Hour, Load, Week, levels
from esprestack.reports.week_look import (
    DARK,
    LIGHT,
    MARK,
    clock,
    collision_text,
    counted,
    shift_text,
    short_number,
    title_of,
    variables,
)
from esprestack.reports.when import day_name

_WIDTH, _LEFT, _TOP = 960, 92, 84
_STEP, _CELL = 36, 33
_LINE = 20
_MOST_LINES = 5
"""Of rates, of collisions and of changed clocks; what is more is counted."""
_MOST_CHARACTERS = 140
_FONT = "-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"

STYLE = f"""\
:root{{{variables(LIGHT)}}}
@media (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}
text{{font-family:{_FONT};font-size:12px;fill:var(--ink)}}
.page{{fill:var(--page)}}
.title{{font-size:17px;font-weight:600}}
.soft{{fill:var(--soft)}}
.mid{{text-anchor:middle}}
.end{{text-anchor:end}}
.now{{font-weight:700}}
.l0{{fill:var(--empty)}}
{"".join(f".l{level}{{fill:var(--level{level})}}.t{level}{{fill:var(--on{level})}}" for level in range(1, LEVELS + 1))}
.mark{{fill:var(--mark)}}
.edge{{fill:none;stroke:var(--mark);stroke-width:2}}
.twice{{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 2}}
.line{{stroke:var(--mark);stroke-width:2}}
.stripe{{stroke:var(--soft);stroke-width:1.5}}
"""


def week_svg(week: Week) -> str:
    """The picture, as one SVG document."""
    title = title_of(week)
    colliding = 0
    for collision in week.collisions:
        colliding |= collision.minutes
    body = [*_head(week, title), *_cells(week, colliding), *_now(week)]
    notes = list(_notes(week))
    y = _TOP + len(week.days) * _STEP + 18
    for line in notes:
        body.append(f'<text x="{_LEFT}" y="{y}">{line}</text>')
        y += _LINE
    body += _legend(y + 4)
    height = y + 30
    said = escaped(f"{title}: tasks that start in each hour of a week, {week.zone_name}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{said}">\n<title>{said}</title>\n<style>{STYLE}</style>\n{_PATTERN}\n'
        f'<rect class="page" width="{_WIDTH}" height="{height}" rx="8"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


_PATTERN = (
    '<defs><pattern id="none" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="stripe" y2="6"/></pattern></defs>'
)


def _head(week: Week, title: str) -> Iterator[str]:
    first, last = week.days[0].date, week.days[-1].date
    yield f'<text class="title" x="16" y="30">{escaped(shortened(title, 60))}</text>'
    said = f"{day_name(first)} – {day_name(last)} {last.year}, {week.zone_name}"
    yield f'<text class="soft end" x="{_WIDTH - 16}" y="30">{escaped(said)}</text>'
    busiest = week.busiest()
    most = (
        f", the most in one minute: {counted(busiest[0], 'task')} at {clock(busiest[1], week.zone)}" if busiest else ""
    )
    tasks = sum(load.tasks for day in week.loads for load in day)
    said = f"{counted(len(week.entries), 'rule')}, {counted(tasks, 'task')} in the week{most}"
    yield f'<text class="soft" x="16" y="50">{escaped(said)}</text>'
    for hour in range(24):
        yield f'<text class="soft mid" x="{_x(hour) + _CELL / 2}" y="{_TOP - 8}">{hour:02}</text>'


def _cells(week: Week, colliding: int) -> Iterator[str]:
    shades = iter(levels([load.tasks for day in week.loads for load in day]))
    for row, (day, loads) in enumerate(zip(week.days, week.loads, strict=True)):
        y = _TOP + row * _STEP
        name = escaped(day_name(day.date))
        today = " now" if not row else ""
        yield f'<text class="end{today}" x="{_LEFT - 10}" y="{y + _CELL / 2 + 4}">{name}</text>'
        for number, (hour, load) in enumerate(zip(day.hours, loads, strict=True)):
            said = _said(f"{name} {number:02}:00", hour, load, bool(hour.minutes & colliding))
            yield f"<g><title>{said}</title>{_cell(number, y, hour, load, next(shades), hour.minutes & colliding)}</g>"


def _cell(number: int, y: int, hour: Hour, load: Load, level: int, colliding: int) -> str:
    x = _x(number)
    shape = f'x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" rx="4"'
    parts = [f'<rect class="l{level}" {shape}/>']
    if not hour.pieces:
        parts.append(f'<rect fill="url(#none)" {shape}/>')
    elif hour.clock is not Clock.USUAL:
        parts.append(f'<rect class="twice" x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}" rx="3"/>')
    if load.tasks:
        text = short_number(load.tasks)
        parts.append(f'<text class="mid t{level}" x="{x + _CELL / 2}" y="{y + _CELL / 2 + 4}">{text}</text>')
    if colliding:
        parts.append(f'<rect class="edge" x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}" rx="3"/>')
        parts.append(f'<path class="mark" d="M{x + _CELL - 12} {y}h12v12z"/>')
    return "".join(parts)


def _said(when: str, hour: Hour, load: Load, collides: bool) -> str:
    """What a screen reader says of a cell, and what the pointer shows."""
    if not hour.pieces:
        return f"{when}: doesn't exist"
    twice = {Clock.TWICE: ", comes twice", Clock.SKIPPED: ", exists in part"}.get(hour.clock, "")
    collision = ", rules start in the same minute" if collides else ""
    return f"{when}: {counted(load.tasks, 'task')} in {counted(load.runs, 'run')}{twice}{collision}"


def _now(week: Week) -> Iterator[str]:
    local = week.now.astimezone(week.zone)
    x = _x(local.hour) + _CELL * local.minute / 60
    yield f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 4}" y2="{_TOP + _STEP}"/>'


def _notes(week: Week) -> Iterator[str]:
    """Lines below the cells: the rates, the collisions, and where the clocks are changed."""
    rates = [f"≈ {entry.name}: {entry.words()}, in minutes that AWS alone knows" for entry in week.steady]
    crowds = sorted(week.collisions, key=lambda collision: -len(collision.rules))
    clashes = [f"{counted(len(crowd.rules), 'rule')} at {collision_text(week, crowd, 4)}" for crowd in crowds]
    changed = [shift_text(name, shift) for name, shift in week.shifts()]
    for lines, sign, thing in (
        (clashes, f'<tspan class="mark">{MARK}</tspan> ', "such groups of rules"),
        (rates, "", "such rates"),
        (changed, "", "such changes of clocks"),
    ):
        yield from (sign + escaped(shortened(line, _MOST_CHARACTERS)) for line in lines[:_MOST_LINES])
        if len(lines) > _MOST_LINES:
            yield f"and {len(lines) - _MOST_LINES} more {thing}"


def _legend(y: int) -> Iterator[str]:
    yield f'<text class="soft" x="{_LEFT}" y="{y + 11}">tasks that start in an hour: fewer</text>'
    x = _LEFT + 196
    for level in range(1, LEVELS + 1):
        yield f'<rect class="l{level}" x="{x}" y="{y}" width="14" height="14" rx="3"/>'
        x += 18
    yield f'<text class="soft" x="{x + 4}" y="{y + 11}">more</text>'
    x += 56
    yield f'<rect class="edge" x="{x + 1}" y="{y + 1}" width="12" height="12" rx="3"/>'
    yield f'<path class="mark" d="M{x + 7} {y}h7v7z"/>'
    yield f'<text class="soft" x="{x + 20}" y="{y + 11}">three rules or more in one minute</text>'
    x += 226
    yield f'<line class="line" x1="{x}" x2="{x}" y1="{y}" y2="{y + 14}"/>'
    yield f'<text class="soft" x="{x + 8}" y="{y + 11}">now</text>'
    x += 52
    yield f'<rect fill="url(#none)" x="{x}" y="{y}" width="14" height="14" rx="3"/>'
    yield f'<text class="soft" x="{x + 20}" y="{y + 11}">no such hour</text>'


def _x(hour: int) -> int:
    return _LEFT + hour * _STEP
