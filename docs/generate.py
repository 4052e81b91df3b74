"""Writes what the documentation takes from the code: tables of keys, inputs and options, and the two JSON Schemas.

`make docs` writes; a test calls `stale()` and fails where a file isn't what the code says.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import AliasChoices, BaseModel

ROOT = Path(__file__).parents[1]


def main() -> int:
    for path, text in _wanted():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"written: {path.relative_to(ROOT)}")
    return 0


def stale() -> list[str]:
    """The files that aren't what the code says."""
    return [str(path.relative_to(ROOT)) for path, text in _wanted() if not path.exists() or path.read_text() != text]


def _wanted() -> Iterator[tuple[Path, str]]:
    from esprestack.config.schema import config_schema
    from esprestack.reports.as_json import schema

    docs = ROOT / "docs"
    yield docs / "config.schema.json", _json(config_schema())
    yield docs / "report.schema.json", _json(schema())
    yield docs / "config.md", _filled(docs / "config.md", {"keys": _keys(), "denied": _denied(), "hidden": _hidden()})
    yield docs / "action.md", _filled(docs / "action.md", {"inputs": _inputs(), "outputs": _outputs()})
    yield docs / "findings.md", _filled(docs / "findings.md", {"findings": _findings()})
    yield docs / "commands.md", _filled(docs / "commands.md", {"commands": _commands()})
    workflow = (ROOT / "examples" / "workflows" / "esprestack.yml").read_text()
    yield ROOT / "README.md", _filled(ROOT / "README.md", {"workflow": f"```yaml\n{workflow}```\n"})


def _filled(path: Path, parts: dict[str, str]) -> str:
    text = path.read_text()
    for name, content in parts.items():
        pattern = rf"(<!-- generated: {name} -->\n).*?(<!-- end of {name} -->)"
        found = re.search(pattern, text, re.DOTALL)
        if found is None:
            raise SystemExit(f"{path} has no place for the generated part `{name}`")
        text = text[: found.end(1)] + content + text[found.start(2) :]
    return text


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _keys() -> str:
    from esprestack.config import entries, model

    parts: list[tuple[str, type[BaseModel]]] = [
        ("Top level", model.Config),
        ("A rule", model.RuleEntry),
        ("`containerOverrides[]`", entries.ContainerOverride),
        ("`taskOverride`", entries.TaskOverride),
        ("`taskOverride.ephemeralStorage`", entries.EphemeralStorage),
        ("`network_configuration.aws_vpc_configuration`", entries.AwsVpcConfiguration),
        ("`capacityProviderStrategy[]`", entries.CapacityProviderStrategy),
        ("`dead_letter_config`", entries.DeadLetterConfig),
        ("`retryPolicy`", entries.RetryPolicy),
        ("`placementConstraints[]`", entries.PlacementConstraint),
        ("`placementStrategy[]`", entries.PlacementStrategy),
        ("`containerOverrides[].environmentFiles[]`", entries.EnvironmentFile),
        ("`containerOverrides[].resourceRequirements[]`", entries.ResourceRequirement),
    ]
    lines: list[str] = []
    for title, kind in parts:
        lines += [f"### {title}", "", "| key | also | required | what |", "|---|---|---|---|"]
        for field in kind.model_fields.values():
            alias = field.validation_alias
            names = [str(name) for name in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]
            others = ", ".join(f"`{name}`" for name in names[1:])
            required = "yes" if field.is_required() else ""
            lines.append(f"| `{names[0]}` | {others} | {required} | {field.description or ''} |")
        lines.append("")
    return "\n".join(lines)


def _denied() -> str:
    from esprestack.config.lookups.environment import DENIED, READABLE

    but = ", ".join(f"`{name}`" for name in sorted(READABLE))
    return ", ".join(f"`{name}`" for name in DENIED) + f" (but {but} can be read)\n"


def _findings() -> str:
    from esprestack.checks.codes import CODES
    from esprestack.errors import Severity

    lines: list[str] = []
    for severity in (Severity.REFUSED, Severity.NEVER_RUNS, Severity.WARNING):
        lines += [f"### {severity}", "", "| code | what |", "|---|---|"]
        lines += [f"| `{code}` | {what} |" for code, (of, what) in sorted(CODES.items()) if of is severity]
        lines.append("")
    return "\n".join(lines)


def _hidden() -> str:
    from esprestack.plan.compare import SECRET_NAMES

    return ", ".join(f"`{name}`" for name in SECRET_NAMES) + "\n"


def _action() -> dict[str, Any]:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return action


def _inputs() -> str:
    rows = [f"| `{name}` | {item['description'].strip()} |" for name, item in _action()["inputs"].items()]
    return "\n".join(["| input | what |", "|---|---|", *rows]) + "\n"


def _outputs() -> str:
    rows = [f"| `{name}` | {item['description'].strip()} |" for name, item in _action()["outputs"].items()]
    return "\n".join(["| output | what |", "|---|---|", *rows]) + "\n"


def _commands() -> str:
    from esprestack.cli import COMMANDS
    from esprestack.cli import main as group

    lines: list[str] = []
    group.list_commands(click.Context(group))  # which imports them
    for name in ("demo", *COMMANDS):
        command = group.commands[name]
        lines += [f"### `esprestack {name}`", "", command.help or "", ""]
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        if options:
            lines += ["| option | what |", "|---|---|"]
            for option in options:
                default = f" Default: {option.default}." if option.show_default else ""
                value = "" if option.is_flag else f" {_metavar(option)}"
                lines.append(f"| `{', '.join(option.opts)}{value}` | {option.help or ''}{default} |")
            lines.append("")
    return "\n".join(lines)


def _metavar(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "\\|".join(map(str, option.type.choices))
    return option.metavar or option.type.name.upper().replace(" RANGE", "")


if __name__ == "__main__":
    sys.exit(main())
