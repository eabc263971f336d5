"""What the operating system says about this machine: cores, vectors, clock, caches.

Nothing here is measured and nothing is imported but the standard library. Where the system does
not tell, a stated assumption stands in, so that every figure can be judged by its source.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from convcost.device.device import Figure

_CPUS = Path("/sys/devices/system/cpu")
_CORE_X = re.compile(r"i9-(79|98|99|109)\d\d?X|i9-10\d\d\dX|i7-(78|98)\d\dX")


class Machine(NamedTuple):
    """The figures that need no measurement, and what tells two machines apart.

    Attributes:
        model: The processor as it names itself.
        features: Instruction sets that decide the vector width.
        cores: Physical cores that this process may use.
        clock_hertz: Sustained clock, as near as the system tells.
        vector_lanes: float32 numbers in one vector register.
        fma_units: Vectors multiplied and added per core and cycle.
        caches: Bytes of the whole machine by level.
    """

    model: str
    features: tuple[str, ...]
    cores: Figure
    clock_hertz: Figure
    vector_lanes: Figure
    fma_units: Figure
    caches: dict[str, Figure]


def describe() -> Machine:
    """This machine, from /proc and /sys on Linux, sysctl on macOS, assumptions elsewhere."""
    info = _cpuinfo() if sys.platform == "linux" else _sysctl() if sys.platform == "darwin" else {}
    flags = set(info.get("flags", info.get("Features", "")).lower().split())
    model = info.get("model name") or platform.processor() or platform.machine() or "unknown"
    lanes = _lanes(flags)
    return Machine(
        model=model,
        features=tuple(sorted(flags & {"avx512f", "avx2", "fma", "avx", "asimd", "neon"})),
        cores=_cores(),
        clock_hertz=_clock(model, info),
        vector_lanes=lanes,
        fma_units=_fma_units(model, info, int(lanes.value), flags),
        caches=_caches(info),
    )


def allowed_processors() -> list[int]:
    """Numbers of the processors that this process may use; of all where the system tells of none.

    A processor is what the system shows as one: a core may be several.
    """
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def cores() -> int:
    """Physical cores that this process may use: the usual number of a framework's threads."""
    return int(_cores().value)


