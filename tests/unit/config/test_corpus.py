"""The folders of configs: all keys and functions in both syntaxes, and every kind of mistake with what is said of it.

`good/NAME` comes out as `good/expected/NAME.json` (rules in canonical form, secrets by name), without a finding.
`broken/NAME` gets exactly the findings of `broken/expected/NAME.txt`. After a change on purpose the files are written
anew with `UPDATE_GOLDEN=1`; then they are read, line by line.
"""

import dataclasses
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from esprestack.config.desired import desired_rules
from esprestack.errors import EsprestackError, Problem
from esprestack.jobs import validate
from esprestack.rule import Home, Scope
from esprestack.run import Run, Settings
from esprestack.secrets import Vault

CONFIGS = Path(__file__).parents[2] / "configs"
ENVIRON = {"STAGE": "prod", "QUOTES": 'a "quoted" text', "AWS_SECRET_ACCESS_KEY": "nobody-may-see-this"}
SECRETS = {"TOKEN": 'it\'s "so": secret\nindeed'}
VARIABLES = {"TEAM": "batch", "CONTAINER": "app"}
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SCOPE = Scope("aws", "eu-central-1", "000000000000", "batch", "batch")


def names(folder: str) -> list[str]:
    endings = (".yaml", ".yml", ".json", ".jsonnet")
    return sorted(path.name for path in (CONFIGS / folder).iterdir() if path.suffix in endings)


def a_run(folder: str, name: str) -> Run:
    settings = Settings(
        folder=CONFIGS / folder,
        configs=(name,),
        environ=ENVIRON,
        secrets=SECRETS,
        variables=VARIABLES,
        offline=True,
        now=NOW,
    )
    return Run(settings, Vault())


def findings(run: Run) -> list[Problem]:
    try:
        return validate(run, offline=True)
    except EsprestackError as error:
        return list(error.problems)


def golden(path: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", names("good"))
def test_a_good_config_is_read_without_a_finding(name: str) -> None:
    run = a_run("good", name)
    assert [f"{problem} [{problem.code}]" for problem in findings(run)] == []
    (loaded,) = run.loaded()
    rules = [_shown(dataclasses.asdict(item.rule), run.vault) for item in desired_rules(loaded, SCOPE, NOW)]
    text = json.dumps(rules, indent=1, ensure_ascii=False) + "\n"
    assert not any(secret in text for secret in ("it's", "so", "indeed") if len(secret) > 3)
    golden(CONFIGS / "good" / "expected" / f"{name}.json", text)


@pytest.mark.parametrize("name", names("broken"))
def test_a_broken_config_gets_these_findings(name: str) -> None:
    run = a_run("broken", name)
    lines = [f"{problem} [{problem.severity} {problem.code or '-'}]\n" for problem in findings(run)]
    text = run.vault.mask("".join(lines).replace(str(CONFIGS), "CONFIGS"))
    assert text
    assert "nobody-may-see-this" not in text
    golden(CONFIGS / "broken" / "expected" / f"{name}.txt", text)


def _shown(value: Any, vault: Vault) -> Any:
    """`value` without what is empty, so that a golden file shows what a config says."""
    if isinstance(value, dict):
        shown = {key: _shown(item, vault) for key, item in value.items()}
        return {key: item for key, item in shown.items() if item not in ("", None, [], {}, False, Home.RULES)}
    if isinstance(value, list | tuple):
        return [_shown(item, vault) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return vault.label(value) if isinstance(value, str) else value


def test_there_are_enough_of_both() -> None:
    assert len(names("good")) >= 40
    assert len(names("broken")) >= 60
