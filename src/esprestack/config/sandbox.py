"""Jinja's sandbox, made tighter: bounded in steps and sizes, deterministic, and careful with sealed secrets.

A pull request's config is rendered by a job with cloud credentials, so a template that runs away, fills the memory or
works on the seal of a secret is refused with a reason. Jinja's own sandbox keeps it away from attributes and mutators.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from esprestack.secrets import SEALED

LARGEST = 5_000_000
"""Characters that a rendered config may have, and any text on the way to it: more comes from a loop that ran away."""

MOST_STEPS = 300_000
"""A turn of a loop is one, a call five, and so are 64 characters or items that either works on."""

_PER_CALL = 5
_PER_STEP = 64

_LARGEST_NUMBER = 100_000
"""The largest width, count or factor: what fills a memory in one call."""

_LARGEST_BITS = 10_000
_TODO = "look for a loop or a number that is larger than meant"
_SIZED = (str, list, tuple, dict, range)
_WIDTH = re.compile(r"\d{5,}|\*")
_NESTED_WIDTH = re.compile(r":[^{}]*\{")

_METHODS_OF_TEXT = frozenset(
    {
        "capitalize", "casefold", "count", "endswith", "find", "format", "index", "isalnum", "isalpha", "isdecimal",
        "isdigit", "islower", "isnumeric", "isspace", "isupper", "join", "lower", "lstrip", "partition",
        "removeprefix", "removesuffix", "replace", "rfind", "rpartition", "rsplit", "rstrip", "split", "splitlines",
        "startswith", "strip", "swapcase", "title", "upper",
    }
)  # fmt: skip
_METHODS_OF_SECRETS = frozenset({"strip", "join", "format"})
_FILTERS_FOR_SECRETS = frozenset({"default", "d", "string", "trim", "join", "format", "safe"})
"""Filters that leave a secret as it is."""

_NO_FILTERS = ("random", "pprint", "urlize", "xmlattr", "forceescape")
"""Not the same each time, or of no use in a config."""

_COUNTED, _JOINED, _WEIGHED = "loop steps", "joined texts", "weighed value"
"""Filters of ours that no template can name."""


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment for one rendering: it counts."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False, finalize=self._finalized
        )
        self.restart()
        for name in _NO_FILTERS:
            del self.filters[name]
        for name, function in list(self.filters.items()):
            self.filters[name] = self._guarded(name, function)
        self.filters[_COUNTED] = self._counted
        self.filters[_JOINED] = self._joined
        self.filters[_WEIGHED] = self._measured

    def restart(self) -> None:
        """Begins to count anew: a config may be rendered several times until all look-ups are answered."""
        self.steps = 0
        self.written = 0

    def bounded(self, tree: nodes.Template) -> nodes.Template:
        """`tree` with every loop counted and every `~` measured."""
        bounded: nodes.Template = _Bounding().visit(tree)
        return bounded

    def is_safe_callable(self, obj: Any) -> bool:
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str):
            allowed = _METHODS_OF_SECRETS if SEALED.search(owner) else _METHODS_OF_TEXT
            return obj.__name__ in allowed
        return bool(super().is_safe_callable(obj))

    def call(self, context: Any, obj: Any, /, *arguments: Any, **named: Any) -> Any:
        owner = getattr(obj, "__self__", None)
        self._charge((owner, *arguments, *named.values()))
        if isinstance(owner, str):
            self._check_call(obj.__name__, (owner, *arguments, *named.values()))
        return self._measured(super().call(context, obj, *arguments, **named))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+":
            if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
                self.check_size(len(left) + len(right))
        elif operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one, str | list | tuple) and isinstance(other, int):
                    self.check_size(len(one) * max(other, 0))
            if isinstance(left, int) and isinstance(right, int):
                _check_bits(left.bit_length() + right.bit_length())
        elif operator == "**":
            if isinstance(left, int) and isinstance(right, int):
                _check_bits(left.bit_length() * abs(right))
        elif isinstance(left, str) and _WIDTH.search(left):
            raise jinja2.TemplateRuntimeError(f"a width in `{left[:40]}` is too large")
        return self._measured(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        text = getattr(value, "__self__", None)
        if isinstance(text, str) and (_WIDTH.search(text) or _NESTED_WIDTH.search(text)):
            raise jinja2.TemplateRuntimeError(f"a width in `{text[:40]}` is too large")
        return super().wrap_str_format(value)

    # -- limits ------------------------------------------------------------------------------------------------

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > MOST_STEPS:
            raise TooMuchError(f"the template takes more than {MOST_STEPS:,} steps")

    def _charge(self, values: Iterable[Any]) -> None:
        self._step(_PER_CALL + sum(_size(value) // _PER_STEP for value in values))

    def _counted(self, items: Iterable[Any], literal: int) -> Iterator[Any]:
        """`items` for a loop with `literal` characters of text in its body."""
        for item in items:
            self._step(1 + literal // _PER_STEP)
            yield item

    def _joined(self, parts: list[Any]) -> str:
        texts = [str(part) for part in parts]
        self.check_size(sum(map(len, texts)))
        return str(self._measured("".join(texts)))

    def _finalized(self, value: Any) -> Any:
        """What an expression leaves in the text: a function that isn't called would leave its address."""
        if callable(value) and not isinstance(value, jinja2.Undefined):
            name = getattr(value, "__name__", "a function")
            raise jinja2.TemplateRuntimeError(f"`{name}` is a function that isn't called")
        text = str(value)
        self.written += len(text)
        self.check_size(self.written)
        return text

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter that refuses sealed secrets (it would work on the seal, not on what is in it) and large numbers."""

        @functools.wraps(function)
        def filtered(*arguments: Any, **named: Any) -> Any:
            given = [*arguments, *named.values()]
            if name not in _FILTERS_FOR_SECRETS and any(
                isinstance(item, str) and SEALED.search(item) for item in given
            ):
                raise jinja2.TemplateRuntimeError(f"the filter `{name}` can't change a secret, which is sealed")
            self._charge(given)
            self._check_call(name, given)
            return self._measured(function(*arguments, **named))

        return filtered

    def _check_call(self, name: str, given: Iterable[Any]) -> None:
        """Before a filter or a method of a text runs: what would it make of these?"""
        values = [item for item in given if isinstance(item, str | int | list | tuple)]
        texts = [item for item in values if isinstance(item, str)]
        if any(isinstance(item, int) and abs(item) > _LARGEST_NUMBER for item in values) and name not in _OF_NUMBERS:
            raise TooMuchError(f"a number given to `{name}` is larger than {_LARGEST_NUMBER:,}")
        if name == "replace" and len(texts) > 1:
            self.check_size(len(texts[0]) * max(len(texts[-1]), 1))
        elif name == "join":
            counts = [len(item) for item in values if isinstance(item, list | tuple)] or [len(text) for text in texts]
            self.check_size(max(counts, default=0) * max((len(text) for text in texts), default=0))
        elif name == "format" and texts and _WIDTH.search(texts[0]):
            raise jinja2.TemplateRuntimeError(f"a width in `{texts[0][:40]}` is too large")
        elif name == "indent" and texts:
            width = next((item for item in values if isinstance(item, int)), 4)
            self.check_size(len(texts[0]) + texts[0].count("\n") * width)

    def _measured(self, value: Any) -> Any:
        size = _size(value)
        self.check_size(size)
        self._step(size // _PER_STEP)
        return value

    def check_size(self, size: int) -> None:
        """Raises TooMuchError for a text or list that is larger than LARGEST."""
        if size > LARGEST:
            raise TooMuchError(f"the rendered config grows beyond {LARGEST:,} characters")


class TooMuchError(jinja2.TemplateRuntimeError):
    """A limit of ours was passed."""

    todo = _TODO


_OF_NUMBERS = frozenset({"int", "float", "abs", "round", "string", "default", "d", "min", "max", "sum", "tojson"})
"""Filters for which a large number is a value, not a size."""


def _size(value: Any) -> int:
    return len(value) if isinstance(value, _SIZED) else 0


def _check_bits(bits: int) -> None:
    if bits > _LARGEST_BITS:
        raise TooMuchError(f"a number grows beyond {_LARGEST_BITS:,} bits")


class _Bounding(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's naming
        self.generic_visit(node)
        if node.recursive:
            raise jinja2.TemplateSyntaxError("recursive loops are not understood here", node.lineno)
        literal = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        node.iter = self._filter(node.iter, _COUNTED, literal)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's naming
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno, environment=node.environment)
        return self._filter(parts, _JOINED)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:  # noqa: N802 - Jinja's naming
        self.generic_visit(node)
        node.expr = self._filter(node.expr, _WEIGHED)
        for operand in node.ops:
            operand.expr = self._filter(operand.expr, _WEIGHED)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - Jinja's naming
        self.generic_visit(node)
        return self._filter(node, _WEIGHED) if isinstance(node.arg, nodes.Slice) else node

    def _filter(self, value: nodes.Node, name: str, *arguments: int) -> nodes.Filter:
        line, environment = value.lineno, value.environment
        given = [nodes.Const(argument, lineno=line, environment=environment) for argument in arguments]
        return nodes.Filter(value, name, given, [], None, None, lineno=line, environment=environment)