def _cpuinfo() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; empty where it cannot be read."""
    text = _read(Path("/proc/cpuinfo")).split("\n\n")[0]
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _sysctl() -> dict[str, str]:
    """macOS: the few names that matter, under the names that Linux gives them."""
    try:
        text = subprocess.run(
            ["/usr/sbin/sysctl", "hw", "machdep.cpu"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    raw = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    words = " ".join(raw.get(f"machdep.cpu.{key}", "") for key in ("features", "leaf7_features"))
    names = {"machdep.cpu.brand_string": "model name", "machdep.cpu.vendor": "vendor_id"}
    found = {names.get(key, key): value for key, value in raw.items()}
    # macOS says AVX1.0 where Linux says avx; Apple silicon lists no features and has Neon.
    found["flags"] = words.lower().replace("avx1.0", "avx") if words.strip() else "asimd"
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _cores() -> Figure:
    if sys.platform == "linux":
        allowed = allowed_processors()
        threads = {
            _read(_CPUS / f"cpu{n}/topology/thread_siblings_list") or str(n) for n in allowed
        }
        number, source = len(threads), f"physical cores behind {len(allowed)} allowed processors"
    else:
        number, source = len(allowed_processors()), "processors that the system counts"
    quota = _quota()
    if quota is not None and quota < number:
        whole = max(1, int(quota))
        return Figure(whole, f"control group quota of {quota:g} processors", "reported")
    return Figure(number, source, "reported")


def _quota() -> float | None:
    """Processors that the control group grants (version 2, then 1); None: all of them."""
    own = [line.split(":", 2)[-1] for line in _read(Path("/proc/self/cgroup")).splitlines()]
    root = Path("/sys/fs/cgroup")
    found = [
        _read(folder / "cpu.max").split()
        for folder in {root, *(root / path.lstrip("/") for path in own)}
    ]
    v1 = root / "cpu"
    found.append([_read(v1 / "cpu.cfs_quota_us"), _read(v1 / "cpu.cfs_period_us")])
    limits = [
        int(pair[0]) / int(pair[1])
        for pair in found
        if len(pair) == 2 and pair[0].isdigit() and pair[1].isdigit() and int(pair[1]) > 0
    ]
    return min((limit for limit in limits if limit > 0), default=None)


def _lanes(flags: set[str]) -> Figure:
    if "avx512f" in flags:
        return Figure(16, "AVX-512 in the processor's flags: 512 bit / 32 bit", "reported")
    if flags & {"avx2", "avx"}:
        return Figure(8, "AVX in the processor's flags: 256 bit / 32 bit", "reported")
    if flags & {"asimd", "neon"}:
        return Figure(4, "Neon in the processor's features: 128 bit / 32 bit", "reported")
    return Figure(
        8 if platform.machine().lower() in {"x86_64", "amd64"} else 4,
        f"assumption: the system shows no flags; usual for {platform.machine() or 'a CPU'}",
        "assumed",
    )


def _fma_units(model: str, info: dict[str, str], lanes: int, flags: set[str]) -> Figure:
    if lanes == 16:
        if info.get("vendor_id") == "AuthenticAMD":
            units = (
                2 if info.get("cpu family", "0").isdigit() and int(info["cpu family"]) >= 26 else 1
            )
            return Figure(units, "assumption: AMD, full-width AVX-512 from Zen 5 on", "assumed")
        server = "Xeon" in model or _CORE_X.search(model) is not None
        return Figure(
            2 if server else 1,
            f"assumption: Intel {'server or Core X: two units' if server else 'client: one unit'}"
            " of AVX-512",
            "assumed",
        )
    if "avx" in flags and "fma" not in flags:
        return Figure(1, "assumption: AVX without FMA, one multiply and one add port", "assumed")
    return Figure(2, "assumption: two units, usual for AVX2 and for large Arm cores", "assumed")


def _clock(model: str, info: dict[str, str]) -> Figure:
    frequency = _CPUS / "cpu0/cpufreq"
    base = _read(frequency / "base_frequency")
    if base.isdigit():
        return Figure(int(base) * 1e3, "base clock, /sys cpufreq base_frequency", "reported")
    named = re.search(r"@\s*([\d.]+)\s*GHz", model)
    if named:
        return Figure(float(named[1]) * 1e9, f"base clock in the model's name: {model}", "reported")
    now = info.get("cpu MHz", "")
    if re.fullmatch(r"\d+(\.\d+)?", now) and float(now) > 0:
        return Figure(
            float(now) * 1e6,
            "cpu MHz of /proc/cpuinfo; a virtual machine shows the base clock there",
            "reported",
        )
    most = _read(frequency / "cpuinfo_max_freq")
    if most.isdigit():
        return Figure(int(most) * 1e3, "highest clock, /sys cpufreq cpuinfo_max_freq", "reported")
    if info.get("hw.cpufrequency", "").isdigit():
        return Figure(int(info["hw.cpufrequency"]), "sysctl hw.cpufrequency", "reported")
    return Figure(2.5e9, "assumption: the system shows no clock", "assumed")


def _caches(info: dict[str, str]) -> dict[str, Figure]:
    """Data and unified caches of the allowed processors, each shared one counted once."""
    seen: dict[tuple[str, str], int] = {}
    for number in allowed_processors():
        for folder in _CPUS.glob(f"cpu{number}/cache/index*"):
            size = re.fullmatch(r"(\d+)K", _read(folder / "size"))
            if size and _read(folder / "type") in {"Data", "Unified"}:
                shared = _read(folder / "shared_cpu_list") or str(number)
                seen[_read(folder / "level"), shared] = int(size[1]) * 1024
    if not seen:
        sizes = {level: info.get(f"hw.{key}", "") for level, key in _SYSCTL_CACHES}
        return {
            level: Figure(int(size), f"sysctl hw.{key}, one of its kind", "reported")
            for (level, key), size in zip(_SYSCTL_CACHES, sizes.values(), strict=True)
            if size.isdigit() and int(size) > 0
        }
    total: dict[str, int] = {}
    for (level, _), size_ in seen.items():
        total[f"L{level}"] = total.get(f"L{level}", 0) + size_
    return {level: Figure(total[level], "/sys cache sizes", "reported") for level in sorted(total)}


_SYSCTL_CACHES = (("L1", "l1dcachesize"), ("L2", "l2cachesize"), ("L3", "l3cachesize"))
