"""What templates call: the look-ups' functions with their answers as text, and their misses noted with a place."""

import difflib
import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from esprestack.config.lookups.base import (
    Function,
    JsonValue,
    LookupMissError,
    LookupPendingError,
    LookupUnknownError,
)
from esprestack.config.marks import MARK, Rendered
from esprestack.config.source import MISSING
from esprestack.errors import Problem, Where
from esprestack.secrets import RESERVED, Sealed


class Asking:
    """The functions of one template. A miss is no reason to stop: it is noted, and MISSING stands in the text.

    `place` finds the place of a call from words that stand in it; whoever makes the calls says how.
    """

    def __init__(self, functions: Mapping[str, Function], rendered: Rendered) -> None:
        self.rendered = rendered
        self.pending = False
        self.place: Callable[..., Where] = lambda *_: Where(rendered.source.path)
        asked = {name: self._asked(name, function) for name, function in functions.items()}
        self.functions = asked | {"plugin": self._plugin(asked), "json_escape": json_escape}

    def _asked(self, name: str, function: Function) -> Callable[..., str]:
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
                self._note(Problem(miss.what, self.place(*texts[:1], name), miss.todo, miss.code))
            except LookupPendingError:
                self.pending = True
            except LookupUnknownError:
                self.rendered.unknown = True
            except TypeError:
                what = f"`{name}` can't be called with {len(texts)} argument(s)"
                self._note(Problem(what, self.place(*texts[:1], name), ""))
            return MISSING

        return ask

    def _plugin(self, functions: Mapping[str, Callable[..., str]]) -> Callable[..., str]:
        """`plugin('prefix_tfstate', 'address')` is `prefix_tfstate('address')`: for prefixes that are no names."""

        def plugin(name: str, *arguments: Any) -> str:
            if name in functions:
                return functions[name](*arguments)
            near = difflib.get_close_matches(str(name), functions, n=1)
            todo = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(sorted(functions))}"
            place = self.place(str(name), "plugin")
            self._note(Problem(f"`{name}` is no look-up", place, todo, "unknown-lookup"))
            return MISSING

        return plugin

    def _note(self, problem: Problem) -> None:
        self.rendered.note(problem)


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
    """What a function is given; an undefined value raises Jinja's error here."""
    if isinstance(argument, bool | int | float | list | tuple | dict) or argument is None:
        argument = json.dumps(argument)
    return MARK.sub("", str(argument))
