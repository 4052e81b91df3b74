"""The terminal's pauses, which signals end."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from esprestack.secrets import Vault
from esprestack.terminal import Terminal


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
