"""The six fields of a cron expression: text → the values that a field allows.

What AWS's table excludes is an error that names the field. What nobody could settle (every parser takes it, AWS
documents nothing) is read with a warning.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from esprestack.schedule.corrections import unix_weekdays
from esprestack.schedule.language import KINDS, FieldKind, ScheduleError, doubt


@dataclass(frozen=True, slots=True)
class Days:
    """Which days a day field means; `?` means none of this is used."""

    unused: bool = False
    values: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    """Of the month: offsets before its last day. Of the week: weekdays whose last one in the month is meant."""
    nearest: tuple[int, ...] = ()
    """Days of the month whose nearest weekday is meant."""
    last_weekday: bool = False
    nth: tuple[int, int] | None = None
    """Weekday and its number in the month."""

    @property
    def every(self) -> bool:
        return len(self.values) >= 31


def _plain(kind: FieldKind) -> dict[str, tuple[int, ...]]:
    """The values of `*`, of each number and of each name: what most fields are."""
    values = range(kind.least, kind.most + 1)
    names = {name: (kind.least + at,) for at, name in enumerate(kind.names)}
    return {"*": tuple(values), **{str(value): (value,) for value in values}, **names}


_PLAIN = {kind.name: _plain(kind) for kind in KINDS}
_PLAIN_DAYS = {
    name: {"?": Days(unused=True)} | {text: Days(values=values) for text, values in _PLAIN[name].items()}
    for name in ("day-of-month", "day-of-week")
}


@dataclass(slots=True)
class FieldReader:
    """Reads one field; `start` is its offset in the expression. Adds to `warnings`."""

    kind: FieldKind
    text: str
    start: int
    warnings: list[str]

    def values(self) -> tuple[int, ...]:
        """The sorted values of a field of plain numbers, names, ranges and steps."""
        if plain := _PLAIN[self.kind.name].get(self.text):
            return plain
        found: set[int] = set()
        for item in self.items():
            found.update(self.item(item))
        return tuple(sorted(found))

    def days_of_month(self) -> Days:
        if plain := _PLAIN_DAYS["day-of-month"].get(self.text):
            return plain
        values: set[int] = set()
        last: set[int] = set()
        nearest: set[int] = set()
        last_weekday = False
        items = list(self.items())
        for item in items:
            upper = item.upper()
            if upper == "L":
                last.add(0)
            elif upper == "LW":
                last_weekday = True
            elif match := re.fullmatch(r"L-(\d{1,2})", upper):
                if int(match[1]) > 30:
                    raise self.error("no month has such a day", "L-30 is the first of a month of 31 days")
                self.doubt("an offset from the last day", item)
                last.add(int(match[1]))
            elif match := re.fullmatch(r"(\d+)W", upper):
                nearest.add(self.number(match[1]))
            else:
                values.update(self.item(item))
        if len(items) > 1 and (last or nearest or last_weekday):
            self.doubt("L or W in a list", self.text)
        return Days(False, tuple(sorted(values)), tuple(sorted(last)), tuple(sorted(nearest)), last_weekday)

    def days_of_week(self) -> Days:
        if plain := _PLAIN_DAYS["day-of-week"].get(self.text):
            return plain
        values: set[int] = set()
        last: set[int] = set()
        items = list(self.items())
        if "#" in self.text:
            return Days(nth=self.nth(items))
        for item in items:
            upper = item.upper()
            if upper == "L":
                values.add(7)
            elif match := re.fullmatch(r"L-(\d)", upper):
                if int(match[1]) > 6:
                    raise self.error("no week has such a day", "write the day, for example MON")
                self.doubt("an offset with L", item)
                values.add(7 - int(match[1]))
            elif upper.endswith("L") and upper[:-1].isalnum():
                last.add(self.number(item[:-1]))
            else:
                if "/" in item:
                    self.doubt("an increment", item)
                values.update(self.item(item))
        if len(items) > 1 and last:
            self.doubt("L in a list", self.text)
        return Days(values=tuple(sorted(values)), last=tuple(sorted(last)))

    def nth(self, items: Sequence[str]) -> tuple[int, int]:
        if len(items) > 1:
            raise self.error("with `#` only one expression is allowed", "make a rule of its own for each day")
        day, _, number = self.text.partition("#")
        if number not in ("1", "2", "3", "4", "5"):
            raise self.error(f"`#{number[:20]}` isn't a week of a month", "write #1 to #5")
        return self.number(day), int(number)

    def items(self) -> Iterator[str]:
        items = self.text.split(",")
        for item in items:
            if not item:
                raise self.error("a comma stands without a value", "remove it")
            if item == "*" and len(items) > 1:
                self.doubt("`*` in a list", self.text)
            yield item

    def item(self, item: str) -> Iterator[int]:
        kind = self.kind
        if item.isdigit():
            return iter((self.number(item),))
        span, slash, step_text = item.partition("/")
        low_text, dash, high_text = span.partition("-")
        if span == "*":
            low, high = kind.least, kind.most
        else:
            low = self.number(low_text)
            high = self.number(high_text) if dash else kind.most if slash else low
        step = 1
        if slash:
            if not (step_text.isdigit() and len(step_text) <= 4):
                what = f"the increment `{step_text[:20]}` isn't a number" if step_text else "the increment is missing"
                raise self.error(what, f"a number stands behind the `/`, for example {span or kind.least}/2")
            step = int(step_text)
            if step == 0 or step > kind.most - kind.least + 1:
                self.doubt(f"the increment {step}", item)
            if step == 0:
                return iter((low,))
        if high >= low:
            return iter(range(low, high + 1, step))
        if not kind.wraps:
            self.doubt("a range that ends before it begins", item)
        around = [*range(low, kind.most + 1), *range(kind.least, high + 1)]
        return iter(around[::step])

    def number(self, text: str) -> int:
        kind = self.kind
        if text.upper() in kind.names:
            return kind.least + kind.names.index(text.upper())
        if not text:
            raise self.error("a value is missing", self.advice(text))
        if not (text.isdigit() and len(text) <= 4):
            raise self.error(f"`{text[:20]}` isn't a value of it", self.advice(text))
        value = int(text)
        if not kind.least <= value <= kind.most:
            raise self.error(f"{value} is not from {kind.least} to {kind.most}", self.advice(text))
        if len(text) > 1 and text.startswith("0"):
            self.doubt("a leading zero", text)
        return value

    def advice(self, text: str) -> str:
        kind, upper = self.kind, text.upper()
        if kind.names and len(upper) > 3 and upper[:3] in kind.names:
            return f"write {upper[:3]}"
        if kind.name == "day-of-week" and text == "0":
            meant = unix_weekdays(self.text)
            return "Sunday is 1 or SUN here" + (f": write `{meant}`" if meant != self.text else "")
        if kind.name == "year" and text == "?":
            return "the last field is the year, `*` is every year; there are no seconds"
        foreign = [letter for letter in "LW#?" if letter in upper and letter not in kind.letters]
        if foreign and re.fullmatch(r"[\dLW#?-]*", upper):
            return f"this field doesn't take {' and '.join(foreign)}; for example {kind.example}"
        names = f", or {kind.names[0]} to {kind.names[-1]}" if kind.names else ""
        return f"{kind.least} to {kind.most}{names}; for example {kind.example}"

    def doubt(self, what: str, item: str) -> None:
        self.warnings.append(doubt(f"{what} in {self.kind.name} (`{item[:20]}`)"))

    def error(self, what: str, todo: str) -> ScheduleError:
        shown = self.text if len(self.text) <= 40 else self.text[:37] + "..."
        return ScheduleError(
            f"{self.kind.name} `{shown}`: {what}", todo, self.start, self.start + max(len(self.text), 1)
        )
