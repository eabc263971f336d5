from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from convcost.device import THIS_MACHINE, Device, load, machine, probe
from convcost.device.probe import Passes, default_cache_directory, measure_bandwidth

if TYPE_CHECKING:
    from pathlib import Path

MEBIBYTE = 2**20


def quick(directory: Path, *, refresh: bool = False) -> Device:
    return probe.probe(
        refresh=refresh, seconds=0.02, most_bytes=8 * MEBIBYTE, cache_directory=directory
    )


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replaces the measurement by a fixed one and counts its calls."""
    calls: list[int] = []

    def fake(**asked: float) -> Passes:
        calls.append(int(asked["threads"]))
        return Passes(2e10 + len(calls), 3e10, 6e10, 8 * MEBIBYTE, 3)

    monkeypatch.setattr(probe, "measure_bandwidth", fake)
    return calls


def test_a_real_probe_is_plausible(tmp_path: Path) -> None:
    device = quick(tmp_path)
    assert device.name == THIS_MACHINE
    assert device.kind == "cpu"
    assert 1 <= device.cores.value <= (os.cpu_count() or 1)
    assert device.vector_lanes.value in {4, 8, 16}
    assert 1e9 < device.memory_bandwidth.value < 1e13
    assert device.memory_bandwidth.basis == "measured"
    assert 1e9 < device.peak_flops["float32"].value < 1e15
    assert all(figure.source for _, figure in device.figures())


def test_the_source_says_when_a_cache_may_have_been_measured() -> None:
    passes = Passes(2e10, 3e10, 0.0, 64 * MEBIBYTE, 5)
    assert "may have come" not in probe._story(passes, 16 * MEBIBYTE)
    assert "may have come from that cache" in probe._story(passes, 300 * MEBIBYTE)
    assert "unknown" in probe._story(passes, 0)


def test_memory_stays_within_its_bound() -> None:
    passes = measure_bandwidth(
        threads=2,
        last_level_cache=1024 * MEBIBYTE,
        second_level_cache=0,
        seconds=0.01,
        most_bytes=4 * MEBIBYTE,
    )
    assert passes.array_bytes <= 4 * MEBIBYTE
    assert passes.cached == 0
    assert passes.rounds >= 2


def test_the_second_call_does_not_measure(tmp_path: Path, counted: list[int]) -> None:
    first = quick(tmp_path)
    assert quick(tmp_path) == first
    assert len(counted) == 1
    assert quick(tmp_path, refresh=True) != first
    assert len(counted) == 2
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": 1}', b"\xff\xfe", b"[]"])
def test_a_corrupt_cache_is_measured_again(
    tmp_path: Path, counted: list[int], content: bytes
) -> None:
    quick(tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    quick(tmp_path)
    quick(tmp_path)
    assert len(counted) == 2


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, counted: list[int]) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory", encoding="utf-8")
    assert quick(in_the_way / "cache").name == THIS_MACHINE
    assert len(counted) == 1


def test_another_processor_is_another_entry(
    tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(tmp_path)
    other = machine.describe()._replace(model="another processor")
    monkeypatch.setattr(machine, "describe", lambda: other)
    quick(tmp_path)
    assert len(counted) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_the_cache_directory_respects_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    monkeypatch.setenv("CONVCOST_CACHE", str(tmp_path / "own"))
    assert default_cache_directory() == tmp_path / "own"
    monkeypatch.delenv("CONVCOST_CACHE")
    assert default_cache_directory() == tmp_path / "shared" / "convcost"


def test_load_probes_this_machine(
    tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVCOST_CACHE", str(tmp_path))
    assert load(THIS_MACHINE) == load("This Machine")
    assert len(counted) == 1
    load(THIS_MACHINE, refresh=True)
    assert len(counted) == 2


@pytest.mark.parametrize(
    ("flags", "lanes"),
    [({"avx512f", "avx2"}, 16), ({"avx2", "fma"}, 8), ({"avx"}, 8), ({"asimd"}, 4)],
)
def test_vector_lanes_follow_the_flags(flags: set[str], lanes: int) -> None:
    assert machine._lanes(flags).value == lanes


def test_without_flags_the_width_is_an_assumption() -> None:
    assert machine._lanes(set()).basis == "assumed"


@pytest.mark.parametrize(
    ("model", "info", "lanes", "flags", "units"),
    [
        ("Intel(R) Xeon(R) Processor", {"vendor_id": "GenuineIntel"}, 16, {"avx512f"}, 2),
        ("Intel(R) Core(TM) i9-10940X CPU @ 3.30GHz", {}, 16, {"avx512f"}, 2),
        ("Intel(R) Core(TM) i5-1135G7", {}, 16, {"avx512f"}, 1),
        ("AMD EPYC 9654", {"vendor_id": "AuthenticAMD", "cpu family": "25"}, 16, {"avx512f"}, 1),
        ("AMD EPYC 9655", {"vendor_id": "AuthenticAMD", "cpu family": "26"}, 16, {"avx512f"}, 2),
        ("Intel(R) Core(TM) i7-8700", {}, 8, {"avx", "avx2", "fma"}, 2),
        ("Intel(R) Core(TM) i7-2600K", {}, 8, {"avx"}, 1),
    ],
)
def test_fma_units_are_a_stated_assumption(
    model: str, info: dict[str, str], lanes: int, flags: set[str], units: int
) -> None:
    figure = machine._fma_units(model, info, lanes, flags)
    assert figure.value == units
    assert figure.basis == "assumed"


def test_a_quota_of_the_control_group_limits_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_quota", lambda: 0.5)
    figure = machine._cores()
    assert figure.value == 1
    assert "quota" in figure.source


@pytest.mark.parametrize(
    ("text", "processors"), [("150000 100000", 1.5), ("max 100000", None), ("", None)]
)
def test_the_quota_is_read_from_the_control_group(
    monkeypatch: pytest.MonkeyPatch, text: str, processors: float | None
) -> None:
    monkeypatch.setattr(machine, "_read", lambda path: text if path.name == "cpu.max" else "")
    assert machine._quota() == processors


def test_the_clock_falls_back_in_a_stated_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_read", lambda _: "")
    assert machine._clock("i7 @ 3.40GHz", {"cpu MHz": "2100.0"}).value == 3.4e9
    assert machine._clock("Xeon", {"cpu MHz": "2100.0"}).value == 2.1e9
    assert machine._clock("Xeon", {}).basis == "assumed"


def test_where_the_system_tells_no_allowed_processors_all_of_them_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert machine.cores() == machine.describe().cores.value
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert machine.allowed_processors() == [0, 1, 2]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_system_that_tells_nothing_still_gives_a_machine(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(machine, "_read", lambda _: "")
    monkeypatch.setattr(machine, "_sysctl", dict)
    found = machine.describe()
    assert found.cores.value >= 1
    assert found.clock_hertz.basis == "assumed"
    assert found.caches == {}
