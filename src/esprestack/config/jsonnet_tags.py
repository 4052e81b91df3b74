"""Renders the template tags within the texts of an evaluated Jsonnet config: `'{{ must_env `SUBNET` }}'`.

The peers render the JSON that Jsonnet gives; configs from before native functions need it. In: an Evaluated; out: the
same with the tags of its texts rendered. All such texts go through the template as one, so that their look-ups are
asked for together; each stays one text, whatever a value has in it.
"""

import bisect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from esprestack.config.jsonnet import Evaluated, Keys, as_json, texts_in
from esprestack.config.lookups.base import Function, JsonValue
from esprestack.config.source import Source
from esprestack.config.template import render
from esprestack.errors import ConfigError, Problem, Where
from esprestack.secrets import RESERVED

_TAG = re.compile(r"\{\{|\{%|\{#")
_BETWEEN, _SEAL = "\x01", "\x02"
"""Stand between the texts, and around the number of a seal; no text of a config has them in it."""

_SEALED = re.compile(f"(?:{RESERVED.pattern})+")
_NUMBERED = re.compile(f"{_SEAL}([0-9]+){_SEAL}")


def has_tags(evaluated: Evaluated) -> bool:
    """Whether there is anything to render."""
    return bool(_TAG.search(evaluated.text))


def render_tags(
    evaluated: Evaluated, functions: Mapping[str, Function], fetch: Callable[[], None] = lambda: None
) -> Evaluated:
    """`evaluated` with the tags in its texts rendered; misses are added to its own.

    Raises ConfigError for broken tags, each at the place of its text.
    """
    tagged = {path: text for path, text in texts_in(evaluated.data) if _TAG.search(text)}
    for path, text in tagged.items():
        if _BETWEEN in text or _SEAL in text:
            what = "a text with template tags may not have control characters in it"
            raise ConfigError(Problem(what, evaluated.locate(path), "remove them"))
    seals: list[str] = []
    source = Source(evaluated.source.path, f"{_BETWEEN}\n".join(_numbered(text, seals) for text in tagged.values()))
    starts: list[int] = []
    line = 1
    for text in tagged.values():
        starts.append(line)
        line += text.count("\n") + 1

    def placed(problems: Iterable[Problem]) -> Iterator[Problem]:
        for problem in problems:
            text = bisect.bisect_right(starts, problem.where.line) - 1 if problem.where else -1
            where = evaluated.locate([*tagged][text]) if text >= 0 else Where(source.path)
            yield replace(problem, where=where)

    try:
        rendered = render(source, functions, fetch)
    except ConfigError as error:
        raise ConfigError([*evaluated.missing, *placed(error.problems)]) from None
    first, *others = _NUMBERED.sub(lambda match: _seal(seals, int(match[1])), rendered.text).split(_BETWEEN)
    if len(others) != len(starts[1:]):
        what = "a value that a template tag puts in has control characters, or a tag reaches over several texts"
        raise ConfigError(Problem(what, Where(source.path), "keep each `{% … %}` within one text"))
    after = dict(zip(tagged, (first, *(text.removeprefix("\n") for text in others)), strict=True))
    data = _replaced(evaluated.data, (), after)
    return replace(
        evaluated,
        data=data,
        text=as_json(data),
        missing=[*evaluated.missing, *placed(rendered.missing)],
        unknown=evaluated.unknown or rendered.unknown,
    )


def _numbered(text: str, seals: list[str]) -> str:
    """`text` with its seals as plain numbers, which the template may carry; they are added to `seals`."""

    def number(match: re.Match[str]) -> str:
        seals.append(match[0])
        return f"{_SEAL}{len(seals) - 1}{_SEAL}"

    return _SEALED.sub(number, text)


def _seal(seals: list[str], number: int) -> str:
    return seals[number] if number < len(seals) else ""


def _replaced(value: JsonValue, path: Keys, after: Mapping[Keys, str]) -> JsonValue:
    if isinstance(value, dict):
        return {key: _replaced(child, (*path, key), after) for key, child in value.items()}
    if isinstance(value, list):
        return [_replaced(child, (*path, index), after) for index, child in enumerate(value)]
    return after.get(path, value)
