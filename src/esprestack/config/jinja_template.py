"""A config's template in Jinja, with the peers' own call syntax beside it, in a sandbox that is tighter than Jinja's.

In: the pieces of a template and the functions that it may call; out: text with marks, once for each rendering.
"""

import bisect
import difflib
import functools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

import jinja2
from jinja2 import meta, nodes
from jinja2.runtime import Context

from esprestack.config import golang
from esprestack.config.asking import Asking
from esprestack.config.marks import Marks
from esprestack.config.sandbox import Sandbox, TooMuchError
from esprestack.config.source import Source
from esprestack.config.tags import Piece
from esprestack.errors import ConfigError, Problem, Where
from esprestack.secrets import RESERVED

_FAILURES = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    NameError,  # `inf`, which Jinja writes for a number that is too large
)
"""What a template can run into; Python's own words say what it was."""

_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`")
_CAPTURE = re.compile(r"\s*(macro|filter|call)\b|\s*set\s+\w[\w\s,.]*(\|.*)?$")
_IN_PLACE = re.compile(r"\s*(filter|call)\b")
_CAPTURE_END = re.compile(r"\s*end(macro|filter|call|set)\b")
_BUILT_IN = ("range", "dict", "namespace")


class JinjaTemplate:
    """Compiled once; rendered as often as it takes. Raises ConfigError with all errors of syntax and names at once."""

    def __init__(self, source: Source, pieces: Sequence[Piece], asking: Asking, marks: Marks) -> None:
        self.source = source
        self.pieces = pieces
        self.tags = _by_line(pieces)
        self.asking = asking
        self.marks = marks
        self.problems: list[Problem] = []
        self.environment = Sandbox()
        for name, function in asking.functions.items():
            self.environment.globals[name] = function
            # With the context passed, Jinja doesn't call a filter while it compiles, where no line is known.
            self.environment.filters[name] = jinja2.pass_context(functools.partial(self._filtered, function))
        self.names = sorted([*asking.functions, *_BUILT_IN])
        for name in set(self.environment.globals) - set(self.names):
            del self.environment.globals[name]
        asking.place = lambda *hints: self.tag(self.line_of_caller(), *hints)
        self.template = self.compiled()
        self.code_lines = self.template.debug_info

    def text(self) -> str:
        """One rendering. Raises ConfigError where it fails, but not where an answer that is pending can be why."""
        self.environment.restart()
        try:
            text = "".join(self.template.generate())
            self.environment.check_size(len(text))
        except (*_FAILURES, RecursionError, MemoryError) as error:
            if self.asking.pending:
                return ""
            raise self.stop(f"the template fails: {_said(error)}", error.__traceback__, _advice(error)) from None
        return text

    def _filtered(self, function: Callable[..., str], context: Context, *given: object) -> object:
        """A function of ours as a filter, called as any other."""
        return self.environment.call(context, function, *given)

    def stop(self, what: str, trace: TracebackType | None, todo: str) -> ConfigError:
        line = 0
        while trace:
            if trace.tb_frame.f_code.co_filename == "<template>":
                line = trace.tb_lineno
            trace = trace.tb_next
        return ConfigError([*self.asking.rendered.missing, Problem(what, self.tag(line), todo)])

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
                    yield piece.text if captured else self.marks.literal(piece)
                case "statement":
                    if not captured and _IN_PLACE.match(piece.text):
                        yield self.marks.expression(piece)
                    captured += bool(_CAPTURE.match(piece.text)) - bool(_CAPTURE_END.match(piece.text))
                    yield f"{{%{piece.before}{piece.text}{piece.after}%}}"
                case "comment":
                    yield f"{{#{piece.before}{piece.text}{piece.after}#}}"
                case "expression":
                    mark = "" if captured else self.marks.expression(piece)
                    yield f"{mark}{{{{{piece.before} {self.translated(piece)} {piece.after}}}}}"

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
        """Unknown names, characters that are ours, and other files: each with its place."""
        loaded: list[nodes.Name] = []
        stored = set(self.names)
        for node in _nodes(tree):
            if isinstance(node, nodes.Name):
                if node.ctx == "load":
                    loaded.append(node)
                else:
                    stored.add(node.name)
            elif isinstance(node, nodes.Macro):
                stored.add(node.name)
            elif isinstance(node, nodes.Const):
                if isinstance(node.value, str) and RESERVED.search(node.value):
                    what = "an escape makes a private-use character that may not stand in a config"
                    self.problems.append(Problem(what, self.tag(node.lineno), "remove it"))
            elif isinstance(node, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends):
                what = "a template may not read other files"
                self.problems.append(Problem(what, self.tag(node.lineno), "put everything into this file"))
        if any(name.name not in stored for name in loaded):
            self.check_loaded(loaded, meta.find_undeclared_variables(tree) - set(self.names))

    def check_loaded(self, loaded: list[nodes.Name], unknown: set[str]) -> None:
        seen: set[tuple[str, int]] = set()
        for name in loaded:
            if name.name in unknown and (name.name, name.lineno) not in seen:
                seen.add((name.name, name.lineno))
                near = difflib.get_close_matches(name.name, self.names, n=1)
                known = ", ".join(self.names)
                todo = f"did you mean `{near[0]}`?" if near else f"known are {known}; texts need quotes"
                place = self.tag(name.lineno, name.name, quoted=False)
                self.problems.append(Problem(f"`{name.name}` is not defined", place, todo))

    def line_of_caller(self) -> int:
        """The line of the template that is being rendered."""
        frame = sys._getframe(1)
        while frame.f_back:
            frame = frame.f_back
            if "__jinja_template__" in frame.f_globals:
                at = bisect.bisect_right(self.code_lines, frame.f_lineno, key=lambda pair: pair[1])
                return self.code_lines[at - 1][0] if at else 1
        return 0

    def tag(self, line: int, *hints: str, quoted: bool = True) -> Where:
        """The place of the tag on `line`: of several the one whose text holds most of the hints as words.

        Without `quoted` texts in quotes don't count.
        """
        tags = self.tags.get(line)
        if not tags:
            return Where(self.source.path, line, 1) if line else Where(self.source.path)
        if len(tags) == 1:
            return Where(self.source.path, tags[0].line, tags[0].column)
        words = [re.compile(rf"(?<!\w){re.escape(hint)}(?!\w)") for hint in hints if hint]
        read = {id(piece): piece.text if quoted else _QUOTED.sub("", piece.text) for piece in tags}
        best = max(tags, key=lambda piece: sum(bool(word.search(read[id(piece)])) for word in words))
        return Where(self.source.path, best.line, best.column)


def _by_line(pieces: Sequence[Piece]) -> dict[int, list[Piece]]:
    """The tags on each line that has some."""
    found: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.kind in ("expression", "statement"):
            for line in range(piece.line, piece.line + piece.text.count("\n") + 1):
                found.setdefault(line, []).append(piece)
    return found


def _nodes(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Every node, in the order of the text."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(node.iter_child_nodes()))


def _said(error: Exception) -> str:
    return "a number is too large" if isinstance(error, NameError) else str(error)


def _advice(error: Exception) -> str:
    if isinstance(error, TooMuchError):
        return error.todo
    if isinstance(error, jinja2.exceptions.SecurityError):
        return "templates are sandboxed: they look up values and can't reach into the program"
    if isinstance(error, jinja2.UndefinedError):
        return "set it, or give it a default with `| default('…')`"
    return ""
