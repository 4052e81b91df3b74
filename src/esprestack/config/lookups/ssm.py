"""`ssm`: parameters of the Parameter Store, ten in a call.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from esprestack.config.lookups.asked import Asked, miss_of, side_by_side
from esprestack.config.lookups.base import Client, Function, LookupMissError
from esprestack.errors import AwsError
from esprestack.secrets import Vault

_BATCH = 10
_ONE_SPOILS_ALL = ("AccessDeniedException", "AccessDenied", "InvalidKeyId", "ParamValidation", "ValidationException")
"""Refusals of a call that can be due to one of its parameters."""


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
            if len(names) > 1 and error.code in _ONE_SPOILS_ALL and not error.final:
                for name in names:
                    self._get((name,))
                return
            for name in names:
                self._asked.put(name, _refused(name, error))
            return
        for name in names:
            found = _of_name(name, answer.get("Parameters", []))
            if found:
                self._asked.put(name, _Parameter(found["Type"], found["Value"]))
            else:
                todo = "check name, region and account"
                self._asked.put(name, LookupMissError(f"the parameter `{name}` doesn't exist", todo, "not-found"))


def _of_name(name: str, parameters: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The parameter that was asked for as `name`: a name or an ARN, and a version or label after it.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Parameter.html
    """
    bare, colon, selector = name.rpartition(":") if name.count(":") in (1, 6) else (name, "", "")
    same = [parameter for parameter in parameters if bare in (parameter["Name"], parameter.get("ARN"))]
    exact = [parameter for parameter in same if parameter.get("Selector", "") == colon + selector]
    of_version = [parameter for parameter in same if str(parameter.get("Version")) == selector]
    return max(exact or of_version, key=lambda parameter: int(parameter.get("Version", 0)), default=None)


def _refused(name: str, error: AwsError) -> LookupMissError:
    miss = miss_of(error, "", (), "")
    decrypt = "allow kms:Decrypt on its key in the policy of the role that runs esprestack"
    todo = decrypt if "kms:Decrypt" in miss.what else miss.todo
    return LookupMissError(f"the parameter `{name}`: {miss.what}", todo, miss.code)
