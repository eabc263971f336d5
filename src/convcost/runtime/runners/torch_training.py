"""What a training step in PyTorch has besides the network: a loss with its targets, an optimizer.

The same as `convcost.ops.loss` and `convcost.count.optimizers` count.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from convcost.count.optimizers import OPTIMIZERS, optimizer_of
from convcost.count.prepare import with_loss
from convcost.errors import UsageError
from convcost.ops.loss import class_axis, loss_name
from convcost.runtime.runners.learning import MEASURING_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from convcost.network.network import Network

#: Probabilities below this count as this, as in Keras: their logarithm stays finite.
_SMALLEST = 1e-7


def optimizer_for(name: str, module: Any, rate: float = MEASURING_RATE) -> Any:
    """The optimizer of that name over the parameters that are trained.

    Raises:
        UsageError: there is none, or PyTorch has none.
    """
    known = optimizer_of(name)
    import torch

    kind = getattr(torch.optim, known.framework_class, None)
    if kind is None:
        able = (x.name for x in OPTIMIZERS.values() if hasattr(torch.optim, x.framework_class))
        raise UsageError(f"PyTorch has no {known.title}", hint=f"choose one of {', '.join(able)}")
    trained = [each for each in module.parameters() if each.requires_grad]
    return kind(trained, lr=rate, **known.settings)


class Losses:
    """A loss of a network's results and random targets.

    A class is drawn for each label. Where the results are probabilities already (the network ends
    in a softmax or a sigmoid), their logarithms are taken: ``-log p`` at the label.

    Args:
        network: whose results it is of.
        function: a name of `convcost.ops.loss.LOSSES`.

    Attributes:
        function: the same.
        targets: for each result that the loss is of, once they are drawn.

    Raises:
        UsageError: there is no such loss.
        NetworkError: no result is a floating-point number.
    """

    def __init__(self, network: Network, function: str) -> None:
        layer = with_loss(network, loss_name(function)).layers[-1]
        self.function = function
        self._loss = _LOSSES[function, getattr(layer.op, "probabilities", False)]
        self._places = [network.outputs.index(ref) for ref in layer.inputs]
        self._axes = [class_axis(network.tensor(ref)) for ref in layer.inputs]
        self.targets: list[Any] = []

    def of(self, results: Any) -> Any:
        """A number; targets are drawn at the first call."""
        results = results if isinstance(results, tuple) else (results,)
        chosen = [results[place] for place in self._places]
        if not self.targets:
            self.targets = [
                self._drawn(x, axis) for x, axis in zip(chosen, self._axes, strict=True)
            ]
        return reduce(add, map(self._loss, chosen, self.targets, self._axes))

    def _drawn(self, result: Any, axis: int) -> Any:
        import torch

        if self.function == "cross-entropy":
            rows = result.select(axis, 0).shape
            return torch.randint(result.shape[axis], rows)
        if self.function == "binary-cross-entropy":
            return torch.randint(2, result.shape).to(result.dtype)
        return torch.randn(result.shape, dtype=result.dtype)


def _of_logits(result: Any, target: Any, axis: int) -> Any:
    from torch.nn import functional

    # classes are expected behind the batch
    return functional.cross_entropy(result.movedim(axis, min(1, result.ndim - 1)), target)


def _of_probabilities(result: Any, target: Any, axis: int) -> Any:
    likely = result.gather(axis, target.unsqueeze(axis))
    return likely.clamp_min(_SMALLEST).log().neg().mean()


def _pointwise(name: str) -> Callable[[Any, Any, int], Any]:
    def of(result: Any, target: Any, _axis: int) -> Any:
        from torch.nn import functional

        return getattr(functional, name)(result, target)

    return of


#: By loss, and by whether the results are probabilities.
_LOSSES: Mapping[tuple[str, bool], Callable[[Any, Any, int], Any]] = {
    ("cross-entropy", False): _of_logits,
    ("cross-entropy", True): _of_probabilities,
    ("binary-cross-entropy", False): _pointwise("binary_cross_entropy_with_logits"),
    ("binary-cross-entropy", True): _pointwise("binary_cross_entropy"),
    ("mse", False): _pointwise("mse_loss"),
    ("mae", False): _pointwise("l1_loss"),
}


def resident_bytes(tensors: Iterable[Any]) -> int:
    """Memory of tensors, that which several look at counted once."""
    stores = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    return sum(stores.values())
