"""A headless Chromium that is spoken to over a pipe, in the DevTools protocol: no driver, no web socket, no network.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import select
import shutil
import signal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("google-chrome", "chromium", "chromium-browser")
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip
_PATIENCE = 60
"""Seconds in which a browser says something, however busy the machine."""
_WATCHED = ("Page", "Runtime", "Log", "Network")


def find() -> str | None:
    """The browser's path; None where none is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """One browser with one page. `profile` is a folder of its own, which is empty."""

    def __init__(self, profile: Path) -> None:
        path = find()
        assert path is not None
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        os.set_inheritable(commands, True)
        os.set_inheritable(answers, True)
        silence = os.open(os.devnull, os.O_WRONLY)
        self._process = os.posix_spawn(
            path,
            [path, f"--user-data-dir={profile}", *_OPTIONS],
            {**os.environ, "HOME": str(profile), "XDG_CONFIG_HOME": str(profile), "XDG_CACHE_HOME": str(profile)},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, commands, 3),
                (os.POSIX_SPAWN_DUP2, answers, 4),
                (os.POSIX_SPAWN_DUP2, silence, 2),
            ],
            setpgroup=0,
        )
        for descriptor in (commands, answers, silence):
            os.close(descriptor)
        self._readable = select.poll()  # select() can't wait for a descriptor beyond 1,023
        self._readable.register(self._read, select.POLLIN)
        self._waiting = b""
        self._number = 0
        self._session = ""
        self.errors: list[str] = []
        """What the page's console complained of since it was opened."""
        self.requests: list[str] = []
        """The addresses that the page asked for."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in _WATCHED:
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._write)
        os.close(self._read)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command's answer; events that come before it are noted."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        os.write(
            self._write, json.dumps(command | ({"sessionId": self._session} if self._session else {})).encode() + b"\0"
        )
        while (message := self._next()).get("id") != self._number:
            self._note(message)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']}")
        answer: dict[str, Any] = message["result"]
        return answer

    def open(
        self, path: Path, *, width: int = 1100, height: int = 900, dark: bool = False, scripts: bool = True
    ) -> None:
        """Opens the file in a window of that size, and waits until it is loaded."""
        self.errors.clear()
        self.requests.clear()
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.ask("Page.navigate", url=path.as_uri())
        while (message := self._next()).get("method") != "Page.loadEventFired":
            self._note(message)

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is in the page."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """A key, by its name in JavaScript: `ArrowRight`, `Tab`."""
        codes = {
            "Tab": 9,
            "Enter": 13,
            "End": 35,
            "Home": 36,
            "ArrowLeft": 37,
            "ArrowUp": 38,
            "ArrowRight": 39,
            "ArrowDown": 40,
        }
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key])

    def point(self, selector: str, *, click: bool = False) -> None:
        """Moves the mouse onto the first such element, and clicks it."""
        box = f"document.querySelector({json.dumps(selector)})"
        x, y = self.value(
            f"(() => {{ {box}.scrollIntoView({{block: 'center'}}); const r = {box}.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased") if click else ():
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            ready = self._readable.poll(_PATIENCE * 1000)
            received = os.read(self._read, 1 << 20) if ready else b""
            if not received:
                raise RuntimeError("the browser is gone" if ready else "the browser doesn't answer")
            self._waiting += received
        message, _, self._waiting = self._waiting.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                self.errors.append(str(parameters["args"]))
            case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                self.errors.append(parameters["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
