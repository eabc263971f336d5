"""What hardware can do: data sheets with their sources, and a probe of this machine."""

from __future__ import annotations

from convcost.device.catalogue import load, names
from convcost.device.device import THIS_MACHINE, Device, Figure

__all__ = ["THIS_MACHINE", "Device", "Figure", "load", "names"]
