"""Evaluates one Jsonnet file in a process of its own, which esprestack.config.jsonnet starts, limits and kills.

It has no environment, reads no files and knows no look-ups: what it needs it asks for, one JSON text to the line. In:
the job, then answers; out: questions (`import`, `call`), and last the result (`text`, `error` or `large`). It imports
next to nothing, so that it starts at once.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import _jsonnet  # type: ignore[import-untyped]

MAX_STACK = 500
ALL_FRAMES = 0
"""Traces uncut: the frame in the user's own file may stand below many of the standard library's."""


def main() -> None:
    """One evaluation from the first line of stdin to the last of stdout."""
    job = _read()
    _limit(job["seconds"], job["memory"])
    # By their first letters: the binding may have freed a longer name of a parameter before Jsonnet reads it.
    natives = {
        name: (tuple(parameter[0] for parameter in parameters), _caller(name))
        for name, parameters in job["natives"].items()
    }
    try:
        text = _jsonnet.evaluate_snippet(
            job["path"],
            job["text"],
            max_stack=MAX_STACK,
            max_trace=ALL_FRAMES,
            ext_vars=job["strings"],
            ext_codes=job["codes"],
            import_callback=_import,
            native_callbacks=natives,
        )
    except RuntimeError as error:
        _say({"error": str(error)})
        return
    _say({"text": text} if len(text) <= job["characters"] else {"large": len(text)})


def _import(folder: str, name: str) -> tuple[str, bytes]:
    answer = _ask({"import": [folder, name]})
    if "refused" in answer:
        raise RuntimeError(answer["refused"])
    return answer["path"], answer["content"].encode("latin-1")


def _caller(name: str) -> Callable[..., Any]:
    return lambda *arguments: _ask({"call": [name, *arguments]})["answer"]


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    _say(question)
    return _read()


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _read() -> dict[str, Any]:
    message: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    return message


def _limit(seconds: int, memory: int) -> None:
    """Where the system can: the parent's deadline holds everywhere."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):
            continue


if __name__ == "__main__":
    main()
