"""What one run of a rule takes, as far as the rule itself says it."""

from dataclasses import dataclass

from esprestack.checks.sizes import cpu_units, memory_mib
from esprestack.rule import Target


@dataclass(frozen=True, slots=True)
class Size:
    """Of all tasks of a run together: CPU units and MiB; None where the rule leaves them to the task definition."""

    tasks: int = 1
    cpu: int | None = None
    memory: int | None = None


def size_of(target: Target) -> Size:
    """The size that the overrides of `target`, whose secrets are opened, give a run.

    The task's override counts, else the sum of the containers'; of a container's memory the hard limit, else the soft.
    """
    task, containers = target.task_override, target.container_overrides
    cpu = _first(cpu_units(task.cpu), _sum([item.cpu for item in containers]))
    memory = _first(
        memory_mib(task.memory),
        _sum([item.memory if item.memory is not None else item.memory_reservation for item in containers]),
    )
    count = target.task_count
    return Size(count, cpu and cpu * count, memory and memory * count)


def _first(*found: int | None) -> int | None:
    return next((number for number in found if number is not None), None)


def _sum(said: list[int | None]) -> int | None:
    """Of what is said; None where nothing is."""
    numbers = [number for number in said if number is not None]
    return sum(numbers) if numbers else None
