"""PyTorch in eager mode on the CPU: inference and training steps."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from convcost.count.workload import DEFAULT_LOSS
from convcost.errors import MissingFramework, NetworkError
from convcost.runtime.runners.inputs import check_samples, random_inputs
from convcost.runtime.runners.runner import Loaded, Loop, Runner, Watched
from convcost.runtime.runners.torch_clock import Clock, WatchedModule
from convcost.runtime.runners.torch_loop import InLoop
from convcost.runtime.runners.torch_training import Losses, optimizer_for, resident_bytes
from convcost.write.torch.module import torch_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from convcost.network.network import Network
    from convcost.runtime.runners.learning import Learner, Lesson
    from convcost.runtime.runners.runner import Job


class Torch(Runner):
    """PyTorch, eager: one operation after the other, as Python calls them."""

    name = "torch"
    trains = True
    needs = "pip install 'convcost[torch]'"
    packages = ("torch",)
    loops: ClassVar[frozenset[Loop]] = frozenset({"step", "evaluate", "fit"})

    def versions(self) -> Mapping[str, str]:
        """PyTorch's own."""
        return {"torch": str(self._imported().__version__)}

    def load(self, network: Network, job: Job) -> Loaded:
        """The network's module with its inputs; to train, with a loss and an optimizer."""
        self._imported()
        if job.loop == "step":
            return (_Training if job.training else _Inference)(network, job)
        check_samples(network)
        return InLoop((_Training if job.loop == "fit" else _Evaluation)(network, job), job)

    def learner(self, network: Network, lesson: Lesson) -> Learner:
        """The network's module with the lesson's samples."""
        from convcost.runtime.runners.torch_learning import TorchLearner

        self._imported()
        return TorchLearner(network, lesson)

    def _imported(self) -> Any:
        try:
            import torch
        except ImportError:
            raise MissingFramework("measuring in torch needs PyTorch", hint=self.needs) from None
        return torch


