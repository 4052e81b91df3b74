"""`ssm`: parameters of the Parameter Store, ten in a call.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from esprestack.config.lookups.asked import Asked, miss_of, side_by_side
from esprestack.config.lookups.base import Client, Function, LookupMissError
from esprestack.errors import AwsError
from esprestack.secrets import Vault

_BATCH = 10


@dataclass(frozen=True, slots=True)
class _Parameter:
    kind: str
    value: str


class Ssm:
    """`{prefix}ssm(name[, index])` and `{prefix}ssm_list(name, index)`; a SecureString is sealed."""

    def __init__(self, client: Client, vault: Vault, prefix: str = "") -> None:
        self._client = client
        self._vault = vault
        self._prefix = prefix
        self._asked: Asked[str, _Parameter] = Asked()

    @property
    def functions(self) -> Mapping[str, Function]:
        return {f"{self._prefix}ssm": self.ssm, f"{self._prefix}ssm_list": self.ssm_list}

    def ssm(self, name: str, index: str = "") -> str:
        """A parameter; of a StringList the item at `index` (from 0), which others don't take."""
        if index:
            return self.ssm_list(name, index)
        parameter = self._asked.answer(name)
        if parameter.kind == "StringList":
            todo = f"write ssm('{name}', 0) for the first"
            raise LookupMissError(f"the parameter `{name}` is a list: an index is missing", todo, "wrong-type")
        return self._vault.seal(name, parameter.value) if parameter.kind == "SecureString" else parameter.value

    def ssm_list(self, name: str, index: str) -> str:
        """The item at `index` (from 0) of a StringList."""
        parameter = self._asked.answer(name)
        if parameter.kind != "StringList":
            what = f"the parameter `{name}` is a {parameter.kind}, which has no items"
            raise LookupMissError(what, "leave the index out", "wrong-type")
        items = parameter.value.split(",")
        if not (index.isascii() and index.isdigit() and len(index) < 9 and int(index) < len(items)):
            what = f"the parameter `{name}` has {len(items)} items, none at `{index}`"
            raise LookupMissError(what, "items count from 0", "not-found")
        return items[int(index)]

    def fetch(self) -> None:
        names = self._asked.take()
        side_by_side(self._get, [tuple(names[at : at + _BATCH]) for at in range(0, len(names), _BATCH)])

    def _get(self, names: tuple[str, ...]) -> None:
        try:
            answer = self._client.call("ssm", "get_parameters", Names=list(names), WithDecryption=True)
        except AwsError as error:
            for name in names:
                self._asked.put(name, miss_of(error, "", (), ""))
            return
        found: dict[str, Any] = {}
        for parameter in answer.get("Parameters", []):
            selector = parameter.get("Selector", "")
            found[parameter["Name"] + selector] = parameter
            found[parameter.get("ARN", "") + selector] = parameter
        for name in names:
            if name in found:
                self._asked.put(name, _Parameter(found[name].get("Type", "String"), found[name]["Value"]))
            else:
                todo = "check name, region and account"
                self._asked.put(name, LookupMissError(f"the parameter `{name}` doesn't exist", todo, "not-found"))
