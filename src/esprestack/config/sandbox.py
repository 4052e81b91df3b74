"""Jinja's sandbox, made tighter: bounded in steps and sizes, deterministic, and careful with sealed secrets.

A pull request's config is rendered by a job with cloud credentials, so a template that runs away, fills the memory or
works on the seal of a secret is refused with a reason. Jinja's own sandbox keeps it away from attributes and mutators.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from esprestack.config.weights import HEAVIEST, ITEM, length, weight, width_for_fields, width_for_percent
from esprestack.secrets import SEALED

MOST_STEPS = 300_000
"""A turn of a loop is one, a call five, and so are 64 characters or items that either works on."""

_PER_CALL = 5
_PER_STEP = 64
_WEIGHT_PER_STEP = 512

_LARGEST_BITS = 10_000
_TODO = "look for a loop or a number that is larger than meant"

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

_DEAR = frozenset(
    {
        "batch", "groupby", "list", "map", "max", "min", "reject", "rejectattr", "select", "selectattr", "slice",
        "sort", "sum", "title", "unique", "wordcount",
    }
)  # fmt: skip
"""Filters that do something for each item, or each character of a text: a step each."""

_SQUARED = frozenset({"striptags", "wordwrap"})
"""Filters that go through the rest of a text again and again."""

_BACKWARDS = frozenset({"rfind", "rpartition", "rsplit"})
"""Methods that compare what they look for again and again."""

_MOST = {"batch": 100_000, "center": 100_000, "indent": 100_000, "round": 1_000, "slice": 100_000, "tojson": 1_000}
"""For filters that a number makes work, or fill the memory, the largest one."""

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
        for name, function in list(self.tests.items()):
            self.tests[name] = self._charged(function)
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
        elif isinstance(left, str):
            self._check_format(left, "%", width_for_percent(left), (right,))
        return self._measured(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        text, formatted = getattr(value, "__self__", None), super().wrap_str_format(value)
        if formatted is None or not isinstance(text, str):
            return formatted

        @functools.wraps(formatted)
        def checked(*arguments: Any, **named: Any) -> str:
            self._check_format(text, "{", width_for_fields(text), (*arguments, *named.values()))
            return formatted(*arguments, **named)

        return checked

    # -- limits ------------------------------------------------------------------------------------------------

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > MOST_STEPS:
            raise TooMuchError(f"the template takes more than {MOST_STEPS:,} steps")

    def _charge(self, values: Iterable[Any], per_step: int = _PER_STEP) -> None:
        given = list(values)
        self._step(_PER_CALL + sum(length(value) // per_step for value in given))
        self._weigh(*given)

    def _weigh(self, *values: Any) -> None:
        heavy = weight(*values)
        self.check_size(heavy)
        self._step(heavy // _WEIGHT_PER_STEP)

    def _counted(self, items: Iterable[Any], literal: int) -> Iterator[Any]:
        """`items` for a loop with `literal` characters of text in its body."""
        for item in items:
            self._step(1 + literal // _PER_STEP)
            yield item

    def _joined(self, parts: list[Any]) -> str:
        for part in parts:
            _check_made(part)
        self._weigh(parts)
        return str(self._measured("".join(map(str, parts))))

    def _finalized(self, value: Any) -> Any:
        """What an expression leaves in the text."""
        _check_made(value)
        self.check_size(self.written + weight(value))
        text = str(value)
        self.written += len(text)
        self.check_size(self.written)
        return text

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter that refuses sealed secrets (it would work on the seal, not on what is in it) and large numbers."""

        @functools.wraps(function)
        def filtered(*arguments: Any, **named: Any) -> Any:
            arguments = tuple(map(_whole, arguments))
            given = [item for item in (*arguments, *named.values()) if not isinstance(item, _PASSED)]
            if name not in _FILTERS_FOR_SECRETS and any(
                isinstance(item, str) and SEALED.search(item) for item in given
            ):
                raise jinja2.TemplateRuntimeError(f"the filter `{name}` can't change a secret, which is sealed")
            self._charge(given, 1 if name in _DEAR else _PER_STEP)
            self._check_call(name, given)
            return self._measured(function(*arguments, **named))

        return filtered

    def _charged(self, function: Any) -> Callable[..., Any]:
        @functools.wraps(function)
        def tested(*arguments: Any, **named: Any) -> Any:
            self._charge((*arguments, *named.values()))
            return function(*arguments, **named)

        return tested

    def _check_call(self, name: str, given: Sequence[Any]) -> None:
        """Before a filter or a method of a text runs: what would it make of the first of these with the others?"""
        if not given:
            return
        value, *others = given
        text = value if isinstance(value, str) else ""
        longest = max((len(item) for item in others if isinstance(item, str)), default=0)
        number = max((abs(item) for item in others if isinstance(item, int)), default=0)
        if number > (most := _MOST.get(name, number)):
            raise TooMuchError(f"a number given to `{name}` is larger than {most:,}")
        if name in _SQUARED:
            self._step((weight(value) // _PER_STEP) ** 2)
        elif name in _BACKWARDS:
            self._step((len(text) // _PER_STEP) * (longest // _PER_STEP))
        match name:
            case "replace":
                self.check_size(len(text) * max(longest, 1))
            case "wordwrap":
                self.check_size(weight(value) * max(longest, 1))
            case "join":
                self.check_size(length(value) * max(map(length, others), default=0))
            case "format":
                self._check_format(text, "%", width_for_percent(text), others)
            case "indent":
                self.check_size(len(text) + text.count("\n") * max(number or 4, longest))
            case "tojson":
                self.check_size((weight(value) // ITEM) ** 2 * number)
            case "sum" if any(isinstance(item, list | tuple) for item in others):
                raise jinja2.TemplateRuntimeError("`sum` adds numbers, and no lists")

    def _check_format(self, text: str, sign: str, width: int | None, given: Iterable[Any]) -> None:
        """Before `text`, in which a `sign` begins each field, takes what is given."""
        if width is None:
            raise jinja2.TemplateRuntimeError(f"a width in `{text[:40]}` is too large")
        for value in given:
            _check_made(value)
        self.check_size(len(text) + width + text.count(sign) * weight(*given))

    def _measured(self, value: Any) -> Any:
        self._step(length(value) // _PER_STEP)
        self._weigh(value)
        return value

    def check_size(self, size: int) -> None:
        """Raises TooMuchError for a text or list that is larger than HEAVIEST."""
        if size > HEAVIEST:
            raise TooMuchError(f"the rendered config grows beyond {HEAVIEST:,} characters")


class TooMuchError(jinja2.TemplateRuntimeError):
    """A limit of ours was passed."""

    todo = _TODO


_PASSED = (jinja2.Environment, Context, nodes.EvalContext)
"""What Jinja passes to a filter before its value."""


def _check_made(value: Any) -> None:
    """Of a function that isn't called, or of what a filter leaves to be made later, the text would be its address."""
    if isinstance(value, Iterator) and not isinstance(value, LoopContext):
        raise jinja2.TemplateRuntimeError("a list that is still to be made is no text: add `| list` or `| join`")
    if callable(value) and not isinstance(value, jinja2.Undefined):
        name = getattr(value, "__name__", "a function")
        raise jinja2.TemplateRuntimeError(f"`{name}` is a function that isn't called")


def _whole(value: Any) -> Any:
    """What a filter leaves to be made later is made now, so that it can be weighed."""
    return list(value) if isinstance(value, Iterator) and not isinstance(value, LoopContext) else value


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
