"""From a config's preamble to the look-ups that ask others: AWS, and states wherever they lie."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from esprestack.config.lookups.base import (
    Client,
    Function,
    JsonValue,
    Local,
    Lookup,
    LookupMissError,
    LookupUnknownError,
)
from esprestack.config.lookups.plugins import TFSTATE, Plugin, read_plugins
from esprestack.config.source import MISSING, Source
from esprestack.errors import ConfigError, Problem
from esprestack.iam import Looked
from esprestack.secrets import Vault

if TYPE_CHECKING:
    from esprestack.config.preamble import Preamble


class Plugs:
    """Makes the look-ups of one config after the other; those that ask the same of the same are made once."""

    def __init__(
        self, aws: Callable[[str], Client], vault: Vault, environ: Mapping[str, str], working: Path, *, offline: bool
    ) -> None:
        self._aws = aws
        """From a region, empty for the run's, to its client."""
        self._vault = vault
        self._environ = environ
        self._working = working
        self._offline = offline
        self.unasked: list[Looked] = []
        """What AWS would have been asked."""
        self._made: dict[tuple[Plugin, str, Path | None], Lookup] = {}

    def __call__(self, source: Source, folder: Path, preamble: "Preamble") -> Sequence[Lookup]:
        """The look-ups that `source` may call. Raises ConfigError for a plugin that can't be."""
        plugins, wrong = read_plugins(preamble.plugins)
        problems = [
            Problem(item.what, preamble.where(source, item.index), item.todo, "wrong-plugin")
            for item in wrong
            if MISSING not in item.what  # told when the whole is rendered
        ]
        if problems:
            raise ConfigError(problems)
        region = self._vault.open(preamble.region)
        lookups = [self._lookup(plugin, folder, region) for plugin in plugins]
        if not any(plugin.kind == TFSTATE and not plugin.prefix for plugin in plugins):
            lookups.append(_NoState())
        return lookups

    def _lookup(self, plugin: Plugin, folder: Path, region: str) -> Lookup:
        of_state = plugin.kind == TFSTATE
        key = (plugin, region, folder if of_state else None)
        if key not in self._made:
            self._made[key] = self._state(plugin, folder, region) if of_state else self._of_aws(plugin, region)
        return self._made[key]

    def _of_aws(self, plugin: Plugin, region: str) -> Lookup:
        client = _Lazy(self._aws, region)
        lookup: Lookup
        match plugin.kind:
            case "ssm":
                from esprestack.config.lookups.ssm import Ssm

                lookup = Ssm(client, self._vault, plugin.prefix)
            case "secretsmanager":
                from esprestack.config.lookups.secretsmanager import SecretsManager

                lookup = SecretsManager(client, plugin.prefix)
            case _:
                from esprestack.config.lookups.cloudformation import CloudFormation

                lookup = CloudFormation(client, plugin.prefix)
        if not (self._offline or MISSING in region):
            return lookup
        return _Unasked(
            lookup.functions, lambda name, first: self._note(name.removeprefix(plugin.prefix), first, region)
        )

    def _note(self, function: str, name: str, region: str) -> None:
        self.unasked.append(Looked(function, name, region))

    def _state(self, plugin: Plugin, folder: Path, region: str) -> Lookup:
        from esprestack.config.lookups.tfstate import TfState
        from esprestack.config.lookups.tfstate_address import StateError
        from esprestack.state_text import StateUnreadableError
        from esprestack.states import StateElsewhereError, StateReader, is_local, shown

        def aws(other: str) -> Client:
            if MISSING in (other or region):
                raise StateElsewhereError
            return self._aws(other or region)

        reader = StateReader(folder, self._working, self._environ, aws, offline=self._offline)

        def read(location: str) -> str:
            try:
                return reader.read(location)
            except StateUnreadableError as error:
                raise StateError(error.what, error.todo) from None
            except StateElsewhereError:
                raise LookupUnknownError from None

        local = is_local(plugin.location)
        lookup = TfState(plugin.prefix, plugin.location, shown(plugin.location), read, self._vault, local=local)
        if not (MISSING in plugin.location or (self._offline and not local)):
            return lookup
        bucket = plugin.location.partition("s3://")[2]
        return _Unasked(lookup.functions, lambda *_: self._note("s3", bucket, region) if bucket else None)


class _Lazy:
    """The region's client, made by the first call."""

    def __init__(self, aws: Callable[[str], Client], region: str) -> None:
        self._aws = aws
        self._region = region

    def call(self, service: str, operation: str, /, **parameters: object) -> dict[str, object]:
        return self._aws(self._region).call(service, operation, **parameters)


class _Unasked(Local):
    """What nobody may be asked (offline), or can be asked (its region or place is missing), stays unknown."""

    def __init__(self, functions: Mapping[str, Function], note: Callable[[str, str], None]) -> None:
        self._note = note
        self.functions: Mapping[str, Function] = {name: functools.partial(self._unknown, name) for name in functions}

    def _unknown(self, function: str, /, *arguments: str) -> JsonValue:
        self._note(function, arguments[0] if arguments else "")
        raise LookupUnknownError


class _NoState(Local):
    """`tfstate` where no plugin says which state."""

    functions: Mapping[str, Function]

    def __init__(self) -> None:
        self.functions = {"tfstate": self._missing, "tfstatef": self._missing}

    def _missing(self, *_: str) -> JsonValue:
        todo = "add `plugins: [{name: tfstate, config: {path: terraform.tfstate}}]`"
        raise LookupMissError("no Terraform state is named", todo, "no-state")
