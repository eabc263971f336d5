"""Training in PyTorch, by the loop in Python that programs for it have."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from convcost.count.workload import DEFAULT_LOSS
from convcost.errors import NetworkError
from convcost.runtime.runners.learning import Epoch, Learner, class_of, rows
from convcost.runtime.runners.torch_training import Losses, optimizer_for
from convcost.write.torch.module import torch_module

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.runtime.runners.learning import Lesson


class TorchLearner(Learner):
    """A module, a `DataLoader` over a `TensorDataset`, the cross-entropy and an optimizer.

    Args:
        network: what is trained, from the values that its parameters have.
        lesson: on what, and how.

    Raises:
        NetworkError: it has nothing to train, or does not give a row of classes per sample.
    """

    def __init__(self, network: Network, lesson: Lesson) -> None:
        import torch
        from torch.utils.data import TensorDataset

        torch.set_num_threads(lesson.threads)
        torch.manual_seed(lesson.seed)
        self._network, self._lesson = network, lesson
        self._module = torch_module(network, seed=lesson.seed)
        if not any(each.requires_grad for each in self._module.parameters()):
            raise NetworkError(f"'{network.name}' has no parameters that are trained")
        self._losses = Losses(network, DEFAULT_LOSS)
        self._optimizer = optimizer_for(lesson.optimizer, self._module, lesson.rate)
        labels = lesson.labels.reshape(rows(network, len(lesson.labels)))
        arrays = (*lesson.inputs, labels)
        self._samples: Any = TensorDataset(*(torch.tensor(array) for array in arrays))

    def epoch(self, number: int) -> Epoch:
        """Train for one more epoch, and test; errors as PyTorch's own."""
        from torch.utils.data import DataLoader

        self._module.train()
        losses = []
        start = time.perf_counter()
        order = self._lesson.order(number).tolist()
        batches: Any = DataLoader(self._samples, batch_size=self._lesson.batch, sampler=order)
        for *inputs, labels in batches:
            self._optimizer.zero_grad(set_to_none=True)
            self._losses.targets = [labels]
            loss = self._losses.of(self._module(*inputs))
            loss.backward()
            self._optimizer.step()
            losses.append(loss.item())
        seconds = time.perf_counter() - start
        return Epoch(seconds, sum(losses) / len(losses), self._accuracy())

    def _accuracy(self) -> float:
        import torch
        from torch.utils.data import DataLoader

        self._module.eval()
        right = 0
        places = self._lesson.tested.tolist()
        batches: Any = DataLoader(self._samples, batch_size=self._lesson.batch, sampler=places)
        with torch.inference_mode():
            for *inputs, labels in batches:
                found = class_of(self._network, self._module(*inputs).numpy())
                right += int((found == labels.numpy().reshape(-1)).sum())
        return right / len(places)
