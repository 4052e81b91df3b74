"""GitHub's Markdown: text that comes from a config or from AWS, neutralised for where it is to stand.

It can't close a fence, break a table, mention anybody or link anywhere. https://github.github.com/gfm/
"""

import re
from collections.abc import Sequence


def fence(lines: Sequence[str]) -> str:
    """A code fence that no line in it can close."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def code(text: object) -> str:
    """A code span that shows `text` as it is, also within a table."""
    plain = re.sub(r"\s+", " ", str(text)).replace("|", "\\|")
    if not plain.strip():
        return ""
    mark = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{mark}{pad}{plain}{pad}{mark}"


def inline(text: str) -> str:
    """Running text without any meaning for Markdown, but for spans in back quotes, which stay code."""
    parts = re.split(r"(`[^`]+`)", re.sub(r"\s+", " ", text))
    return "".join(code(part[1:-1]) if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    """No emphasis, link, mention, reference or list, whatever the text; zero-width spaces break what GitHub links."""
    escaped = re.sub(r"([\\*_{}\[\]()!|~^$`])", r"\\\1", html(text))
    escaped = re.sub(r"^([-+>]|\d+[.)])", r"\\\1", escaped)
    escaped = re.sub(r"(#|(?i:www)(?=\.)|GH(?=-\d))", "\\1\u200b", escaped)
    return escaped.replace("://", "\u200b://")


def html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")
