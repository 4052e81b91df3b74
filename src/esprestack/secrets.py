"""The vault: secret values travel sealed, are opened at the AWS edge only, and are masked at every way out.

A seal is a placeholder of private-use characters, so no quote, colon or line break of a secret can break the
YAML around it, and no report can print it by accident. In: names and values of secrets; out: text that is safe.
"""

import base64
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator

SECRET = "(secret)"  # noqa: S105 - the word that stands for one
SHORTEST_SEARCHED = 4
"""A value shorter than this is not searched for in text: a secret `1` must not blacken a report."""

_SHORTEST_WITHIN = 8
"""Characters of base64 in the midst of more: fewer could be anything."""

RESERVED = re.compile("[\uf100-\uf12f]")
"""The private-use characters that are ours: seals here, the template's marks in config.template."""

SEALED = re.compile("[\uf100\uf101]")
"""What only a seal has in it."""

_OPEN, _CLOSE, _ZERO = "\uf100", "\uf101", 0xF110
_TO_PRIVATE = {ord("0") + digit: chr(_ZERO + digit) for digit in range(10)}
_FROM_PRIVATE = {_ZERO + digit: chr(ord("0") + digit) for digit in range(10)}
_PART_OF_SEAL = re.compile(f"[{_OPEN}{_CLOSE}\uf110-\uf119]")
_SEAL = re.compile(f"{_OPEN}([\uf110-\uf119]+){_CLOSE}")


def digits(number: int) -> str:
    """`number` in private-use digits, which no template function and no YAML parser changes."""
    return str(number).translate(_TO_PRIVATE)


def undigits(text: str) -> int:
    """The inverse of `digits`."""
    return int(text.translate(_FROM_PRIVATE))


class Sealed(str):
    """A text that the vault made: the only one that may hold a seal."""

    __slots__ = ()


class Vault:
    """Holds the secrets of one run."""

    def __init__(self) -> None:
        self._secrets: list[tuple[str, str]] = []
        self._numbers: dict[str, int] = {}
        self._search: re.Pattern[str] | None = None
        self._forms: re.Pattern[str] | None = None

    def seal(self, name: str, value: str) -> Sealed:
        """The placeholder for `value`; the same value always has the same one."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self._secrets)
            self._secrets.append((name, value))
            self._search = self._forms = None
        return Sealed(f"{_OPEN}{digits(number)}{_CLOSE}")

    @property
    def is_empty(self) -> bool:
        """Whether no text can hold a secret."""
        return not self._secrets

    def know(self, name: str, value: str) -> None:
        """Remembers a secret that is sealed or masked wherever its value turns up."""
        self.seal(name, value)

    def values(self) -> Iterator[str]:
        """Every secret value, to register with whoever masks on our behalf (GitHub's runner)."""
        return (value for _, value in self._secrets)

    def seal_text(self, text: str) -> str:
        """`text` with each known secret value in it sealed; what already is a seal stays one."""
        if self._search is None:
            self._search = _any_of(value for value in self.values() if len(value) >= SHORTEST_SEARCHED)
        return self._search.sub(lambda match: self.seal("", match.group()), text)

    def seals(self, text: str) -> list[str]:
        """The seals of all known secrets in `text`, sealed or not."""
        return [match[0] for match in _SEAL.finditer(self.seal_text(text))]

    def open(self, text: str) -> str:
        """`text` with its seals replaced by the values: for requests to AWS and for comparing, nothing else."""
        return self._replace(text, lambda _, value: value)

    def show(self, text: str) -> str:
        """`text` as a report may print it."""
        return self._replace(text, lambda *_: SECRET)

    def label(self, text: str) -> str:
        """`text` with each secret by its name, never by its value: what enters the plan hash."""
        return self._replace(text, lambda name, _: f"(secret {name})")

    def write_lookups(self, text: str, lookup: Callable[[str, str], str]) -> str:
        """`text` with each secret in it as `lookup(name, value)` writes it."""
        return self._replace(self.seal_text(text), lookup)

    def is_broken(self, text: str) -> bool:
        """Whether a seal was cut in two, by a filter such as `truncate`: such a value can't be opened."""
        return not text.isascii() and bool(_PART_OF_SEAL.search(_SEAL.sub("", text)))

    def mask(self, text: str) -> str:
        """The last step before anything leaves: no seal and no secret in plain, escaped or encoded form."""
        if self._forms is None:
            self._forms = _any_of(form for value in self.values() for form in _forms_of(value))
        return self._forms.sub(SECRET, self.show(text))

    def _replace(self, text: str, by: Callable[[str, str], str]) -> str:
        if _OPEN not in text:
            return text

        def replaced(match: re.Match[str]) -> str:
            number = undigits(match[1])
            return by(*self._secrets[number]) if number < len(self._secrets) else "\ufffd"  # a forged seal

        return _SEAL.sub(replaced, text)


def _any_of(values: Iterator[str]) -> re.Pattern[str]:
    """One pattern for all, the longest first, so that a secret within a longer one doesn't split it."""
    found = sorted(set(values), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, found)) if found else "(?!)")


def _forms_of(value: str) -> Iterator[str]:
    """The ways in which a secret shows up in text: as it is, line by line, escaped for JSON, URL or base64."""
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    raw = value.encode(errors="surrogatepass")
    forms = [
        value,
        *lines,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        value.replace("'", "''"),
        urllib.parse.quote(raw, safe=""),
        urllib.parse.quote_plus(raw),
        *_in_base64(raw),
    ]
    return (form for form in forms if len(form) >= SHORTEST_SEARCHED and len(value) >= SHORTEST_SEARCHED)


def _in_base64(raw: bytes) -> Iterator[str]:
    """`raw` in base64: alone, in the midst of something longer (`user:password`), and broken into lines."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(raw).decode().rstrip("=")
        yield alone
        for width in (64, 76):
            if len(alone) > width:
                yield from (alone[at : at + width] for at in range(0, len(alone), width))
        for before in (1, 2):
            first = before + 1  # characters that hold a part of what stands before
            last = len(raw) + before - (len(raw) + before) % 3  # what is after may change the rest
            within = encode(b"\0" * before + raw).decode()[first : last // 3 * 4]
            if len(within) >= _SHORTEST_WITHIN:
                yield within
        whole = encode(raw[: len(raw) // 3 * 3]).decode()
        if len(whole) >= _SHORTEST_WITHIN:
            yield whole
