"""`tfstate` and `tfstatef`: values of one Terraform state; where it lies and how it is read is the reader's affair."""

import json
import re
from collections.abc import Callable, Mapping

from esprestack.config.lookups.base import (
    Function,
    JsonValue,
    LookupMissError,
    LookupPendingError,
    LookupUnknownError,
)
from esprestack.config.lookups.tfstate_address import State, StateError
from esprestack.secrets import Vault

_VERB = re.compile(r"%(%|[sdvq])|%")


class TfState:
    """`{prefix}tfstate(address)` and `{prefix}tfstatef(format, …)` over the state at `location`, `shown` to people.

    `read(location)` gives its text or raises StateError, or LookupUnknownError where nobody may be asked for it; a
    `local` one is read when it is first asked for, any other by `fetch`. What Terraform marks as sensitive is sealed.
    """

    def __init__(
        self, prefix: str, location: str, shown: str, read: Callable[[str], str], vault: Vault, *, local: bool
    ) -> None:
        self._prefix = prefix
        self._location = location
        self._shown = shown
        self._read = read
        self._vault = vault
        self._local = local
        self._asked = False
        self._state: State | LookupMissError | LookupUnknownError | None = None

    @property
    def functions(self) -> Mapping[str, Function]:
        return {f"{self._prefix}tfstate": self.tfstate, f"{self._prefix}tfstatef": self.tfstatef}

    def fetch(self) -> None:
        if self._asked and self._state is None:
            self._load()

    def tfstate(self, address: str) -> JsonValue:
        """The value at `address`; single quotes stand for double ones, as in the peers."""
        state = self._loaded()
        address = address.replace("'", '"')
        try:
            found = state.look_up(address)
        except StateError as error:
            raise LookupMissError(error.what, error.todo, "not-found") from None
        if found.is_null:
            what, todo = f"`{address}` is null in the state {self._shown}", "look up something that has a value"
            raise LookupMissError(what, todo, "not-found")
        if found.value is None:
            near = state.similar(address)
            todo = f"did you mean `{near}`?" if near else "see the addresses with: terraform state list"
            raise LookupMissError(f"`{address}` is not in the state {self._shown}", todo, "not-found")
        value: JsonValue = found.value
        if found.sensitive:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            return self._vault.seal(address, text)
        return value

    def tfstatef(self, form: str, *arguments: str) -> JsonValue:
        """The value at the address that Go's Sprintf makes of `form` and `arguments`."""
        return self.tfstate(formatted(form, arguments))

    def _loaded(self) -> State:
        if self._state is None:
            self._asked = True
            if not self._local:
                raise LookupPendingError
            self._load()
        if isinstance(self._state, State):
            return self._state
        raise self._state or LookupPendingError

    def _load(self) -> None:
        try:
            self._state = State(self._read(self._location))
        except StateError as error:
            self._state = LookupMissError(f"the state {self._shown}: {error.what}", error.todo, "no-state")
        except LookupUnknownError as error:
            self._state = error


def formatted(form: str, arguments: tuple[str, ...]) -> str:
    """Go's Sprintf for texts: %s, %v, %d and %q. Raises LookupMissError where the numbers don't fit."""
    verbs = [match for match in _VERB.finditer(form) if match[1] != "%"]
    if any(match[1] is None for match in verbs):
        raise LookupMissError(f"`{form}`: only %s, %d, %v, %q and %% are understood", "write %s", "wrong-format")
    if len(verbs) != len(arguments):
        what = f"`{form}` takes {len(verbs)} argument(s), {len(arguments)} are given"
        raise LookupMissError(what, "give one for each %s", "wrong-format")
    left = iter(arguments)
    return _VERB.sub(lambda match: "%" if match[1] == "%" else _shown(match[1], next(left)), form)


def _shown(verb: str, argument: str) -> str:
    return json.dumps(argument, ensure_ascii=False) if verb == "q" else argument
