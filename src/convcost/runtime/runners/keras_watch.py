"""Looks into Keras's loop: every batch is timed, some are recorded."""

from __future__ import annotations

import time
from typing import Any

from convcost.runtime.runners.keras_xplane import Recorder


class Watch:
    """Times the batches of a loop, and records some in a row.

    Args:
        first: of the batches that are recorded.
        number: of these.

    Attributes:
        recorder: what records them.
    """

    def __init__(self, *, first: int, number: int) -> None:
        self.recorder = Recorder()
        self._first, self._last = first, first + number - 1
        self._begun = self._all = self._recorded = 0.0

    @property
    def scale(self) -> float:
        """The seconds of all batches over those of the recorded ones."""
        return self._all / self._recorded

    def callback(self) -> Any:
        """For `keras.Model.fit` or `evaluate`."""
        import keras

        made = keras.callbacks.Callback()
        made.on_train_batch_begin = made.on_test_batch_begin = self._begin
        made.on_train_batch_end = made.on_test_batch_end = self._end
        return made

    def _begin(self, step: int, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        if step == self._first:
            self.recorder.start()
        self._begun = time.perf_counter()

    def _end(self, step: int, logs: Any = None) -> None:  # noqa: ARG002
        seconds = time.perf_counter() - self._begun
        self._all += seconds
        if self._first <= step <= self._last:
            self._recorded += seconds
        if step == self._last:
            self.recorder.stop()
