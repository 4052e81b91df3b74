"""What all places of a Terraform state have in common: how large it may be, and how it is said that it can't be had."""

LARGEST = 50_000_000
"""Bytes of a state."""


class StateUnreadableError(Exception):
    """A state can't be had: `what`, and what to do about it."""

    def __init__(self, what: str, todo: str) -> None:
        self.what = what
        self.todo = todo
        super().__init__(what)


def decoded(body: bytes) -> str:
    """`body` as text. Raises StateUnreadableError."""
    if len(body) > LARGEST:
        raise StateUnreadableError("it is larger than 50 MB", "is this a state?")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise StateUnreadableError("it isn't UTF-8", "is this a state?") from None
