"""The services of one run: their configs, prepared, examined, planned and verified, each thing once.

In: the paths of ecspresso.yml files and what a run is made with; out: configs, plans, findings. Nothing here prints.
"""

import copy
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from esprestack.aws import Aws
from esprestack.config.load import Prepared, Surroundings, prepare_alone, read_source
from esprestack.errors import ConfigError, InputError, Problem, Severity, Where
from esprestack.plan.compare import Veil
from esprestack.plan.model import Plan
from esprestack.services.as_plan import as_plan
from esprestack.services.checked import Verified
from esprestack.services.consistency import consistency
from esprestack.services.live import read_live
from esprestack.services.model import ServiceConfig, ServicePlan, ServiceScope
from esprestack.services.plan import plan_service
from esprestack.services.read import (
    ExaminedService,
    PreparedService,
    ServiceHead,
    examine_service,
    prepare_beside,
    prepare_service,
    read_head,
)


@dataclass(frozen=True, slots=True)
class PlannedService:
    """A config's plan: as a deploy takes it, and as reports do."""

    service: ServicePlan
    plan: Plan


class Services:
    """One run's ecspresso.yml files."""

    def __init__(
        self,
        paths: Sequence[Path],
        surroundings: Surroundings,
        veil: Veil,
        aws: Callable[[str], Aws],
        region: str,
        allow: Collection[str] = (),
        parallel: int = 10,
    ) -> None:
        """`region` is for configs that name none; codes of findings and risks in `allow` are no obstacle."""
        self._paths = paths
        self._surroundings = surroundings
        self._veil = veil
        self._aws = aws
        self._region = region
        self._allow = allow
        self._parallel = parallel
        self._task_definition: Path | None = None
        self._prepared: list[PreparedService] | None = None
        self._configs: list[ServiceConfig] | None = None
        self._plans: list[PlannedService] | None = None

    def alone(self, task_definition: Path | None = None) -> "Services":
        """The only one, to be deployed or run by itself; `task_definition` is read in place of the config's own.

        Raises InputError where there is none, or several.
        """
        if len(self._paths) != 1:
            names = ", ".join(path.name for path in self._paths)
            what = f"which service? There are {names}" if names else "there is no service here: no ecspresso.yml"
            raise InputError(Problem(what, todo="name its config with --config"))
        alone = copy.copy(self)
        if task_definition:
            alone._prepared = alone._configs = alone._plans = None
            alone._task_definition = task_definition
        return alone

    def head(self) -> ServiceHead:
        """What the first config says by itself. Raises ConfigError."""
        return read_head(self._config(self._paths[0]), self._veil.vault, self._region)

    def beside(self, path: Path) -> Prepared:
        """Another file, rendered with the look-ups of the first config. Raises ConfigError."""
        return prepare_beside(self._config(self._paths[0]), path, self._surroundings)

    def _config(self, path: Path) -> Prepared:
        source = read_source(path, self._surroundings.shown_from)
        return prepare_alone(source, path.parent, self._surroundings)

    def prepared(self) -> list[PreparedService]:
        """Every config with its definitions, rendered and parsed. Raises ConfigError with the problems of all."""
        if self._prepared is None:
            problems: list[Problem] = []
            prepared: list[PreparedService] = []
            for path in self._paths:
                try:
                    prepared.append(self._prepare(path))
                except ConfigError as error:
                    problems += error.problems
            if problems:
                raise ConfigError(problems)
            self._prepared = prepared
        return self._prepared

    def _prepare(self, path: Path) -> PreparedService:
        return prepare_service(self._config(path), self._surroundings, self._task_definition)

    def examined(self) -> list[ExaminedService]:
        """Every config with what is wrong with its text."""
        return [examine_service(prepared, self._veil.vault, self._region) for prepared in self.prepared()]

    def configs(self) -> list[ServiceConfig]:
        """Every config, read. Raises ConfigError with the problems of all of them, findings included."""
        if self._configs is None:
            examined = self.examined()
            configs = [item.config for item in examined if item.config]
            problems = [*(problem for item in examined for problem in item.problems), *self.stand_twice(configs)]
            if problems or len(configs) < len(examined):
                raise ConfigError([*problems, *self.found_in(configs)])
            self._configs = configs
        return self._configs

    def stand_twice(self, configs: Sequence[ServiceConfig]) -> list[Problem]:
        """Services that two configs describe."""
        seen: dict[tuple[str, str, str], ServiceConfig] = {}
        problems = []
        for config in configs:
            first = seen.setdefault((config.region, config.cluster, config.service), config)
            if first is not config and config.service:
                what = f"the service `{config.service}` stands in two configs, first in {first.path}"
                problems.append(Problem(what, Where(config.path), "remove one", "doubled-name"))
        return problems

    def found_in(self, configs: Sequence[ServiceConfig]) -> list[Problem]:
        """Findings that need no AWS, without those that are allowed."""
        every = [problem for config in configs for problem in (*config.warnings, *consistency(config))]
        return [item for item in every if item.severity is Severity.ERROR or item.code not in self._allow]

    def planned(self) -> list[PlannedService]:
        """The plan of every config, once, side by side. Raises AwsError."""
        if self._plans is None:
            configs = self.configs()
            with ThreadPoolExecutor(max(1, len(configs))) as pool:
                self._plans = list(pool.map(self._planned, configs))
        return self._plans

    def _planned(self, config: ServiceConfig) -> PlannedService:
        aws, scope = self.home(config)
        plan = plan_service(config, scope, read_live(aws, config, scope, self._parallel), self._veil)
        return PlannedService(plan, as_plan(plan, self._allow))

    def verified(self) -> list[Verified]:
        """Whether what each config names is there and fit. Raises AwsError."""
        from esprestack.services.verify import verify

        found = []
        for config in self.configs():
            _, scope = self.home(config)
            found.append(verify(self._aws, config, scope, self._parallel))
        return found

    def home(self, config: ServiceConfig | ServiceHead) -> tuple[Aws, ServiceScope]:
        """Where the config's service lives, and the clients of that region. Raises ConfigError for somebody else's."""
        aws = self._aws(config.region)
        partition, account = aws.identity()
        scope = ServiceScope(partition, aws.region, account, config.cluster.rpartition("/")[2], config.service)
        if config.cluster.startswith("arn:") and config.cluster != scope.cluster_arn:
            what = f"the cluster is not in {scope.region} of account {account}"
            todo = "mend `region:` or the cluster's ARN, or take that account's credentials"
            raise ConfigError(Problem(what, Where(config.path), todo, "cluster-elsewhere"))
        return aws, scope
