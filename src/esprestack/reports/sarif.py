"""Findings as SARIF 2.1.0, the format of GitHub's code scanning.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import json
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
_UNNAMED = "config"
"""The rule of problems without a code: the file can't be read as a config."""


def sarif(problems: Sequence[Problem], descriptions: Mapping[str, str], mask: Callable[[str], str]) -> str:
    """One run with a result for each problem, all texts masked. `descriptions` says what each code means.

    A problem that has no place in a file (no network, no permission) is a notification of the tool, not a result.
    """
    placed = [problem for problem in problems if problem.where]
    codes = sorted({problem.code or _UNNAMED for problem in placed})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": descriptions.get(code, code.replace("-", " "))},
            "helpUri": f"{_HOME}/blob/main/docs/findings.md",
        }
        for code in codes
    ]
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
                            {"level": "error", "message": {"text": mask(_text(problem))}}
                            for problem in problems
                            if not problem.where
                        ],
                    }
                ],
                "results": [_result(problem, codes, mask) for problem in placed],
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _result(problem: Problem, codes: Sequence[str], mask: Callable[[str], str]) -> dict[str, Any]:
    where = problem.where or Where("")
    code = problem.code or _UNNAMED
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(mask(where.file), errors="replace")}}
    if where.line:
        location["region"] = {"startLine": where.line, "startColumn": max(where.column, 1)}
    return {
        "ruleId": code,
        "ruleIndex": codes.index(code),
        "level": _LEVELS[problem.severity],
        "message": {"text": mask(_text(problem))},
        "locations": [{"physicalLocation": location}],
        "properties": {"severity": str(problem.severity)},
    }


def _text(problem: Problem) -> str:
    return f"{problem.what}{f' ({problem.todo})' if problem.todo else ''}"
