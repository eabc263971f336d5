"""Keras 3 on one of its backends, on the CPU: inference, training steps, Keras's own loops."""

from __future__ import annotations

import os
import time
from abc import abstractmethod
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from convcost.count.workload import DEFAULT_LOSS
from convcost.errors import MissingFramework, NetworkError, UsageError
from convcost.runtime.runners.inputs import check_samples, random_inputs
from convcost.runtime.runners.keras_training import Losses, optimizer_for
from convcost.runtime.runners.runner import Loaded, Loop, Runner, Watched
from convcost.write.keras.model import keras_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from convcost.network.network import Network
    from convcost.runtime.runners.learning import Learner, Lesson
    from convcost.runtime.runners.runner import Job

#: Where Keras and its backends look for what they run on, when they are imported.
_ENVIRONMENT = {"KERAS_TORCH_DEVICE": "cpu", "JAX_PLATFORMS": "cpu"}


class Keras(Runner):
    """Keras on a backend.

    Attributes:
        backend: as Keras calls it.
    """

    trains = True
    loops: ClassVar[frozenset[Loop]] = frozenset({"step", "evaluate", "fit"})
    backend: str
    #: as Keras takes it; on a CPU, TensorFlow runs without XLA for `auto`
    jit_compile: ClassVar[bool | str] = "auto"

    def versions(self) -> Mapping[str, str]:
        """Those of Keras and of the backend."""
        keras, backend = self._imported()
        return {"keras": str(keras.__version__), self.backend: str(backend.__version__)}

    def load(self, network: Network, job: Job) -> LoadedInKeras:
        """The network's model, compiled; inputs, targets, an optimizer as far as the job needs."""
        self._imported()
        self.set_threads(job.threads)
        return (InLoop if job.loop != "step" else Step)(network, job)

    def learner(self, network: Network, lesson: Lesson) -> Learner:
        """The network's model, compiled, with the lesson's samples."""
        from convcost.runtime.runners.keras_learning import KerasLearner

        self._imported()
        self.set_threads(lesson.threads)
        return KerasLearner(network, lesson, jit_compile=self.jit_compile)

    def set_threads(self, threads: int) -> None:
        """Tell the backend how many it may use."""

    def _imported(self) -> tuple[Any, Any]:
        """Keras and the backend.

        Raises:
            MissingFramework: one is not installed.
            UsageError: Keras runs on another backend in this process.
        """
        try:
            with _environment(_ENVIRONMENT | {"KERAS_BACKEND": self.backend}):
                import keras

                backend = import_module(self.backend)
        except ImportError as error:
            raise MissingFramework(
                f"measuring in {self.name} needs {error.name or self.backend}", hint=self.needs
            ) from None
        if keras.backend.backend() != self.backend:
            raise UsageError(
                f"{self.name}: Keras was imported with the backend {keras.backend.backend()}",
                hint="one backend per process: measure in a new one",
            )
        return keras, backend


class LoadedInKeras(Loaded):
    """A Keras model with arrays; this class runs it by Keras's own interface.

    Attributes:
        network: that it was written from.
        job: what is run.
        model: the Keras model.
        arrays: its inputs, as Keras takes them.
        targets: of the loss; None where there is none.
    """

    jit_compile: ClassVar[bool | str] = Keras.jit_compile

    def __init__(self, network: Network, job: Job) -> None:
        import keras

        keras.utils.clear_session()  # what an earlier network of this process has left
        self.network, self.job = network, job
        if job.loop != "step":
            check_samples(network)
        self.model = self.written()
        found = random_inputs(network, batch=job.samples or job.batch, seed=job.seed)
        self.arrays: Any = found[0] if len(found) == 1 else found
        self.targets: Any = None
        if job.training and not self.model.trainable_variables:
            raise NetworkError(f"'{network.name}' has no parameters that are trained",
                               hint="measure inference")  # fmt: skip
        if job.training or job.loop != "step":
            losses = Losses(network, job.loss or DEFAULT_LOSS)
            self.targets = losses.targets(job.samples or job.batch, job.seed)
            self.model.compile(
                optimizer=self.optimizer(), loss=losses.compiled, jit_compile=self.jit_compile
            )

    def written(self) -> Any:
        """The model."""
        job = self.job
        return keras_model(self.network, batch=job.every_batch, seed=job.seed, exact=False)

    def optimizer(self) -> Any:
        """That of the job; None without one."""
        return None if self.job.optimizer is None else optimizer_for(self.job.optimizer)

    def run(self) -> None:
        """Run what the job says to its end."""
        self.checked(self.once)

    def watch(self) -> Watched:
        """Only the whole: there is no instrument for this backend."""
        start = time.perf_counter()
        self.run()
        return Watched(time.perf_counter() - start, ())

    def outputs(self, inputs: Sequence[Any]) -> list[Any]:
        """Run one batch of these inputs, by Keras's own method."""
        found: list[Any] = []
        given = inputs[0] if len(inputs) == 1 else list(inputs)

        def once() -> None:
            results = self.model.predict_on_batch(given)
            found.extend(results if isinstance(results, (list, tuple)) else [results])

        self.checked(once)
        return found

    @abstractmethod
    def once(self) -> None:
        """Run what the job says."""

    def checked(self, work: Callable[[], None]) -> None:
        """Run, and say what Keras or its backend says where it refuses."""
        try:
            work()
        except (RuntimeError, ValueError, TypeError, ArithmeticError) as error:
            raise NetworkError(f"keras cannot run the network: {error}") from error


class Step(LoadedInKeras):
    """One batch."""

    def __init__(self, network: Network, job: Job) -> None:
        super().__init__(network, job)
        if job.training and job.optimizer is None:
            raise UsageError("Keras takes a training step only with an optimizer on this backend",
                             hint="--optimizer sgd, or --runtime keras-tensorflow")  # fmt: skip

    def once(self) -> None:
        """Run it by Keras's own methods for one batch."""
        if self.job.training:
            self.model.train_on_batch(self.arrays, self.targets)
        else:
            self.model.predict_on_batch(self.arrays)


class InLoop(LoadedInKeras):
    """Keras's own loop over samples in memory."""

    def once(self) -> None:
        """Run it."""
        self.looped(())

    def looped(self, callbacks: Sequence[Any]) -> None:
        """Run it, with callbacks of Keras."""
        method = self.model.fit if self.job.loop == "fit" else self.model.evaluate
        method(
            self.arrays, self.targets, batch_size=self.job.batch, verbose=0,
            callbacks=list(callbacks),
        )  # fmt: skip


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """With these variables, for as long as something is imported."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
