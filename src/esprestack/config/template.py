"""Renders a config file: Jinja2 in a sandbox, with the peers' own call syntax beside it.

In: a Source and the functions of the look-ups; out: the rendered text with a map from each place in it back to the
place in the source. Marks of private-use characters carry that map through Jinja: one at the start of each line of
literal text, one before each expression. They are stripped before anybody reads the text.
"""

import bisect
import difflib
import functools
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import jinja2
from jinja2 import meta, nodes

from esprestack.config import golang
from esprestack.config.lookups.base import (
    Function,
    JsonValue,
    LookupMissError,
    LookupPendingError,
    LookupUnknownError,
)
from esprestack.config.sandbox import Sandbox, TooMuchError
from esprestack.config.source import MISSING, Source, check_reserved
from esprestack.config.tags import Piece, cut
from esprestack.errors import ConfigError, Problem, Where
from esprestack.secrets import RESERVED, Sealed, digits, undigits

_FAILURES = (jinja2.TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, AssertionError)
"""What a template can run into; Python's own words say what it was."""

ROUNDS = 10
"""Renderings of one config: each further one asks look-ups with what earlier ones answered."""

_LITERAL, _EXPRESSION, _END = "\uf102", "\uf103", "\uf104"
_MARK = re.compile(f"([{_LITERAL}{_EXPRESSION}])([\uf110-\uf119]+){_END}")
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`")
_CAPTURE = re.compile(r"\s*(macro|filter|call)\b|\s*set\s+[\w\s,.]+(\|.*)?$")
_IN_PLACE = re.compile(r"\s*(filter|call)\b")
_CAPTURE_END = re.compile(r"\s*end(macro|filter|call|set)\b")


@dataclass(slots=True)
class Rendered:
    """The text after templating, and what was missing on the way."""

    source: Source
    text: str
    marks: list[list[tuple[int, int, int, bool]]] = field(default_factory=list)
    """For each line of the text: (column from 0, source line, source column, is literal)."""
    missing: list[Problem] = field(default_factory=list)
    unknown: bool = False
    """Whether a look-up wasn't made, so that MISSING stands in the text without a problem of its own."""

    def locate(self, line: int, column: int) -> Where:
        """The place in the source of a place (both from 1) in the text."""
        index = min(line, len(self.marks)) - 1
        at = bisect.bisect_right(self.marks[index], (column - 1, sys.maxsize)) - 1 if index >= 0 else -1
        if at >= 0:
            start, source_line, source_column, literal = self.marks[index][at]
            return Where(self.source.path, source_line, source_column + (column - 1 - start if literal else 0))
        for earlier in range(index - 1, -1, -1):  # a further line of a value that an expression put in
            if self.marks[earlier]:
                _, source_line, source_column, _ = self.marks[earlier][-1]
                return Where(self.source.path, source_line, source_column)
        return Where(self.source.path, line, column)


def render(source: Source, functions: Mapping[str, Function], fetch: Callable[[], None] = lambda: None) -> Rendered:
    """`source` after templating; nothing of it is parsed yet.

    `fetch` gets the answers to what functions were asked that raised LookupPendingError; then all is rendered again.
    Raises ConfigError with all errors of syntax and all undefined names at once. A function that has no answer is
    no reason to stop: it is noted in `missing`, and MISSING stands in the text.
    """
    check_reserved(source)
    return _Renderer(source, functions).render(fetch)


class _Renderer:
    def __init__(self, source: Source, functions: Mapping[str, Function]) -> None:
        self.source = source
        self.pieces = cut(source.text, source.path)
        self.problems: list[Problem] = []
        self.rendered = Rendered(source, "")
        self.marked: list[tuple[int, int, bool]] = []
        self.pending = False
        self.environment = Sandbox()
        asked = {name: self.asked(name, function) for name, function in functions.items()}
        for name, function in (asked | {"plugin": self.plugin(asked), "json_escape": json_escape}).items():
            self.environment.globals[name] = function
            # With the context passed, Jinja doesn't call a filter while it compiles, where no line is known.
            self.environment.filters[name] = jinja2.pass_context(lambda _, *given, call=function: call(*given))
        self.names = sorted([*functions, "plugin", "json_escape", *_BUILT_IN])
        for name in set(self.environment.globals) - set(self.names):
            del self.environment.globals[name]

    def render(self, fetch: Callable[[], None]) -> Rendered:
        template = self.compiled()
        for _ in range(ROUNDS):
            self.pending = False
            self.rendered = Rendered(self.source, "")
            self.environment.restart()
            try:
                text = "".join(template.generate())
                self.environment.check_size(len(text))
            except (*_FAILURES, RecursionError, MemoryError) as error:
                if not self.pending:
                    raise self.stop(f"the template fails: {error}", error.__traceback__, _advice(error)) from None
            if not self.pending:
                self.strip_marks(text)
                return self.rendered
            fetch()
        raise ConfigError(Problem(f"look-ups need each other more than {ROUNDS} deep", Where(self.source.path)))

    def stop(self, what: str, trace: TracebackType | None, todo: str) -> ConfigError:
        line = 0
        while trace:
            if trace.tb_frame.f_code.co_filename == "<template>":
                line = trace.tb_lineno
            trace = trace.tb_next
        return ConfigError([*self.rendered.missing, Problem(what, self.tag(line), todo)])

    # -- before Jinja ------------------------------------------------------------------------------------------

    def compiled(self) -> jinja2.Template:
        text = "".join(self.jinja())
        if self.problems:
            raise ConfigError(self.problems)
        try:
            tree = self.environment.parse(text)
            self.check_names(tree)
            if self.problems:
                raise ConfigError(self.problems)
            return self.environment.from_string(self.environment.bounded(tree))
        except jinja2.TemplateSyntaxError as error:
            message, line = error.message or "the template can't be read", error.lineno
        except (RecursionError, SyntaxError, MemoryError):
            message, line = "it is nested too deeply", 0
        except _FAILURES as error:  # Jinja works constants out while it compiles
            message, line = str(error), 0
        todo = "see the template's syntax in docs/config.md"
        raise ConfigError(Problem(f"broken template: {message}", self.tag(line), todo))

    def jinja(self) -> Iterator[str]:
        captured = 0
        for piece in self.pieces:
            match piece.kind:
                case "text":
                    yield piece.text if captured else self.with_marks(piece)
                case "statement":
                    if not captured and _IN_PLACE.match(piece.text):
                        yield self.mark(_EXPRESSION, piece.line, piece.column)
                    captured += bool(_CAPTURE.match(piece.text)) - bool(_CAPTURE_END.match(piece.text))
                    yield f"{{%{piece.before}{piece.text}{piece.after}%}}"
                case "comment":
                    yield f"{{#{piece.before}{piece.text}{piece.after}#}}"
                case "expression":
                    mark = "" if captured else self.mark(_EXPRESSION, piece.line, piece.column)
                    yield f"{mark}{{{{{piece.before} {self.translated(piece)} {piece.after}}}}}"

    def with_marks(self, piece: Piece) -> str:
        first, *others = piece.text.split("\n")
        marked = [self.mark(_LITERAL, piece.line, piece.column) + first]
        marked += [self.mark(_LITERAL, piece.line + number, 1) + line for number, line in enumerate(others, 1)]
        return "\n".join(marked)

    def mark(self, kind: str, line: int, column: int) -> str:
        self.marked.append((line, column, kind == _LITERAL))
        return f"{kind}{digits(len(self.marked) - 1)}{_END}"

    def translated(self, piece: Piece) -> str:
        """The expression in Jinja's syntax; Go's is kept to as many lines as it had."""
        try:
            golang.refuse_control(piece.text)
            if not golang.looks_like_a_call(piece.text):
                return piece.text
            lines = piece.text.count("\n")
            return golang.to_jinja(piece.text) + "\n" * lines
        except golang.GoSyntaxError as error:
            what, todo = error.what, error.todo
        except RecursionError:
            what, todo = "the call is nested too deeply", "take it apart with {% set %}"
        self.problems.append(Problem(what, Where(self.source.path, piece.line, piece.column), todo))
        return "''"

    def check_names(self, tree: nodes.Template) -> None:
        unknown = meta.find_undeclared_variables(tree) - set(self.names)
        seen: set[tuple[str, int]] = set()
        for name in tree.find_all(nodes.Name):
            if name.name in unknown and name.ctx == "load" and (name.name, name.lineno) not in seen:
                seen.add((name.name, name.lineno))
                near = difflib.get_close_matches(name.name, self.names, n=1)
                known = ", ".join(self.names)
                todo = f"did you mean `{near[0]}`?" if near else f"known are {known}; texts need quotes"
                place = self.tag(name.lineno, name.name, quoted=False)
                self.problems.append(Problem(f"`{name.name}` is not defined", place, todo))
        for const in tree.find_all(nodes.Const):
            if isinstance(const.value, str) and RESERVED.search(const.value):
                what = "an escape makes a private-use character that may not stand in a config"
                self.problems.append(Problem(what, self.tag(const.lineno), "remove it"))
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            what = "a template may not read other files"
            self.problems.append(Problem(what, self.tag(node.lineno), "put everything into this file"))

    # -- while Jinja runs --------------------------------------------------------------------------------------

    def asked(self, name: str, function: Function) -> Callable[..., str]:
        """`function` as templates call it: its answer as text, its misses noted with their place."""

        @functools.wraps(function)
        def ask(*arguments: Any, **named: Any) -> str:
            texts = [_as_text(argument) for argument in arguments]
            if any(MISSING in text for text in texts):
                return MISSING  # what the argument hangs on is told, or asked, already
            try:
                if named:
                    raise LookupMissError(f"`{name}` takes no arguments with a name", f"write {name}('…')")
                return _answered(name, function(*texts))
            except LookupMissError as miss:
                place = self.tag(self.line_of_caller(), *texts[:1], name)
                self.note(Problem(miss.what, place, miss.todo, miss.code))
            except LookupPendingError:
                self.pending = True
            except LookupUnknownError:
                self.rendered.unknown = True
            except TypeError:
                place = self.tag(self.line_of_caller(), *texts[:1], name)
                self.note(Problem(f"`{name}` can't be called with {len(texts)} argument(s)", place, ""))
            return MISSING

        return ask

    def plugin(self, functions: Mapping[str, Callable[..., str]]) -> Callable[..., str]:
        """`plugin('prefix_tfstate', 'address')` is `prefix_tfstate('address')`: for prefixes that are no names."""

        def plugin(name: str, *arguments: Any) -> str:
            if name in functions:
                return functions[name](*arguments)
            near = difflib.get_close_matches(str(name), functions, n=1)
            todo = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(sorted(functions))}"
            place = self.tag(self.line_of_caller(), str(name), "plugin")
            self.note(Problem(f"`{name}` is no look-up", place, todo, "unknown-lookup"))
            return MISSING

        return plugin

    def note(self, problem: Problem) -> None:
        if problem not in self.rendered.missing:
            self.rendered.missing.append(problem)

    def line_of_caller(self) -> int:
        frame = sys._getframe(1)
        while frame.f_back:
            frame = frame.f_back
            template = frame.f_globals.get("__jinja_template__")
            if isinstance(template, jinja2.Template):
                return template.get_corresponding_lineno(frame.f_lineno)
        return 0

    def tag(self, line: int, *hints: str, quoted: bool = True) -> Where:
        """The place of the tag on `line`: of several the one whose text holds most of the hints as words.

        Without `quoted` texts in quotes don't count.
        """
        tags = [
            piece
            for piece in self.pieces
            if piece.kind in ("expression", "statement") and piece.line <= line <= piece.line + piece.text.count("\n")
        ]
        if not tags:
            return Where(self.source.path, line, 1) if line else Where(self.source.path)
        words = [re.compile(rf"(?<!\w){re.escape(hint)}(?!\w)") for hint in hints if hint]
        read = {id(piece): piece.text if quoted else _QUOTED.sub("", piece.text) for piece in tags}
        best = max(tags, key=lambda piece: sum(bool(word.search(read[id(piece)])) for word in words))
        return Where(self.source.path, best.line, best.column)

    # -- after Jinja -------------------------------------------------------------------------------------------

    def strip_marks(self, text: str) -> None:
        lines: list[str] = []
        for line in text.split("\n"):
            marks: list[tuple[int, int, int, bool]] = []
            clean: list[str] = []
            at = length = 0
            for match in _MARK.finditer(line):
                clean.append(line[at : match.start()])
                length += match.start() - at
                at = match.end()
                if (number := undigits(match[2])) < len(self.marked):  # else made up by an escape
                    marks.append((length, *self.marked[number]))
            clean.append(line[at:])
            lines.append("".join(clean))
            self.rendered.marks.append(marks)
        self.rendered.text = "\n".join(lines)


_BUILT_IN = ("range", "dict", "namespace")


def _answered(name: str, answer: JsonValue) -> str:
    """An answer as text: a text as it is, any other value as JSON, like the peers."""
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    if RESERVED.search(text) and not isinstance(text, Sealed):
        raise LookupMissError(f"`{name}` answers with private-use characters", "remove them")
    return text


def json_escape(text: str) -> str:
    """`text` as it stands between the quotes of a JSON text."""
    return json.dumps(str(text), ensure_ascii=False)[1:-1]


def _as_text(argument: Any) -> str:
    if isinstance(argument, jinja2.Undefined):
        return str(argument)
    text = argument if isinstance(argument, str) else json.dumps(argument)
    return _MARK.sub("", text)


def _advice(error: Exception) -> str:
    if isinstance(error, TooMuchError):
        return error.todo
    if isinstance(error, jinja2.exceptions.SecurityError):
        return "templates are sandboxed: they look up values and can't reach into the program"
    if isinstance(error, jinja2.UndefinedError):
        return "set it, or give it a default with `| default('…')`"
    return ""
