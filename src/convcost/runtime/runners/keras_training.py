"""What training in Keras has besides the network: a loss with its targets, an optimizer.

The same as `convcost.ops.loss` and `convcost.count.optimizers` count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.count.optimizers import optimizer_of
from convcost.count.prepare import with_loss
from convcost.network.builder import BATCH
from convcost.ops.loss import class_axis, loss_name
from convcost.runtime.runners.learning import MEASURING_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network
    from convcost.network.tensor import Tensor


def optimizer_for(name: str, rate: float = MEASURING_RATE) -> Any:
    """The optimizer of that name.

    Raises:
        UsageError: there is none; the nearest names are given.
    """
    known = optimizer_of(name)
    import keras

    kind = getattr(keras.optimizers, known.framework_class)
    return kind(learning_rate=rate, **known.settings)


class Losses:
    """The losses of a network's results, and random targets.

    A class is drawn for each label. Keras finds the softmax in front of a cross-entropy itself, and
    computes both as one.

    Args:
        network: whose results they are of.
        function: a name of `convcost.ops.loss.LOSSES`.

    Raises:
        UsageError: there is no such loss.
        NetworkError: no result is a floating-point number.
    """

    def __init__(self, network: Network, function: str) -> None:
        layer = with_loss(network, loss_name(function)).layers[-1]
        self._function = function
        self._network = network
        self._places = {network.outputs.index(ref) for ref in layer.inputs}
        self._logits = not getattr(layer.op, "probabilities", False)

    @property
    def compiled(self) -> Any:
        """As `keras.Model.compile` takes them: one, or one or None for each result."""
        found = [
            self._loss(self._network.tensor(ref)) if place in self._places else None
            for place, ref in enumerate(self._network.outputs)
        ]
        return found[0] if len(found) == 1 else found

    def targets(self, samples: int, seed: int) -> Any:
        """Arrays as `keras.Model.fit` takes them; zeros for a result without a loss."""
        import numpy as np

        state = np.random.default_rng(seed)
        network = self._network.bind({str(BATCH): samples})
        found = [
            self._drawn(network.tensor(ref), state) if place in self._places else np.zeros(samples)
            for place, ref in enumerate(network.outputs)
        ]
        return found[0] if len(found) == 1 else found

    def _loss(self, tensor: Tensor) -> Any:
        import keras

        if self._function == "cross-entropy":
            axis = class_axis(tensor)
            if axis == len(tensor.axes) - 1:
                return keras.losses.SparseCategoricalCrossentropy(from_logits=self._logits)
            return _over_axis(axis, logits=self._logits)
        if self._function == "binary-cross-entropy":
            return keras.losses.BinaryCrossentropy(from_logits=self._logits)
        return {"mse": keras.losses.MeanSquaredError, "mae": keras.losses.MeanAbsoluteError}[
            self._function
        ]()

    def _drawn(self, tensor: Tensor, state: Any) -> Any:
        shape = [size for size in tensor.shape if isinstance(size, int)]
        if self._function == "cross-entropy":
            classes = shape.pop(class_axis(tensor))
            return state.integers(0, classes, shape)
        if self._function == "binary-cross-entropy":
            return state.integers(0, 2, shape).astype("float32")
        return state.standard_normal(shape).astype("float32")


def _over_axis(axis: int, *, logits: bool) -> Callable[[Any, Any], Any]:
    """The cross-entropy of classes that are not on the last axis, which Keras expects there."""

    def cross_entropy(targets: Any, results: Any) -> Any:
        import keras

        moved = keras.ops.moveaxis(results, axis, -1)
        return keras.losses.sparse_categorical_crossentropy(targets, moved, from_logits=logits)

    return cross_entropy
