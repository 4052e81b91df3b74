"""One run: its settings, its vault and clients, its configs. Both front ends make one and hand it on.

Nothing here prints, and nothing here knows a terminal or GitHub.
"""

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from esprestack.apply import utc_now
from esprestack.aws import Aws
from esprestack.backends.base import Backend
from esprestack.backends.homes import HomesBackend
from esprestack.config.jsonnet_vars import ext_vars
from esprestack.config.kind import Kind
from esprestack.config.load import Prepared, Surroundings, by_kind, find_configs, prepare, prepare_source, source_of
from esprestack.config.lookups.environment import Environment
from esprestack.config.lookups.given import Secrets, Variables
from esprestack.config.source import MISSING
from esprestack.errors import ConfigError, InputError, Problem, RefusedError
from esprestack.plan.compare import SECRET_NAMES, Veil
from esprestack.plan.make import PlanOptions
from esprestack.plan.pins import Pins
from esprestack.plugged import Plugs
from esprestack.rule import Rule, Scope, with_texts
from esprestack.secrets import Vault
from esprestack.several import all_of, in_order, stand_twice

if TYPE_CHECKING:
    from esprestack.config.desired import Desired
    from esprestack.config.examine import Examined, Loaded
    from esprestack.findings import Findings
    from esprestack.iam import Looked
    from esprestack.services.of_run import Services


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked for, whoever asked. Paths are relative to `folder`; regions of configs go first."""

    folder: Path
    configs: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    env_allow: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    options: PlanOptions = field(default_factory=PlanOptions)
    region: str = ""
    allowed_accounts: tuple[str, ...] = ()
    parallel: int = 10
    ext_strs: tuple[str, ...] = ()
    ext_codes: tuple[str, ...] = ()
    """Jsonnet's external variables: NAME=VALUE, or NAME alone for one of the environment."""
    offline: bool = False
    """No call to AWS or to anybody else, not even for look-ups."""
    allow: tuple[str, ...] = ()
    """Codes of findings that are no obstacle."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the run began."""
    clock: Callable[[], datetime] = utc_now
    """What time it is, for what waits."""
    shown_from: Path | None = None
    """The folder that paths in reports are relative to; the repository's root in the action."""


