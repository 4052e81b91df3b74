"""The tables of codes are complete: each is used and shown by a test, and none stands in two of them."""

import ast
from pathlib import Path

import pytest

import esprestack.services
from esprestack.checks.codes import CODES
from esprestack.errors import Severity
from esprestack.services.codes import SERVICE_CODES, SHARED, severity_of
from esprestack.services.risks import RISKS

SERVICES = Path(esprestack.services.__file__).parent
TESTS = Path(__file__).parent


def texts_in(*files: Path) -> set[str]:
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


USED = texts_in(*(file for file in SERVICES.glob("*.py") if file.name != "codes.py"))
TESTED = texts_in(*(file for file in TESTS.glob("test_*.py") if file != Path(__file__)))


@pytest.mark.parametrize("code", [*SERVICE_CODES, *sorted(SHARED), *RISKS])
def test_every_code_is_used_and_tested(code: str) -> None:
    assert code in USED
    assert code in TESTED


@pytest.mark.parametrize("code", SERVICE_CODES)
def test_every_code_is_explained(code: str) -> None:
    severity, sentence = SERVICE_CODES[code]
    assert severity is severity_of(code)
    assert severity is not Severity.ERROR
    assert sentence.endswith(".")
    assert len(sentence) <= 120


def test_no_code_means_two_things() -> None:
    assert not SERVICE_CODES.keys() & CODES.keys()
    assert not RISKS.keys() & {*CODES, *SERVICE_CODES}
    assert set(CODES) >= SHARED
