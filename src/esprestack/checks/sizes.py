"""Sizes of tasks: what their texts mean, and which pairs of CPU and memory Fargate has.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_CPU = re.compile(r"(\d+)|(\d+|\d*\.\d+)\s*vcpu", re.IGNORECASE | re.ASCII)
_MEMORY = re.compile(r"(\d+)|(\d+|\d*\.\d+)\s*gb", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class FargateSize:
    """CPU units with the MiB of memory that go with them."""

    cpu: int
    memory: Sequence[int]
    on_windows: bool = False
    needs_1_4_0: bool = False
    """Whether it takes the Linux platform 1.4.0 or later."""


FARGATE_SIZES = (
    FargateSize(256, (512, 1024, 2048)),
    FargateSize(512, range(1024, 4096 + 1, 1024)),
    FargateSize(1024, range(2048, 8192 + 1, 1024), on_windows=True),
    FargateSize(2048, range(4096, 16384 + 1, 1024), on_windows=True),
    FargateSize(4096, range(8192, 30720 + 1, 1024), on_windows=True),
    FargateSize(8192, range(16384, 61440 + 1, 4096), needs_1_4_0=True),
    FargateSize(16384, range(32768, 122880 + 1, 8192), needs_1_4_0=True),
    FargateSize(32768, (61440, 122880, 249856), needs_1_4_0=True),
)

SIZE_OF = {size.cpu: size for size in FARGATE_SIZES}


def cpu_units(text: str) -> int | None:
    """CPU units in `256`, `.25 vCPU`, `1vcpu`; None if it is no such text.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """
    return _amount(_CPU, text)


def memory_mib(text: str) -> int | None:
    """MiB in `512`, `0.5 GB`, `3GB`; None if it is no such text."""
    return _amount(_MEMORY, text)


def _amount(pattern: re.Pattern[str], text: str) -> int | None:
    """A whole number of the small unit, or 1024 times one of the large unit."""
    match = pattern.fullmatch(text.strip())
    if not match or len(text) > 20:
        return None
    if match[1]:
        return int(match[1])
    amount = Decimal(match[2]) * 1024
    return int(amount) if amount == amount.to_integral_value() else None


def fargate_advice(cpu: int, memory: int, operating_system: str = "") -> str | None:
    """What to write instead of a pair that Fargate doesn't have; None if it has it."""
    windows = operating_system.startswith("WINDOWS")
    sizes = [size for size in FARGATE_SIZES if size.on_windows or not windows]
    size = SIZE_OF.get(cpu)
    if size not in sizes:
        on = " for Windows" if windows else ""
        return f"Fargate has {_listed([size.cpu for size in sizes])} CPU units{on}"
    if memory in size.memory:
        return None
    return f"with {cpu} CPU units Fargate has {_listed(size.memory)} MiB of memory"


def _listed(numbers: Sequence[int]) -> str:
    """`512, 1024 or 2048`, or of a long row its ends and step."""
    if isinstance(numbers, range) and len(numbers) > 4:
        return f"{numbers[0]} to {numbers[-1]} in steps of {numbers.step}"
    return f"{', '.join(map(str, numbers[:-1]))} or {numbers[-1]}"