class Run:
    """One run's vault and clients: made once, used by every config."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self.settings = settings
        self.vault = vault
        self.veil = Veil(vault, (*SECRET_NAMES, *settings.secret_names))
        self._regions: dict[str, Aws] = {}
        self._making = threading.Lock()
        self._prepared: list[Prepared] | None = None
        self._loaded: list[Loaded] | None = None
        for name, value in settings.secrets.items():
            vault.know(name, value)
        if settings.allow:
            _ = self.findings  # which refuses what it doesn't know

    @functools.cached_property
    def findings(self) -> "Findings":
        from esprestack.findings import Findings  # AWS is asked while it is imported

        return Findings(self.vault, self.settings.now, self.settings.allow)

    @functools.cached_property
    def surroundings(self) -> Surroundings:
        """What every config is prepared with."""
        settings = self.settings
        local = (
            Environment(settings.environ, settings.env_allow),
            Secrets(settings.secrets, self.vault),
            Variables(settings.variables),
        )
        ext = ext_vars(settings.ext_strs, settings.ext_codes, settings.environ)
        return Surroundings(settings.shown_from or settings.folder, local, self._plugs, ext)

    @functools.cached_property
    def _plugs(self) -> Plugs:
        settings = self.settings
        return Plugs(
            lambda region: self.aws(region or settings.region),
            self.vault,
            settings.environ,
            settings.folder,
            offline=settings.offline,
        )

    # -- configs -----------------------------------------------------------------------------------------------

    @functools.cached_property
    def paths(self) -> Mapping[Kind, Sequence[Path]]:
        """The config files of each kind. Raises InputError where there is none at all."""
        return by_kind(find_configs(self.settings.configs, self.settings.folder), self.surroundings.shown_from)

    @property
    def kinds(self) -> Sequence[Kind]:
        """The kinds of config that there are; rules alone where some were selected."""
        return [Kind.RULES] if self.settings.options.rules else [kind for kind in Kind if self.paths[kind]]

    @functools.cached_property
    def services(self) -> "Services":
        """The configs that describe services."""
        from esprestack.services.of_run import Services

        settings = self.settings
        return Services(
            self.paths[Kind.SERVICE],
            self.surroundings,
            self.veil,
            self.aws,
            settings.region,
            settings.allow,
            settings.parallel,
        )

    def prepared(self) -> list[Prepared]:
        """Every config of rules, rendered and parsed, once. Raises with the problems of all of them."""
        if self._prepared is None:
            if not self.paths[Kind.RULES]:
                named = ", ".join(str(path.name) for path in self.paths[Kind.SERVICE])
                what = f"there are no rules here, only a service: {named}"
                raise InputError(
                    Problem(what, todo="name a config with rules by --config, or in the action by `config:`")
                )
            self._prepared = all_of(lambda path: prepare(path, self.surroundings), self.paths[Kind.RULES])
        return self._prepared

    def loaded(self) -> "list[Loaded]":
        """Every config of rules, held against the model, once. Raises with the problems of all of them."""
        if self._loaded is None:
            examined = self.examined()
            problems = [problem for item in examined for problem in item.problems]
            configs = [item.readable for item in examined if item.readable]
            problems += self.stand_twice(configs)
            if problems or len(configs) < len(examined):
                found = [problem for loaded in configs for problem in self.found_in_text(loaded)]
                raise ConfigError(in_order([*problems, *found]))
            self._loaded = configs
        return self._loaded

    def examined(self) -> "list[Examined]":
        """Every config with what is wrong with its text, and what of it can be read."""
        from esprestack.config.examine import examine  # the model is heavy: AWS is asked while it is imported

        return [examine(prepared, self.vault) for prepared in self.prepared()]

    def read_again(self, at: int, scope: Scope, text: str) -> "tuple[Prepared, tuple[Desired, ...]]":
        """The config of that number, in the order of `prepared`, as it would be with this text. Raises ConfigError."""
        from esprestack.config.desired import desired_rules
        from esprestack.config.examine import check

        shown = self.prepared()[at].source.path
        prepared = prepare_source(source_of(shown, text), self.paths[Kind.RULES][at].parent, self.surroundings)
        return prepared, tuple(desired_rules(check(prepared, self.vault), scope, self.settings.now))

    def stand_twice(self, configs: "Sequence[Loaded]") -> list[Problem]:
        """Rules of one name in two configs of one region."""
        return stand_twice(configs, self.region_of)

    def found_in_text(self, loaded: "Loaded") -> list[Problem]:
        """Findings that need no AWS, and no knowledge of whose credentials these are."""
        prepared = loaded.prepared
        return self.findings.of_text(loaded, self.region_of(prepared), self._tracking_id(prepared))

    def guessed(self, loaded: "Loaded", account: str) -> "tuple[Scope, tuple[Rule, ...]]":
        """Where a config's rules live and what they are, without asking AWS; what isn't known is `*`."""
        scope, wanted = self.likely(loaded, account)
        return with_texts(scope, self.known), tuple(with_texts(item.rule, self.known) for item in wanted)

    def known(self, text: str) -> str:
        """A config's text, opened; `*` for one that hangs on a look-up which nobody was asked for."""
        return "*" if MISSING in text else self.vault.open(text)

    def likely(self, loaded: "Loaded", account: str = "") -> "tuple[Scope, list[Desired]]":
        """The same with secrets sealed, what isn't known as it is, and each rule with its place."""
        from esprestack.config.desired import desired_rules

        prepared = loaded.prepared
        scope = self.findings.likely_scope(loaded, self.region_of(prepared), self._tracking_id(prepared), account)
        return scope, desired_rules(loaded, scope, self.settings.now)

    @property
    def unasked(self) -> "list[Looked]":
        """What AWS would have been asked for look-ups, had it been asked."""
        return self._plugs.unasked

    def region_of(self, prepared: Prepared) -> str:
        return self.vault.open(prepared.top("region")) or self.settings.region

    # -- AWS ---------------------------------------------------------------------------------------------------

    def aws(self, region: str) -> Aws:
        """The region's clients, the same ones for every caller. The account is checked before anything else."""
        aws = self._aws(region)
        allowed = self.settings.allowed_accounts
        if allowed and (account := aws.identity()[1]) not in allowed:
            what = f"the credentials are of account {account}, allowed are {', '.join(allowed)}"
            raise RefusedError(Problem(what, todo="mend the role to assume, or `allowed-account-ids`"))
        return aws

    def _aws(self, region: str) -> Aws:
        with self._making:  # look-ups ask for it from many threads
            if region not in self._regions:
                self._regions[region] = Aws(region, self.settings.parallel, self.vault)
            return self._regions[region]

    def stop(self) -> None:
        """Ends every call that is under way, and all that would come."""
        for aws in self._regions.values():
            aws.stopped.set()

    # -- what plans are made of --------------------------------------------------------------------------------

    def backend_of(self, prepared: Prepared) -> Backend:
        """The backend for the rules of a config."""
        region = self.region_of(prepared)
        return self.rules_of(self._aws(region), prepared.top("cluster"), self._tracking_id(prepared))

    def rules_of(self, aws: Aws, cluster: str, tracking_id: str) -> Backend:
        """The backend for the rules and schedules of one cluster and one owner."""
        return HomesBackend(aws, cluster, tracking_id, self.settings.parallel, self.settings.clock)

    def followed(
        self, desired: "Sequence[Desired]", scope: Scope, *, deploying: bool
    ) -> "tuple[tuple[Desired, ...], Pins]":
        """The rules with the revisions of this run's services, deployed or as they run now. Raises EsprestackError."""
        if not self.paths[Kind.SERVICE]:
            return tuple(desired), Pins()
        from esprestack.services.following import followed, foreseen, is_pinned

        if not deploying and not any(is_pinned(item.rule) for item in desired):
            return tuple(desired), Pins()
        leaders = self.services.leaders(deploying=deploying)
        self.findings.foresee(scope.region, foreseen(leaders, scope.region))
        return followed(desired, scope, leaders, self.vault.open)

    def wanted(self, region: str, tracking_id: str, scope: Scope) -> "dict[str, Desired]":
        """What the configs of this region and owner want, by the rules' names."""
        from esprestack.config.desired import desired_rules

        return {
            desired.rule.name: desired
            for loaded in self.loaded()
            if self.owner_of(loaded.prepared) == (region, tracking_id)
            for desired in desired_rules(loaded, scope, self.settings.now)
        }

    def owner_of(self, prepared: Prepared) -> tuple[str, str]:
        """Configs with the same one own rules together: what one names is no orphan of the other."""
        return self.region_of(prepared), self._tracking_id(prepared)

    def _tracking_id(self, prepared: Prepared) -> str:
        """ecschedule's default is the cluster's name; of a cluster's ARN it is the name in it."""
        given, cluster = prepared.top("trackingId", "tracking_id"), prepared.top("cluster")
        return self.vault.open(given) or self.vault.open(cluster).rpartition("/")[2]
