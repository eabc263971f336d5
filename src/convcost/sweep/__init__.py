"""A parameter grid over a network: every point counted and predicted, some measured."""

from convcost.sweep.growth import Growth
from convcost.sweep.sweep import Sweep, sweep
from convcost.sweep.vary import Vary, parse

__all__ = ["Growth", "Sweep", "Vary", "parse", "sweep"]
