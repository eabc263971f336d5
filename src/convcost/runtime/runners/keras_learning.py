"""Training in Keras on any of its backends, by `fit`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from convcost.count.workload import DEFAULT_LOSS
from convcost.errors import NetworkError
from convcost.runtime.runners.keras_training import Losses, optimizer_for
from convcost.runtime.runners.learning import Epoch, Learner, class_of, rows
from convcost.write.keras.model import keras_model

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.runtime.runners.learning import Lesson


class KerasLearner(Learner):
    """A compiled model and arrays; the first epoch contains what Keras does once.

    Args:
        network: what is trained, from the values that its parameters have.
        lesson: on what, and how.
        jit_compile: as Keras takes it.

    Raises:
        NetworkError: it has nothing to train, or does not give a row of classes per sample.
    """

    def __init__(self, network: Network, lesson: Lesson, *, jit_compile: bool | str) -> None:
        import keras

        keras.utils.clear_session()
        keras.utils.set_random_seed(lesson.seed)
        self._network, self._lesson = network, lesson
        self._model = keras_model(network, seed=lesson.seed)
        if not self._model.trainable_variables:
            raise NetworkError(f"'{network.name}' has no parameters that are trained")
        self._labels = lesson.labels.reshape(rows(network, len(lesson.labels)))
        self._model.compile(
            optimizer=optimizer_for(lesson.optimizer, lesson.rate),
            loss=Losses(network, DEFAULT_LOSS).compiled,
            jit_compile=jit_compile,
        )

    def epoch(self, number: int) -> Epoch:
        """Train for one more epoch, and test; errors as Keras's own."""
        start = time.perf_counter()
        order = self._lesson.order(number)
        told = self._model.fit(
            self._chosen(order), self._labels[order], batch_size=self._lesson.batch, epochs=1,
            shuffle=False, verbose=0,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        return Epoch(seconds, float(told.history["loss"][-1]), self._accuracy())

    def _accuracy(self) -> float:
        places = self._lesson.tested
        results = self._model.predict(
            self._chosen(places), batch_size=self._lesson.batch, verbose=0
        )
        found = class_of(self._network, results)
        return float((found == self._lesson.labels[places].reshape(-1)).mean())

    def _chosen(self, places: Any) -> Any:
        chosen = [array[places] for array in self._lesson.inputs]
        return chosen[0] if len(chosen) == 1 else chosen
