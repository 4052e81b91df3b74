"""Expressions that are look-up calls and nothing else: read here, without a template engine.

Most configs hold no other: ``{{ must_env `X` }}``, `{{ env("A", "b") | json_escape }}`, calls within calls. What isn't
one is left to Jinja, whose reading of these is the same.
"""

import ast
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from esprestack.config import golang


@dataclass(frozen=True, slots=True)
class Call:
    """A function's name and what it is given."""

    name: str
    arguments: "tuple[Call | str | int, ...]"

    def names(self) -> set[str]:
        """The functions that are called."""
        return {self.name}.union(*(part.names() for part in self.arguments if isinstance(part, Call)))

    def value(self, functions: Mapping[str, Callable[..., str]]) -> str:
        """What the call gives."""
        given = [part.value(functions) if isinstance(part, Call) else part for part in self.arguments]
        return functions[self.name](*given)


@functools.lru_cache(1024)
def read_call(expression: str) -> Call | None:
    """The call that `expression` is, in Jinja's or in Go's syntax; None for anything else, also for broken ones."""
    if "\\" in expression or len(expression) > 2_000:
        return None  # the two languages know other escapes
    try:
        golang.refuse_control(expression)
        text = golang.to_jinja(expression) if golang.looks_like_a_call(expression) else expression.strip()
        if "\\" in text:
            return None
        call = _call(ast.parse(text, mode="eval").body)
    except (golang.GoSyntaxError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return call if isinstance(call, Call) else None


def _call(node: Any) -> Call | str | int | None:
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _made(name, arguments)
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Name(id=name)):
            return _made(name, [left])
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Call(func=ast.Name(id=name), args=arguments, keywords=[])):
            return _made(name, [left, *arguments])
        case ast.Constant(value=str() as text):
            return text
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return number
    return None


def _made(name: str, nodes: list[Any]) -> Call | None:
    arguments = []
    for node in nodes:
        argument = _call(node)
        if argument is None:
            return None
        arguments.append(argument)
    return Call(name, tuple(arguments))
