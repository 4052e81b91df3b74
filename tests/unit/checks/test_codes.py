"""The table of codes is complete: each is used by a check and shown by a test, and none beside them."""

import ast
from pathlib import Path

import pytest

import esprestack.checks
from esprestack.checks.codes import CODES
from esprestack.errors import Severity

CHECKS = Path(esprestack.checks.__file__).parent
TESTS = Path(__file__).parent


def texts_in(*files: Path) -> set[str]:
    trees = [ast.parse(file.read_text("utf-8")) for file in files]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {node.value for node in nodes if isinstance(node.value, str)}


USED = texts_in(*(file for file in CHECKS.glob("*.py") if file.name != "codes.py"))
TESTED = texts_in(*(file for file in TESTS.glob("test_*.py") if file != Path(__file__)))


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_used_and_tested_and_explained(code: str) -> None:
    severity, sentence = CODES[code]
    assert code in USED
    assert code in TESTED
    assert code == code.lower().replace("_", "-")
    assert severity is not Severity.ERROR
    assert sentence[0].isupper() or sentence.startswith("`")
    assert sentence.endswith(".")
    assert len(sentence) <= 120
