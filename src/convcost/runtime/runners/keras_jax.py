"""Keras 3 on JAX: the time of the whole; there is no instrument for layers.

Not tested: JAX was not at hand. The number of threads is that of XLA's own pool, which has as many
as there are cores; JAX offers no way to set it.
"""

from __future__ import annotations

from convcost.runtime.runners.keras import Keras


class KerasJax(Keras):
    """Layers of Keras, compiled as a whole by XLA."""

    name = "keras-jax"
    title = "Keras 3 on JAX, compiled by XLA"
    backend = "jax"
    packages = ("keras", "jax")
    needs = "pip install 'convcost[keras]' jax"


RUNNER = KerasJax()
