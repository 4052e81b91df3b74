"""Findings as SARIF 2.1.0, the format of GitHub's code scanning.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from esprestack import __version__
from esprestack.errors import Problem, Severity, Where

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/esprestack/esprestack"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.REFUSED: "error",
    Severity.NEVER_RUNS: "error",
    Severity.WARNING: "warning",
}
_HELP = f"{_HOME}/blob/main/docs/findings.md"
_UNNAMED = "config"
"""The rule of problems without a code."""

_DESCRIPTIONS = {_UNNAMED: "The file can't be read as a config."}
_LINK = re.compile(r"\[(?=[^][]*\]\()")
"""The beginning of a link in a message: SARIF has Markdown's, even in plain texts."""


def sarif(problems: Sequence[Problem], descriptions: Mapping[str, str], mask: Callable[[str], str]) -> str:
    """One run with a result for each problem, all texts masked. `descriptions` says what each code means.

    A problem that has no place in a file (no network, no permission) is a notification of the tool, not a result.
    """
    placed = [problem for problem in problems if problem.where]
    codes = sorted({problem.code or _UNNAMED for problem in placed})
    described = {**_DESCRIPTIONS, **descriptions}
    rules = [_rule(code, described.get(code, code.replace("-", " "))) for code in codes]
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "esprestack", "version": __version__, "informationUri": _HOME, "rules": rules}
                },
                "invocations": [
                    {
                        "executionSuccessful": len(placed) == len(problems),
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": _text(problem, mask)}}
                            for problem in problems
                            if not problem.where
                        ],
                    }
                ],
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, codes, mask) for problem in placed],
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str, description: str) -> dict[str, Any]:
    """All of these are required: GitHub shows them at the top of an alert."""
    return {
        "id": code,
        "shortDescription": {"text": description},
        "fullDescription": {"text": description},
        "help": {"text": f"All findings, and what to do about them: {_HELP}"},
        "helpUri": _HELP,
    }


def _result(problem: Problem, codes: Sequence[str], mask: Callable[[str], str]) -> dict[str, Any]:
    where = problem.where or Where("")
    code = problem.code or _UNNAMED
    location = {
        "artifactLocation": {"uri": quote(mask(where.file), errors="replace")},
        "region": {"startLine": max(where.line, 1), "startColumn": max(where.column, 1)},  # GitHub asks for a line
    }
    return {
        "ruleId": code,
        "ruleIndex": codes.index(code),
        "level": _LEVELS[problem.severity],
        "message": {"text": _text(problem, mask)},
        "locations": [{"physicalLocation": location}],
        "properties": {"severity": str(problem.severity)},
    }


def _text(problem: Problem, mask: Callable[[str], str]) -> str:
    """What is wrong and what to do: no links but ours, and no halves of surrogate pairs, which UTF-8 can't hold."""
    text = mask(f"{problem.what}{f' ({problem.todo})' if problem.todo else ''}")
    return _LINK.sub(r"\\[", text).encode(errors="replace").decode()
