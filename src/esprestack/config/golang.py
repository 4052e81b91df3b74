"""ecschedule's and ecspresso's call syntax (Go's text/template) in Jinja's words.

``must_env `X` `` becomes `must_env('X')`, ``tfstatef `a['%s']` (env "A" "b")`` becomes nested calls, a piped value
becomes the last argument. Go's control structures have no counterpart of the same meaning: they are refused, with
the Jinja spelling.
"""

import ast
import contextlib
import re

_TOKEN = re.compile(
    r"""\s*(?:(?P<raw>`[^`]*`)|(?P<text>"(?:\\.|[^"\\])*")|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<mark>[()|])|(?P<bad>\S))"""
)
_CALL = re.compile(r"""\s*(?!not\b)[A-Za-z_]\w*\s+["`]""")
_CONTROL = re.compile(
    r"\s*(if|else|end|range|with|define|template|block|break|continue)(?=\s+[^\s(|.]|\s+\.|\s*$)"
    r"|\s*(if|with|define|template|block)(?=\s+\()"
)
_ESCAPE = re.compile(
    r"\\(?:[abfnrtv\\\"]|x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?P<bad>.))", re.DOTALL
)
_SPELLING = {
    "if": "{% if … %}", "else": "{% else %} or {% elif … %}", "end": "{% endif %} or {% endfor %}",
    "range": "{% for item in … %}", "with": "{% set name = … %}", "define": "{% macro name() %}",
    "template": "a macro call {{ name() }}", "block": "{% macro name() %}", "break": "a condition on the loop",
    "continue": "a condition on the loop",
}  # fmt: skip


class GoSyntaxError(Exception):
    """`what` is wrong with the Go template, and what to write instead."""

    def __init__(self, what: str, todo: str) -> None:
        self.what = what
        self.todo = todo
        super().__init__(what)


def refuse_control(expression: str) -> None:
    """Raises GoSyntaxError where `expression` is one of Go's control structures, a variable or a field."""
    if match := _CONTROL.match(expression):
        word = match[1] or match[2]
        raise GoSyntaxError(f"Go's `{word}` is not understood here", f"write {_SPELLING[word]}")
    if re.match(r"\s*\$\w*", expression):
        raise GoSyntaxError("Go's template variables are not understood here", "write {% set name = … %}")
    if re.match(r"\s*\.(\w|\s|$)", expression):
        raise GoSyntaxError("Go's fields (`.Name`) are not understood here", "use env, var or secret")


def looks_like_a_call(expression: str) -> bool:
    """Whether only Go reads it so: a name and a text beside it, or a back-quoted text anywhere."""
    return bool(_CALL.match(expression)) or "`" in expression


def to_jinja(expression: str) -> str:
    """The Jinja expression of the same meaning. Raises GoSyntaxError."""
    tokens: list[tuple[str, str]] = []
    position = 0
    while match := _TOKEN.match(expression, position):
        kind = match.lastgroup or ""
        if kind == "bad":
            raise GoSyntaxError(f"`{match[kind]}` is not understood in a call", 'write name "text" `text` 1 (call …)')
        tokens.append((kind, match[kind]))
        position = match.end()
    jinja, rest = _pipeline(tokens, 0)
    if rest < len(tokens):
        raise GoSyntaxError(f"`{tokens[rest][1]}` stands where the call should end", "check the parentheses")
    return jinja


def _pipeline(tokens: list[tuple[str, str]], at: int) -> tuple[str, int]:
    piped, at = _command(tokens, at, None)
    while at < len(tokens) and tokens[at] == ("mark", "|"):
        piped, at = _command(tokens, at + 1, piped)
    return piped, at


def _command(tokens: list[tuple[str, str]], at: int, piped: str | None) -> tuple[str, int]:
    name = None
    if at < len(tokens) and tokens[at][0] == "name":
        name = tokens[at][1]
        at += 1
    operands: list[str] = []
    while at < len(tokens) and tokens[at] not in (("mark", "|"), ("mark", ")")):
        operand, at = _operand(tokens, at)
        operands.append(operand)
    if name:
        if piped is not None:
            operands.append(piped)
        if not operands and name in ("true", "false"):
            return name, at
        return f"{name}({', '.join(operands)})", at
    if len(operands) != 1 or piped is not None:
        raise GoSyntaxError("a call begins with a function's name", 'for example must_env "NAME"')
    return operands[0], at


def _operand(tokens: list[tuple[str, str]], at: int) -> tuple[str, int]:
    kind, text = tokens[at]
    if kind == "raw":
        return ascii(text[1:-1]), at + 1
    if kind == "text":
        return ascii(_unquote(text)), at + 1
    if (kind, text) == ("mark", "("):
        inner, at = _pipeline(tokens, at + 1)
        if at >= len(tokens) or tokens[at] != ("mark", ")"):
            raise GoSyntaxError("a parenthesis is never closed", "close it with `)`")
        return inner, at + 1
    return text, at + 1


def _unquote(text: str) -> str:
    """A Go string in double quotes; its escapes are also Python's."""
    if not any(match["bad"] for match in _ESCAPE.finditer(text)):
        with contextlib.suppress(SyntaxError, ValueError):
            return str(ast.literal_eval(text.replace("\n", "\\n")))
    raise GoSyntaxError(f"the text {text} has an escape that Go doesn't know", "use back quotes")
