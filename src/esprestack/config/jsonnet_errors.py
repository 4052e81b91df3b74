"""What Jsonnet says when it fails, as a Problem: its message in one line, at the place in the user's own files.

Jsonnet writes `STATIC ERROR: file:line:column: message`, or `RUNTIME ERROR: message` with a trace below it, innermost
first, whose frames may be of its standard library. Its columns count bytes.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Sequence

from esprestack.config.jsonnet_places import Places
from esprestack.config.source import MISSING, Source
from esprestack.errors import Problem, Where
from esprestack.secrets import RESERVED, SECRET

_PLACE = r":\(?(\d+):(\d+)\)?(?:-\(?[\d:]+\)?)?"
_VARIABLE = re.compile(r"undefined external variable: (.*)")
_EXTERNAL = re.compile(r"<extvar:(.*?)>:\(?(\d+):(\d+)")
_SEALED = re.compile(f"(?:{RESERVED.pattern})+")
_UNBOUND = re.compile("function parameter [di] not bound in call")
_LONGEST = 500
"""Characters of a message: an `error` may hold a whole object."""


def problems_of(said: str, sources: Sequence[Source], natives: Collection[str]) -> list[Problem]:
    """What `said`, Jsonnet's text of an error, means to somebody who wrote `sources`."""
    kind, _, rest = said.partition(" ERROR: ")
    if kind == "STATIC":
        return [_static(rest, sources)]
    message, *frames = rest.split("\n\t")
    found = Places(sources)
    if message.startswith("only functions can be called, got null"):
        unknown = [name for name in dict.fromkeys(found.natives()) if name not in natives]
        if unknown:
            return [_unknown_native(name, found, natives) for name in unknown]
    main = Where(sources[0].path)
    for at, frame in enumerate(frames):
        if match := _EXTERNAL.match(frame):
            caller = next(_frames(frames[at:], sources), main)
            return [_in_external(match[1], match[2], match[3], message, caller)]
        if where := next(_frames([frame], sources), None):
            return [Problem(_one_line(message), where, _todo(message))]
    return [Problem(_one_line(message), main, _todo(message))]


def _static(said: str, sources: Sequence[Source]) -> Problem:
    for source in _longest_first(sources):
        if match := re.match(re.escape(source.path) + _PLACE + r":\s*(.*)", said, re.DOTALL):
            return Problem(f"broken Jsonnet: {_one_line(match[3])}", _where(source, match[1], match[2]))
    if match := _EXTERNAL.match(said):
        message = said.split(": ", 1)[-1]
        return _in_external(match[1], match[2], match[3], message, Where(sources[0].path))
    return Problem(f"broken Jsonnet: {_one_line(said)}", Where(sources[0].path))


def _in_external(name: str, line: str, column: str, message: str, where: Where) -> Problem:
    what = f"the external variable `{name}` fails at {line}:{column}: {_one_line(message)}"
    return Problem(what, where, f"mend what --ext-code {name} gives")


def _frames(frames: Sequence[str], sources: Sequence[Source]) -> Iterator[Where]:
    for frame in frames:
        for source in _longest_first(sources):
            if match := re.match(re.escape(source.path) + _PLACE + "(?:\t|$)", frame):
                yield _where(source, match[1], match[2])
                break


def _longest_first(sources: Sequence[Source]) -> list[Source]:
    return sorted(sources, key=lambda source: len(source.path), reverse=True)


def _where(source: Source, line: str, column: str) -> Where:
    lines = source.text.split("\n")
    text = lines[int(line) - 1] if int(line) <= len(lines) else ""
    before = text.encode("utf-8", "replace")[: int(column) - 1]
    return Where(source.path, int(line), len(before.decode("utf-8", "ignore")) + 1)


def _one_line(message: str) -> str:
    """`message` on one line. A seal in it, or a part of one that Jsonnet cut, becomes the word for it."""
    line = _SEALED.sub(SECRET, " ".join(message.split()).replace(MISSING, "(missing)")).removesuffix(".")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def _unknown_native(name: str, found: Places, natives: Collection[str]) -> Problem:
    near = difflib.get_close_matches(name, natives, n=1)
    todo = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(sorted(natives))}"
    return Problem(f"`{name}` is no look-up", found.of_native(name), todo, "unknown-lookup")


def _todo(message: str) -> str:
    if match := _VARIABLE.match(message):
        return f"give it with --ext-str {match[1]}=VALUE, or as code with --ext-code"
    if message.startswith("max stack frames exceeded"):
        return "look for a function or a value that needs itself"
    if _UNBOUND.match(message):
        return "of the look-ups, `env` takes a name and a default, `ssm_list` a name and an index"
    return ""
