"""Evaluates a Jsonnet config: look-ups as native functions, external variables, imports below the config's folder.

In: a Source and the functions of the look-ups; out: JSON text, what was missing, and where a value of it stands in the
sources. A pull request's config is evaluated by a job with credentials, so Jsonnet runs in a child process
(jsonnet_child) with bounds on time, memory and size, which asks here for all it needs.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from esprestack.config.jsonnet_child import Last, Limits, Message, converse
from esprestack.config.jsonnet_errors import problems_of
from esprestack.config.jsonnet_files import Files, RefusedImportError
from esprestack.config.jsonnet_places import Places
from esprestack.config.jsonnet_vars import ExtVars
from esprestack.config.lookups.base import (
    Function,
    JsonValue,
    LookupMissError,
    LookupPendingError,
    LookupUnknownError,
)
from esprestack.config.source import MISSING, Locate, Source, check_reserved
from esprestack.errors import ConfigError, Problem, Where
from esprestack.secrets import RESERVED, Sealed

Keys: TypeAlias = tuple[str | int, ...]

PARAMETERS = {
    "env": ("name", "default"),
    "must_env": ("name",),
    "tfstate": ("address",),
    "tfstatef": ("format", "argument"),
    "ssm": ("name",),
    "ssm_list": ("name", "index"),
    "secretsmanager_arn": ("name",),
    "secret": ("name",),
    "var": ("name",),
    "cfn_output": ("stack", "key"),
    "cfn_export": ("name",),
}
"""What native functions take, as ecspresso's do: in Jsonnet their number is fixed, and none has a default.

They are called by position; the first letters, which stand for them in Jsonnet's errors, have to differ.

https://github.com/kayac/ecspresso/blob/v2/README.md"""

