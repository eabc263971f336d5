"""Keras 3 on TensorFlow, on the CPU; times of kernels by TensorFlow's own profiler."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.runtime.runners.keras import InLoop, Keras, LoadedInKeras
from convcost.runtime.runners.keras_kernels import Operation, spans
from convcost.runtime.runners.keras_scopes import mark, mark_update
from convcost.runtime.runners.keras_watch import Watch
from convcost.runtime.runners.keras_xplane import Recorder
from convcost.runtime.runners.runner import Span, Watched
from convcost.write.keras.model import layer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Network
    from convcost.runtime.runners.runner import Job

#: Batches of a loop that are recorded, in its middle: they stand for all.
_RECORDED = 10
#: What TensorFlow puts behind its message: the node that failed.
_NODE = "[[{{"


class KerasTensorFlow(Keras):
    """Compiled by TensorFlow into a graph, without XLA, as Keras does it on a CPU."""

    name = "keras-tensorflow"
    backend = "tensorflow"
    packages = ("keras", "tensorflow")
    needs = "pip install 'convcost[keras]'"

    def load(self, network: Network, job: Job) -> LoadedInKeras:
        """The network's model, compiled; inputs, targets, an optimizer as far as the job needs."""
        self._imported()
        self.set_threads(job.threads)
        return (StepInTensorFlow if job.loop == "step" else LoopInTensorFlow)(network, job)

    def set_threads(self, threads: int) -> None:
        """As many within operations, and for operations side by side: TensorFlow's own way."""
        import tensorflow as tf

        tf.config.set_visible_devices([], "GPU")
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


class _Loaded(LoadedInKeras):
    """A model whose operations tell whose they are."""

    def __init__(self, network: Network, job: Job) -> None:
        super().__init__(network, job)
        self.layers = tuple(layer.name for layer in network.layers)
        self._graph: Mapping[str, Operation] | None = None

    def written(self) -> Any:
        """The model, marked."""
        model = super().written()
        mark(model, self.network, layer_of(model))
        return model

    def optimizer(self) -> Any:
        """The same, marked."""
        found = super().optimizer()
        if found is not None:
            mark_update(found)
        return found

    def checked(self, work: Callable[[], None]) -> None:
        """Run, and say what TensorFlow says where it refuses."""
        import tensorflow as tf

        try:
            super().checked(work)
        except tf.errors.OpError as error:
            raise NetworkError(f"tensorflow cannot run the network: {_said(error)}") from error

    def step(self) -> tuple[Any, tuple[Any, ...]]:
        """A function for one batch and its arguments, which TensorFlow compiles."""
        if not self.job.training:
            if self.job.loop == "evaluate":
                return self.model.test_step, ((self.arrays, self.targets),)
            return self._forward, (self.arrays,)
        if self.job.optimizer is None:
            return self._gradients, (self.arrays, self.targets)
        return self.model.train_step, ((self.arrays, self.targets),)

    def spans(self, recorder: Recorder, scale: float = 1.0) -> tuple[Span, ...]:
        """Whose the recorded time is; `scale`: what it stands for, over that time."""
        return spans(recorder.kernels(), self._graph or {}, self.layers, scale)

    def prepare(self) -> None:
        """Before the first recording, list the operations of a step as they are traced."""
        if self._graph is None:
            compiled, arguments = self.traced()
            self._graph = _operations(compiled.get_concrete_function(*arguments).graph)

    @abstractmethod
    def traced(self) -> tuple[Any, tuple[Any, ...]]:
        """A step as TensorFlow's function, and its arguments."""

    def _forward(self, inputs: Any) -> Any:
        return self.model(inputs, training=False)

    def _gradients(self, inputs: Any, targets: Any) -> Any:
        """A training step that updates nothing."""
        import tensorflow as tf

        with tf.GradientTape() as tape:
            results = self.model(inputs, training=True)
            loss = self.model.compute_loss(x=inputs, y=targets, y_pred=results, training=True)
        return loss, tape.gradient(loss, self.model.trainable_variables)


class StepInTensorFlow(_Loaded):
    """One batch, already in TensorFlow's memory."""

    def __init__(self, network: Network, job: Job) -> None:
        import tensorflow as tf

        super().__init__(network, job)
        function, arguments = self.step()
        self._arguments = tf.nest.map_structure(tf.convert_to_tensor, arguments)
        self._compiled = tf.function(function, jit_compile=self.jit_compile is True)
        if job.optimizer is not None:
            self.model.optimizer.build(self.model.trainable_variables)

    def once(self) -> None:
        """Run it; on a CPU TensorFlow returns when it has run."""
        self._compiled(*self._arguments)

    def results(self) -> list[Any]:
        """Run a forward pass; the network's outputs as arrays."""
        import tensorflow as tf

        return [each.numpy() for each in tf.nest.flatten(self._compiled(*self._arguments))]

    def traced(self) -> tuple[Any, tuple[Any, ...]]:
        """The step that is run."""
        return self._compiled, self._arguments

    def watch(self) -> Watched:
        """Run it while the profiler records."""
        self.prepare()
        recorder = Recorder()
        recorder.start()
        start = time.perf_counter()
        try:
            self.run()
            whole = time.perf_counter() - start
        finally:
            recorder.stop()
        return _whole(whole, self.spans(recorder))


class LoopInTensorFlow(_Loaded, InLoop):
    """Keras's own loop, of which some batches are recorded."""

    def watch(self) -> Watched:
        """Run it; the parts of the recorded batches stand for those of all."""
        self.prepare()
        number = min(self.job.steps, _RECORDED)
        watch = Watch(first=(self.job.steps - number) // 2, number=number)
        start = time.perf_counter()
        try:
            self.checked(lambda: self.looped([watch.callback()]))
        finally:
            watch.recorder.stop()
        whole = time.perf_counter() - start - watch.recorder.seconds
        return _whole(whole, self.spans(watch.recorder, watch.scale))

    def traced(self) -> tuple[Any, tuple[Any, ...]]:
        """A step whose operations have the names that they have in the loop as well."""
        import tensorflow as tf

        function, arguments = self.step()
        batch = self.job.batch
        few = tf.nest.map_structure(lambda array: tf.constant(array[:batch]), arguments)
        return tf.function(function), few


def _operations(graph: Any) -> dict[str, Operation]:
    """The operations of a `tf.Graph`."""
    return {
        each.name: Operation(each.type, tuple(x.op.name for x in each.inputs))
        for each in graph.get_operations()
    }


def _whole(seconds: float, found: tuple[Span, ...]) -> Watched:
    """With what is left as the loop."""
    rest = seconds - sum(span.seconds for span in found)
    return Watched(seconds, (*found, Span((), "loop", max(rest, 0.0))))


def _said(error: Any) -> str:
    """TensorFlow's own sentence, without where in Python the operation was made."""
    lines = str(error.message).partition(_NODE)[0].strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__


RUNNER = KerasTensorFlow()
