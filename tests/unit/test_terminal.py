"""The terminal's pauses, which signals end, and what it says of problems."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from esprestack.errors import Problem, Where
from esprestack.secrets import Vault
from esprestack.terminal import Terminal, complain


def test_a_signal_ends_a_pause_and_the_second_one_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers: dict[int, Callable[[int, Any], None]] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    terminal = Terminal(Vault())
    terminal.stop_when_asked("as you like")
    assert not terminal.pause(0)
    handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert terminal.pause(3600)
    assert terminal.signal == signal.SIGTERM
    assert capsys.readouterr().err == "as you like\n"
    with pytest.raises(KeyboardInterrupt):
        handlers[signal.SIGINT](signal.SIGINT, None)


def test_one_and_the_same_problem_at_many_places_is_told_at_the_first_few(capsys: pytest.CaptureFixture[str]) -> None:
    same = [Problem("TEAM is not given", Where("a.yaml", line, 3), "give it") for line in range(1, 301)]
    complain(Terminal(Vault()), [*same, Problem("another", Where("a.yaml", 400, 1))])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: a.yaml:1:3: TEAM is not given (give it)"
    assert lines[4:] == [
        "error: a.yaml:5:3: TEAM is not given (give it)",
        "  the same at 295 more places, the last is a.yaml:300:3",
        "error: a.yaml:400:1: another",
    ]


@pytest.mark.parametrize("count", [1, 5])
def test_a_few_equal_problems_are_all_told(capsys: pytest.CaptureFixture[str], count: int) -> None:
    complain(Terminal(Vault()), [Problem("no", Where("a.yaml", line, 1)) for line in range(count)])
    assert len(capsys.readouterr().err.splitlines()) == count
