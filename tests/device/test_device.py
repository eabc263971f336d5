from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import pytest

from convcost.device import THIS_MACHINE, Device, Figure, load, names
from convcost.device.catalogue import read
from convcost.errors import SourceError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = [name for name in names() if name != THIS_MACHINE]
EXPECTED = {
    *("gtx-1080-ti", "titan-x-maxwell", "rtx-3090", "i9-10940x", "a100", "v100"),
    *("tesla-k80", "tesla-t4", "raspberry-pi-4", "laptop-cpu"),
}
MINIMAL = """
name = "mine"
title = "mine"
kind = "cpu"
peak_flops.float32 = { value = 1e12, source = "arithmetic" }
memory_bandwidth = { value = 5e10, source = "data sheet" }
cores = { value = 4, source = "data sheet" }
clock_hertz = { value = 3e9, source = "data sheet" }
vector_lanes = { value = 8, source = "data sheet" }
fma_units = { value = 2, source = "data sheet" }
"""


def test_the_library_holds_the_promised_devices() -> None:
    assert names()[0] == THIS_MACHINE
    assert set(LIBRARY) >= EXPECTED


@pytest.mark.parametrize("name", LIBRARY)
def test_a_device_is_named_after_its_file_and_cites_every_figure(name: str) -> None:
    device = load(name)
    assert device.name == name
    assert device.kind in {"cpu", "gpu"}
    paths = dict(device.figures())
    assert {"peak_flops.float32", "memory_bandwidth", "caches.L2"} <= set(paths)
    for figure in paths.values():
        assert figure.value > 0
        assert len(figure.source) > 10
        assert figure.basis in {"data sheet", "measured", "assumed"}


@pytest.mark.parametrize("name", LIBRARY)
def test_the_peak_is_cores_x_lanes_x_2_x_units_x_clock(name: str) -> None:
    device = load(name)
    product = math.prod(
        figure.value
        for figure in (device.cores, device.vector_lanes, device.fma_units, device.clock_hertz)
    )
    assert device.peak_flops["float32"].value == pytest.approx(2 * product, rel=1e-4)


@pytest.mark.parametrize("name", LIBRARY)
def test_peaks_grow_and_caches_grow_in_the_order_of_hardware(name: str) -> None:
    device = load(name)
    peaks = {dtype: figure.value for dtype, figure in device.peak_flops.items()}
    assert peaks.get("float16", math.inf) > peaks["float32"]
    sizes = [device.caches[level].value for level in sorted(device.caches)]
    assert sizes == sorted(sizes)
    assert 1e9 < device.memory_bandwidth.value < 1e13
    assert 0.5e9 < device.clock_hertz.value < 6e9


def test_published_totals() -> None:
    # NVIDIA's own rounded totals, not the arithmetic of the files.
    published = {"a100": 19.5e12, "v100": 15.7e12, "rtx-3090": 35.6e12, "tesla-t4": 8.1e12}
    for name, peak in published.items():
        assert load(name).peak_flops["float32"].value == pytest.approx(peak, rel=0.01)
    assert load("i9-10940x").peak_flops["float32"].value == pytest.approx(2.957e12, rel=1e-3)


def test_the_laptop_says_that_it_is_assumed() -> None:
    laptop = load("laptop-cpu")
    assert "assum" in laptop.note
    assert all(figure.basis == "assumed" for _, figure in laptop.figures())


@pytest.mark.parametrize("typed", ["GTX 1080 Ti", "gtx_1080_ti", " gtx-1080-ti "])
def test_spelling_does_not_matter(typed: str) -> None:
    assert load(typed).name == "gtx-1080-ti"


@pytest.mark.parametrize(
    ("typo", "meant"), [("gtx-1080", "gtx-1080-ti"), ("i9-10940", "i9-10940x")]
)
def test_a_typo_names_the_nearest_devices(typo: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(typo)
    assert caught.value.exit_code == 2
    assert typo in caught.value.message
    assert f"did you mean {meant}" in (caught.value.hint or "")


def test_figures_are_frozen() -> None:
    with pytest.raises(AttributeError):
        load("a100").cores.value = 1  # type: ignore[misc]


def test_a_file_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert load(str(path)).memory_bandwidth.value == 5e10


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (MINIMAL + "colour = 'red'\n", "unknown field `colour`"),
        (MINIMAL.replace('source = "arithmetic"', 'from = "x"'), "$.peak_flops[...]"),
        (MINIMAL.replace('kind = "cpu"', 'kind = "tpu"'), "$.kind"),
        (MINIMAL.replace("value = 4,", "value = -4,"), "$.cores"),
        (MINIMAL.replace("value = 4,", "value = inf,"), "$.cores"),
        (MINIMAL.replace("value = 4,", "value = 'four',"), "$.cores.value"),
        (MINIMAL.replace('value = 5e10, source = "data sheet"', "value = 5e10"), "`source`"),
        (MINIMAL.replace("peak_flops.float32", "peak_flops.float16"), "float32"),
        (MINIMAL.replace("peak_flops.float32", "peak_flops.int8"), "int8"),
        ("name = ", "not a TOML file"),
    ],
)
def test_a_wrong_file_is_refused_with_its_path_and_field(
    tmp_path: Path, wrong: str, said: str
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert said in caught.value.message


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        load(str(tmp_path / "none.toml"))


def test_a_device_survives_json() -> None:
    device = load("rtx-3090")
    assert msgspec.json.decode(msgspec.json.encode(device), type=Device) == device


@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf])
def test_a_figure_is_positive_and_finite(value: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Figure(value, "somewhere")