class LoadedInTorch(Loaded):
    """A module with its inputs.

    Attributes:
        inputs: of a run.
    """

    def __init__(self, network: Network, job: Job) -> None:
        import torch

        torch.set_num_threads(job.threads)
        torch.manual_seed(job.seed)
        arrays = random_inputs(network, batch=job.samples or job.batch, seed=job.seed)
        self.inputs = [torch.from_numpy(array) for array in arrays]
        module = torch_module(network, batch=job.every_batch, seed=job.seed, exact=False)
        self._module = module.train(job.training)
        self._watched: WatchedModule | None = None

    def run(self) -> None:
        """Run one batch to its end."""
        self._checked(self._step)

    def watch(self) -> Watched:
        """Run one batch with a clock between the calls."""
        if self._watched is None:
            self._watched = WatchedModule(self._module)
        watched, clock = self._watched, Clock()
        self._checked(lambda: self._timed(watched, clock))
        whole = clock.seconds()
        return Watched(whole, clock.spans(whole))

    def peak_bytes(self) -> int:
        """What is there before and during a run, by PyTorch's record of its allocator."""
        before, events = self.memory_trace()
        return before + _most(events)

    def memory_trace(self) -> tuple[int, list[dict[str, Any]]]:
        """Bytes that are there before a run, and the events of PyTorch's profiler during it.

        Those named ``[memory]`` are the changes; the others tell who made them.
        """
        from torch.profiler import ProfilerActivity
        from torch.profiler import profile as recorded

        self._checked(self._step)  # what is made once: states of the optimizer, gradients
        self._clear()
        before = resident_bytes(self._resident())
        with TemporaryDirectory() as folder:
            with recorded(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
                self._checked(self._step)
            path = Path(folder) / "trace.json"
            record.export_chrome_trace(str(path))
            events: list[dict[str, Any]] = json.loads(path.read_text())["traceEvents"]
        return before, events

    @abstractmethod
    def _step(self) -> None:
        """Run one batch."""

    @abstractmethod
    def _timed(self, watched: WatchedModule, clock: Clock) -> None:
        """Run one batch, the clock looked at between its parts."""

    def _clear(self) -> None:
        """Give up what the last run has left and the next one makes again."""

    def _resident(self) -> list[Any]:
        """What is there between runs."""
        return [*self._module.parameters(), *self._module.buffers(), *self.inputs]

    def _checked(self, step: Callable[[], None]) -> None:
        """Run, and say what PyTorch says where it refuses."""
        try:
            step()
        except (RuntimeError, ValueError) as error:
            raise NetworkError(f"torch cannot run the network: {error}") from error


class _Inference(LoadedInTorch):
    def results(self) -> list[Any]:
        """Run one batch; the network's outputs as arrays."""
        return self._of(self.inputs)

    def outputs(self, inputs: Sequence[Any]) -> list[Any]:
        """Run one batch of these inputs."""
        import torch

        found: list[Any] = []
        # a copy: PyTorch warns of arrays that cannot be written to
        given = [torch.tensor(array) for array in inputs]
        self._checked(lambda: found.extend(self._of(given)))
        return found

    def _of(self, inputs: Sequence[Any]) -> list[Any]:
        import torch

        with torch.inference_mode():
            found = self._module(*inputs)
        return [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]

    def _step(self) -> None:
        import torch

        with torch.inference_mode():
            self._module(*self.inputs)

    def _timed(self, watched: WatchedModule, clock: Clock) -> None:
        import torch

        with torch.inference_mode():
            watched.run(clock, self.inputs, training=False)


class _Evaluation(_Inference):
    """The same, and the loss as a number of Python.

    Attributes:
        losses: that a run computes.
    """

    def __init__(self, network: Network, job: Job) -> None:
        super().__init__(network, job)
        self.losses = Losses(network, job.loss or DEFAULT_LOSS)

    def _step(self) -> None:
        import torch

        with torch.inference_mode():
            self.losses.of(self._module(*self.inputs)).item()

    def _timed(self, watched: WatchedModule, clock: Clock) -> None:
        import torch

        with torch.inference_mode():
            results = watched.run(clock, self.inputs, training=False)
            clock.tick("", "loop", "")
            self.losses.of(results).item()
            clock.tick("", "loss", self.losses.function)


class _Training(LoadedInTorch):
    """Steps of forward pass, loss, backward pass, and update where there is an optimizer.

    Attributes:
        losses: that a run computes.
    """

    def __init__(self, network: Network, job: Job) -> None:
        super().__init__(network, job)
        if not any(each.requires_grad for each in self._module.parameters()):
            raise NetworkError(f"'{network.name}' has no parameters that are trained",
                               hint="measure inference")  # fmt: skip
        self.losses = Losses(network, job.loss or DEFAULT_LOSS)
        self._optimizer = job.optimizer and optimizer_for(job.optimizer, self._module)

    def _step(self) -> None:
        self._clear()
        self.losses.of(self._module(*self.inputs)).backward()
        if self._optimizer:
            self._optimizer.step()

    def _timed(self, watched: WatchedModule, clock: Clock) -> None:
        self._clear()
        clock.tick("", "loop", "zero_grad")
        results = watched.run(clock, self.inputs, training=True)
        clock.tick("", "loop", "")
        loss = self.losses.of(results)
        clock.tick("", "loss", self.losses.function)
        clock.watch("", "loss", loss)
        clock.backward(loss)
        if self._optimizer:
            self._optimizer.step()
            clock.tick("", "update", type(self._optimizer).__name__)

    def _clear(self) -> None:
        self._module.zero_grad(set_to_none=True)

    def _resident(self) -> list[Any]:
        import torch

        states = self._optimizer.state.values() if self._optimizer else ()
        kept = [x for state in states for x in state.values() if torch.is_tensor(x)]
        return [*super()._resident(), *kept, *self.losses.targets]


#: What is run in a loop over samples.
StepWithLoss: TypeAlias = "_Evaluation | _Training"


def _most(events: Iterable[Mapping[str, Any]]) -> int:
    """The most bytes that were in use at one time, from the records of a trace."""
    changes = [event for event in events if event.get("name") == "[memory]"]
    alive = most = 0
    for event in sorted(changes, key=lambda event: event["ts"]):
        alive += event["args"]["Bytes"]
        most = max(most, alive)
    return most


RUNNER = Torch()
