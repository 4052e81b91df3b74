"""`secret` and `var`: values that the workflow hands over by name. Secrets leave here sealed."""

import difflib
from collections.abc import Mapping

from esprestack.config.lookups.base import Function, Local, LookupMissError
from esprestack.secrets import Vault


class Secrets(Local):
    """`secret(name)` over the input `secrets`; GitHub's secret names have no case, so neither have these."""

    def __init__(self, secrets: Mapping[str, str], vault: Vault) -> None:
        self._secrets = {name.upper(): value for name, value in secrets.items()}
        self._vault = vault

    @property
    def functions(self) -> Mapping[str, Function]:
        return {"secret": self.secret}

    def secret(self, name: str) -> str:
        """The seal of the secret's value."""
        value = self._secrets.get(name.upper())
        if value is None:
            given = "hand it over with `secrets: ${{ toJSON(secrets) }}`, or in ESPRESTACK_SECRETS on the command line"
            raise LookupMissError(f"the secret `{name}` is not given", _close(name.upper(), self._secrets) or given)
        return self._vault.seal(name, value)


class Variables(Local):
    """`var(name)` over the input `vars`: configuration variables, which are no secrets."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = {name.upper(): value for name, value in variables.items()}

    @property
    def functions(self) -> Mapping[str, Function]:
        return {"var": self.var}

    def var(self, name: str) -> str:
        value = self._variables.get(name.upper())
        if value is None:
            given = "hand it over with `vars: ${{ toJSON(vars) }}`, or in ESPRESTACK_VARS on the command line"
            raise LookupMissError(f"the variable `{name}` is not given", _close(name.upper(), self._variables) or given)
        return value


def _close(name: str, known: Mapping[str, str]) -> str:
    """ "did you mean", by name only: no value of a secret may stand in an error."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"did you mean `{near[0]}`?" if near else ""