_UNPRINTED = re.compile("[\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
"""What YAML and editors want as an escape, and JSON doesn't; only texts hold it."""

_NUMBER = "81607"
"""Stands for what is missing where MISSING itself is no help: in `std.parseInt(must_env('N'))`."""

_RESERVED_RUN = re.compile(f"(?:{RESERVED.pattern})+")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came out. While `pending`, there is no text: fetch, and evaluate again."""

    source: Source
    text: str
    """The JSON, indented: each value begins on a line of its own."""
    data: JsonValue
    missing: list[Problem]
    pending: bool
    unknown: bool
    """Whether a look-up wasn't made, so that MISSING stands in the text without a problem of its own."""
    _places: Places

    def locate(self, path: Keys) -> Where:
        """The place of the value at `path`: its key, or what is nearest around it, as far as the sources tell."""
        return self._places.of_value(path)


def places(evaluated: Evaluated) -> Locate:
    """From line and column of the text to the place in the source: what `read_tree` takes."""
    paths: list[Keys] = []

    def locate(line: int, _column: int) -> Where:
        if not paths:
            paths.extend(_keys_of_lines(evaluated.data, ()))
        return evaluated.locate(paths[min(line, len(paths)) - 1])

    return locate


def _keys_of_lines(value: JsonValue, path: Keys) -> Iterator[Keys]:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, child in children:
        yield from _keys_of_lines(child, (*path, part))
    if children and value:
        yield path  # the closing bracket


def parameters_of(name: str) -> tuple[str, ...]:
    """What the native function `name` takes; a plugin's prefix may stand before a known name."""
    known = (ending for ending in sorted(PARAMETERS, key=len, reverse=True) if name.endswith(ending))
    return PARAMETERS.get(next(known, ""), ("name",))


def only(source: Source, keys: Sequence[str]) -> Source:
    """`source` cut to these top-level keys: Jsonnet is lazy, so what only the rest of it needs isn't asked for."""
    kept = f"{{ [key]: config[key] for key in {json.dumps(keys)} if std.objectHas(config, key) }}"
    return Source(source.path, f"local config = {source.text}\n; {kept}")


def evaluate(
    source: Source,
    folder: Path,
    functions: Mapping[str, Function],
    ext: ExtVars,
    *,
    root: Path | None = None,
    limits: Limits = Limits(),  # noqa: B008 - it is frozen
) -> Evaluated:
    """`source`, which stands in `folder`, evaluated once; imports stay below `root`, by default the folder.

    A function without an answer is no reason to stop: it is noted in `missing`, and MISSING is its value. Raises
    ConfigError at Jsonnet's own place where the evaluation fails, but not where an answer that is pending can be why.
    """
    check_reserved(source)
    if "\0" in source.text:
        raise ConfigError(Problem("a zero character may not stand in a config", Where(source.path), "remove it"))
    files = Files(source, folder, root or folder, limits.characters)
    return _Evaluation(source, files, functions, ext).run(limits)


class _Evaluation:
    def __init__(self, source: Source, files: Files, functions: Mapping[str, Function], ext: ExtVars) -> None:
        self.source = source
        self.files = files
        # Of a list's items templates say `ssm('name', 1)`; natives can't take one argument or two.
        lists = {f"{name}_list": function for name, function in functions.items() if name.endswith("ssm")}
        self.functions = {**lists, **functions}
        self.ext = ext
        self.missed: dict[tuple[str, ...], LookupMissError] = {}
        """By the function's name and its first argument."""
        self.pending = self.unknown = False
        self.stand_in = MISSING
        self.seals = {run for text in ext.strings.values() for run in _RESERVED_RUN.findall(text)}

    def run(self, limits: Limits) -> Evaluated:
        last = converse(self.job(), self.answer, limits)
        failed = last.error.startswith("RUNTIME")
        if failed and (self.missed or self.pending):
            # Likely because of MISSING. Once more, for what else is missing, or should be asked for in this round.
            self.stand_in = _NUMBER
            converse(self.job(), self.answer, limits)
        sources = self.files.sources
        at = Places(sources)
        missing = [Problem(miss.what, at.of_call(*call), miss.todo, miss.code) for call, miss in self.missed.items()]
        if self.pending and (failed or last.text is not None):
            return Evaluated(self.source, "", None, missing, True, self.unknown, at)
        if last.text is None:
            raise ConfigError([*missing, *(() if failed and missing else self.failure(last))])
        try:
            data: JsonValue = json.loads(last.text)
            text = as_json(data)  # Jsonnet itself writes 0.1 as 0.10000000000000001
        except RecursionError:
            raise ConfigError(Problem("the result is nested too deeply", Where(self.source.path))) from None
        evaluated = Evaluated(self.source, text, data, missing, False, self.unknown, Places(sources, data))
        self.check_seals(evaluated)
        return evaluated

    def job(self) -> Message:
        return {
            "path": self.source.path,
            "text": self.source.text,
            "strings": dict(self.ext.strings),
            "codes": dict(self.ext.codes),
            "natives": {name: parameters_of(name) for name in self.functions},
        }

    def failure(self, last: Last) -> list[Problem]:
        if last.limit:
            return [Problem(last.limit, Where(self.source.path), last.todo)]
        problems = problems_of(last.error, self.files.sources, self.functions)
        if not self.unknown:
            return problems
        what, todo = "a look-up that wasn't made is needed to evaluate this", "check it where AWS can be asked"
        return [replace(problem, what=f"{what}: {problem.what}", todo=todo) for problem in problems]

    def check_seals(self, evaluated: Evaluated) -> None:
        """Raises ConfigError for what looks like a seal and is none: cut, or made by an escape."""
        if not RESERVED.search(evaluated.text):
            return
        keys = [(path, str(path[-1])) for path in _keys_of_lines(evaluated.data, ()) if path]
        broken = dict.fromkeys(
            path for path, text in [*texts_in(evaluated.data), *keys] if RESERVED.search(self.without_seals(text))
        )
        what = "a secret was taken apart, or a private-use character was made by an escape"
        todo = "a secret can only be put in as a whole; nothing can be read from it here"
        if broken:
            raise ConfigError([Problem(what, evaluated.locate(path), todo) for path in broken])

    def without_seals(self, text: str) -> str:
        for seal in self.seals:
            text = text.replace(seal, "")
        return text.replace(MISSING, "") if self.missed or self.unknown else text

    # -- what the child asks -----------------------------------------------------------------------------------

    def answer(self, asked: Message) -> Message:
        if "import" in asked:
            try:
                path, content = self.files.read(*asked["import"])
            except RefusedImportError as refused:
                return {"refused": str(refused)}
            return {"path": path, "content": content.decode("latin-1")}
        name, *arguments = asked["call"]
        return {"answer": self.call(name, arguments)}

    def call(self, name: str, arguments: list[JsonValue]) -> JsonValue:
        """The answer of the look-up `name`; MISSING if it has none, or none yet."""
        texts = [_as_text(argument) for argument in arguments]
        if any(self.stand_in in text for text in texts):
            return self.stand_in  # what the argument hangs on is told, or asked, already
        try:
            if None in arguments:
                raise LookupMissError(f"`{name}` takes texts, not null", "give it a text, if only an empty one")
            return self.value(name, self.functions[name](*texts))
        except LookupMissError as miss:
            self.missed.setdefault((name, *texts[:1]), miss)
        except LookupPendingError:
            self.pending = True
        except LookupUnknownError:
            self.unknown = True
        except TypeError:
            wrong = LookupMissError(f"`{name}` can't be called with {len(texts)} argument(s)", "")
            self.missed.setdefault((name, *texts[:1]), wrong)
        return self.stand_in

    def value(self, name: str, answer: JsonValue) -> JsonValue:
        """`answer` as Jsonnet can have it; its seals are remembered."""
        if isinstance(answer, dict):
            return {str(self.value(name, key)): self.value(name, part) for key, part in answer.items()}
        if isinstance(answer, list):
            return [self.value(name, part) for part in answer]
        if isinstance(answer, str) and "\0" in answer:
            raise LookupMissError(f"`{name}` answers with a zero character, which Jsonnet can't hold", "remove it")
        if isinstance(answer, str) and (runs := _RESERVED_RUN.findall(answer)):
            if not isinstance(answer, Sealed):
                raise LookupMissError(f"`{name}` answers with private-use characters", "remove them")
            self.seals.update(runs)
        if isinstance(answer, int | float) and not isinstance(answer, bool):
            return self.number(name, answer)
        return answer

    def number(self, name: str, answer: float) -> JsonValue:
        """Jsonnet's numbers are doubles, and it writes whole ones without a point."""
        try:
            number = float(answer)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise LookupMissError(f"`{name}` answers with a number that Jsonnet can't hold", "use a text")
        return number


def _as_text(argument: JsonValue) -> str:
    if isinstance(argument, float) and argument.is_integer():
        argument = int(argument)  # Jsonnet's numbers are doubles all
    return argument if isinstance(argument, str) else json.dumps(argument)


def as_json(data: JsonValue) -> str:
    """`data` as `Evaluated.text` has it."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return _UNPRINTED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def texts_in(value: JsonValue, path: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """All texts in `value` but keys, with their paths."""
    if isinstance(value, str):
        yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, child in children:
        yield from texts_in(child, (*path, part))
