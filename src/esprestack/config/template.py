"""Renders a config file: calls of look-ups in the peers' syntax and in Jinja's, and everything else of Jinja.

In: a Source and the functions of the look-ups; out: the rendered text with a map from each place in it back to the
place in the source. A file that holds calls only, as most do, is rendered without compiling a template.
"""

from collections.abc import Callable, Mapping, Sequence

from esprestack.config.asking import Asking
from esprestack.config.calls import Call, read_call
from esprestack.config.lookups.base import Function
from esprestack.config.marks import Marks, Rendered
from esprestack.config.source import Source, check_reserved
from esprestack.config.tags import Piece, cut
from esprestack.errors import ConfigError, Problem, Where

ROUNDS = 10
"""Renderings of one config: each further one asks look-ups with what earlier ones answered."""


def render(source: Source, functions: Mapping[str, Function], fetch: Callable[[], None] = lambda: None) -> Rendered:
    """`source` after templating; nothing of it is parsed yet.

    `fetch` gets the answers to what functions were asked that raised LookupPendingError; then all is rendered again.
    Raises ConfigError with all errors of syntax and all undefined names at once. A function that has no answer is
    no reason to stop: it is noted in `missing`, and MISSING stands in the text.
    """
    check_reserved(source)
    pieces = cut(source.text, source.path)
    asking, marks = Asking(functions, Rendered(source, "")), Marks()
    text_of = _text_of(source, pieces, asking, marks)
    for _ in range(ROUNDS):
        asking.pending = False
        asking.rendered = Rendered(source, "")
        text = text_of()
        if not asking.pending:
            marks.strip(text, asking.rendered)
            return asking.rendered
        fetch()
    raise ConfigError(Problem(f"look-ups need each other more than {ROUNDS} deep", Where(source.path)))


def _text_of(source: Source, pieces: Sequence[Piece], asking: Asking, marks: Marks) -> Callable[[], str]:
    """What renders `pieces`, once for each call."""
    calls = [_call_of(piece, asking) for piece in pieces]
    if all(call or piece.kind in ("text", "comment") for call, piece in zip(calls, pieces, strict=True)):
        return _Calls(source, pieces, calls, asking, marks).text
    from esprestack.config.jinja_template import JinjaTemplate  # Jinja is heavy: only who needs it pays for it

    return JinjaTemplate(source, pieces, asking, marks).text


def _call_of(piece: Piece, asking: Asking) -> Call | None:
    call = read_call(piece.text) if piece.kind == "expression" else None
    return call if call and call.names() <= asking.functions.keys() else None


class _Calls:
    """A template of texts and calls."""

    def __init__(
        self, source: Source, pieces: Sequence[Piece], calls: Sequence[Call | None], asking: Asking, marks: Marks
    ) -> None:
        self._functions = asking.functions
        self._parts: list[tuple[str, Piece, Call | None]] = []
        for piece, call in zip(pieces, calls, strict=True):
            if piece.kind != "comment":
                self._parts.append((marks.expression(piece) if call else marks.literal(piece), piece, call))
        self._at: Piece | None = None
        asking.place = lambda *_: Where(source.path, self._at.line, self._at.column) if self._at else Where(source.path)

    def text(self) -> str:
        """One rendering."""
        texts: list[str] = []
        for text, piece, call in self._parts:
            texts.append(text)
            if call:
                self._at = piece
                texts.append(call.value(self._functions))
        return "".join(texts)
