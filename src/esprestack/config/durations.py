"""Durations as Go writes them: `10m`, `1h30m`, `1.5h`. In: the text; out: seconds.

https://pkg.go.dev/time#ParseDuration
"""

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_BARE = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def seconds(text: str) -> float:
    """The seconds of a duration above zero. Raises ValueError that says what to write instead."""
    if _BARE.fullmatch(text):
        older = "which ecspresso v2 takes for nanoseconds and v3 for seconds"
        raise ValueError(f"is `{text}` without a unit, {older}: write `{text}s` for seconds")
    parts = _PART.findall(text)
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not parts or "".join(number + unit for number, unit in parts) != text or total <= 0:
        raise ValueError(f"must be a duration such as `10m` or `1h30m`, not `{text}`")
    return total
