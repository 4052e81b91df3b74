"""Texts of sizes, and Fargate's table of pairs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esprestack.checks.sizes import FARGATE_SIZES, cpu_units, fargate_advice, memory_mib

CPUS = [size.cpu for size in FARGATE_SIZES]
PAIRS = [(size.cpu, memory) for size in FARGATE_SIZES for memory in size.memory]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("256", 256), (" 256 ", 256), (".25 vCPU", 256), ("0.25vcpu", 256), ("1 vCPU", 1024), ("1.5 VCPU", 1536),
        ("", None), ("1 CPU", None), ("one", None), ("-1", None), ("256.0", None), ("0.0001 vCPU", None),
        ("1,024", None), ("1 v CPU", None), ("٢٥٦", None), ("1" * 30, None),
    ],
)  # fmt: skip
def test_a_cpu_is_units_or_vcpus(text: str, units: int | None) -> None:
    assert cpu_units(text) == units


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("512", 512), ("1GB", 1024), ("3 GB", 3072), ("0.5 gb", 512), (".5GB", 512), ("244 GB", 249856),
        ("", None), ("512 MB", None), ("512MiB", None), ("1 G", None), ("1.0001 GB", None), ("GB", None),
    ],
)  # fmt: skip
def test_a_memory_is_mib_or_gb(text: str, mib: int | None) -> None:
    assert memory_mib(text) == mib


@given(st.sampled_from(PAIRS), st.sampled_from(["{}", "{} vCPU", "{}vcpu"]), st.sampled_from(["{}", "{} GB", "{}gb"]))
def test_a_pair_of_the_table_is_one_in_every_spelling(pair: tuple[int, int], cpu_form: str, memory_form: str) -> None:
    cpu, memory = pair
    cpu_text = cpu_form.format(cpu if cpu_form == "{}" else cpu / 1024)
    memory_text = memory_form.format(memory if memory_form == "{}" else memory / 1024)
    read = cpu_units(cpu_text), memory_mib(memory_text)
    assert read == pair
    assert fargate_advice(*pair) is None


@given(st.sampled_from(CPUS), st.integers(1, 300_000))
def test_a_memory_that_is_not_in_the_row_is_refused_with_the_row(cpu: int, memory: int) -> None:
    advice = fargate_advice(cpu, memory)
    assert (advice is None) == ((cpu, memory) in PAIRS)


@given(st.text(max_size=25))
def test_any_text_is_a_size_or_none(text: str) -> None:
    for size in (cpu_units(text), memory_mib(text)):
        assert size is None or size >= 0


@pytest.mark.parametrize(
    ("cpu", "memory", "operating_system", "advice"),
    [
        (256, 4096, "", "with 256 CPU units Fargate has 512, 1024 or 2048 MiB of memory"),
        (1024, 1024, "", "with 1024 CPU units Fargate has 2048 to 8192 in steps of 1024 MiB of memory"),
        (8192, 20000, "", "with 8192 CPU units Fargate has 16384 to 61440 in steps of 4096 MiB of memory"),
        (32768, 61441, "", "with 32768 CPU units Fargate has 61440, 122880 or 249856 MiB of memory"),
        (300, 512, "", "Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384 or 32768 CPU units"),
        (512, 1024, "WINDOWS_SERVER_2022_CORE", "Fargate has 1024, 2048 or 4096 CPU units for Windows"),
        (512, 1024, "LINUX", None),
        (1024, 2048, "WINDOWS_SERVER_2022_FULL", None),
    ],
)  # fmt: skip
def test_the_advice_names_what_fargate_has(cpu: int, memory: int, operating_system: str, advice: str | None) -> None:
    assert fargate_advice(cpu, memory, operating_system) == advice
