"""Networks run in PyTorch: the numbers, the training step, and whose time it is."""

from __future__ import annotations

import copy
import gc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost import zoo
from convcost.count.prepare import frozen
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.loss import LOSSES
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.runtime.runners.inputs import random_inputs
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job
from convcost.runtime.runners.torch_clock import Clock, WatchedModule
from convcost.runtime.runners.torch_training import Losses
from convcost.write.torch.module import torch_module
from support.optimizers import TORCH

if TYPE_CHECKING:
    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional


def network(end: str = "linear", **head: int) -> Network:
    """Two branches that meet, batch normalisation, a part without parameters, a head."""
    b = Builder("branches")
    image = b.add(Input(Tensor.of(batch=2, channel=3, height=8, width=8)), name="image")
    same = window(3, padding="same")
    x = b.add(Conv(filters=4, windows=same, activation="relu"), image, name="stem")
    left = b.add(Conv(filters=4, windows=same, bias=False), x, name="left")
    left = b.add(BatchNorm(), left, name="norm")
    x = b.add(Merge("add"), left, x, name="sum")
    x = b.add(Activation("relu"), x, name="relu")
    x = b.add(Flatten(), x, name="flat")
    x = b.add(Dropout(rate=0.5), x, name="drop")
    b.add(Dense(units=head.get("units", 5), activation=end), x, name="head")
    return b.build()


def numbers(module: Any) -> list[np.ndarray]:
    return [parameter.detach().numpy().copy() for parameter in module.parameters()]


@pytest.mark.parametrize(
    "name",
    ["seed000", "seed001-cnn", "seed003", "resnet18?image=64", "mobilenet?image=64",
     "inception-v3-block", "alexnet"],
)  # fmt: skip
def test_both_runtimes_compute_the_same(name: str) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    net, job = zoo.load(name), Job(batch=2, seed=5)
    found, wanted = (runner(each).load(net, job).results() for each in ("torch", "onnxruntime"))
    assert len(found) == len(wanted) == len(net.outputs)
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= 1e-4 * np.abs(b).max()


def test_the_version_and_the_threads_are_pytorchs() -> None:
    before = torch.get_num_threads()
    try:
        assert runner("torch").versions() == {"torch": torch.__version__}
        runner("torch").load(network(), Job(threads=3))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_watched_modules_compute_the_same() -> None:
    net = network()
    module = torch_module(net, batch=2)
    inputs = [torch.from_numpy(x) for x in random_inputs(net, batch=2, seed=0)]
    wanted = module.eval()(*inputs)
    assert torch.equal(WatchedModule(module).run(Clock(), inputs, training=False), wanted)


LAYERS = ["stem", "left", "norm", "sum", "relu", "flat", "drop", "head"]


def test_a_forward_pass_has_one_span_for_each_layer() -> None:
    loaded = runner("torch").load(network(), Job(batch=2))
    found = loaded.watch()
    parts = [(span.layers, span.phase) for span in found.spans]
    assert parts == [*(((name,), "forward") for name in LAYERS), ((), "loop")]
    kernels = {span.layers: span.kernel for span in found.spans}
    assert kernels["stem",] == "Conv2d, ReLU"
    assert kernels["head",] == "Linear"
    assert sum(span.seconds for span in found.spans) == pytest.approx(found.seconds)


@pytest.mark.parametrize("name", ["resnet18?image=64", "googlenet", "seed000", "seed003"])
def test_layers_of_the_zoo_have_one_span_in_each_phase(name: str) -> None:
    net = zoo.load(name)
    found = runner("torch").load(net, Job(batch=2, training=True, optimizer="adam")).watch()
    parts = [(span.layers, span.phase) for span in found.spans]
    assert len(set(parts)) == len(parts)
    layers = {(layer.name,) for layer in net.layers if not isinstance(layer.op, Input)}
    for phase in ("forward", "backward"):
        assert {names for names, each in parts if each == phase} == layers
    assert [each for names, each in parts if not names] == ["loss", "update", "loop"]
    assert sum(span.seconds for span in found.spans) == pytest.approx(found.seconds)
    backward = {span.layers[0]: span.kernel for span in found.spans if span.phase == "backward"}
    for layer in net.layers:
        if isinstance(layer.op, Conv):
            assert "ConvolutionBackward0" in backward[layer.name]
            assert "AccumulateGrad" in backward[layer.name]


@pytest.mark.parametrize("training", [False, True])
def test_the_clock_is_gone_after_a_watched_run(training: bool) -> None:
    """Else its hooks would still be called by runs that are timed."""
    loaded = runner("torch").load(network(), Job(batch=2, training=training))
    loaded.watch()
    assert not [each for each in gc.get_objects() if isinstance(each, Clock)]


def test_frozen_layers_before_all_others_have_no_backward_pass() -> None:
    net = frozen(network(), ["stem"])
    spans = runner("torch").load(net, Job(batch=2, training=True)).watch().spans
    assert [s.layers[0] for s in spans if s.phase == "backward"] == LAYERS[:0:-1]
    assert not [s for s in spans if s.phase == "update"]


@pytest.mark.parametrize("instrument", [False, True])
@pytest.mark.parametrize("optimizer", TORCH)
def test_a_step_is_the_one_that_is_written_by_hand(optimizer: str, instrument: bool) -> None:
    """Two steps of it, the second one with the optimizer's states."""
    job = Job(batch=2, training=True, optimizer=optimizer, loss="mse", seed=1)
    loaded: Any = runner("torch").load(network(), job)
    module = copy.deepcopy(loaded._module).train()
    before = numbers(module)
    inputs = [x.clone() for x in loaded.inputs]
    torch.manual_seed(7)
    targets = torch.randn(2, 5)
    kind, settings = TORCH[optimizer]
    rate = loaded._optimizer.param_groups[0]["lr"]
    by_hand = getattr(torch.optim, kind)(module.parameters(), lr=rate, **settings)
    loaded.losses.targets = [targets]
    torch.manual_seed(8)  # of the dropout
    for _ in range(2):
        (loaded.watch if instrument else loaded.run)()
    torch.manual_seed(8)
    for _ in range(2):
        by_hand.zero_grad()
        F.mse_loss(module(*inputs), targets).backward()
        by_hand.step()
    found, wanted = numbers(loaded._module), numbers(module)
    assert all((a == b).all() for a, b in zip(found, wanted, strict=True))
    assert any((a != b).any() for a, b in zip(found, before, strict=True))


EXPECTED = {
    ("cross-entropy", "linear"): F.cross_entropy,
    ("cross-entropy", "softmax"): lambda x, y: F.nll_loss(x.log(), y),
    ("binary-cross-entropy", "linear"): F.binary_cross_entropy_with_logits,
    ("binary-cross-entropy", "sigmoid"): F.binary_cross_entropy,
    ("mse", "linear"): lambda x, y: ((x - y) ** 2).mean(),
    ("mae", "softmax"): lambda x, y: (x - y).abs().mean(),
}


@pytest.mark.parametrize(("function", "end"), EXPECTED)
def test_losses_and_their_gradients(function: str, end: str) -> None:
    losses = Losses(network(end), function)
    ends = {"linear": lambda x: x, "sigmoid": torch.sigmoid, "softmax": lambda x: x.softmax(1)}
    results = ends[end](torch.randn(2, 5)).requires_grad_()
    found = losses.of(results)
    wanted = EXPECTED[function, end](results, *losses.targets)
    assert torch.allclose(found, wanted)
    gradients = (torch.autograd.grad(each, results)[0] for each in (found, wanted))
    assert torch.allclose(*gradients)


def test_every_loss_is_tested() -> None:
    assert {function for function, _ in EXPECTED} == set(LOSSES)


def test_classes_are_the_channels_wherever_these_are() -> None:
    b = Builder("segments")
    image = b.add(Input(Tensor.of(batch=2, height=4, width=6, channel=3)), name="image")
    b.add(Conv(filters=7, windows=window(1)), image, name="classes")
    losses = Losses(b.build(), "cross-entropy")
    logits = torch.randn(2, 4, 6, 7)
    found = losses.of(logits)
    (targets,) = losses.targets
    assert targets.shape == (2, 4, 6)
    assert torch.allclose(found, F.cross_entropy(logits.reshape(-1, 7), targets.reshape(-1)))


def test_two_results_have_the_sum_of_their_losses() -> None:
    b = Builder("two heads")
    image = b.add(Input(Tensor.of(batch=2, feature=3)), name="image")
    b.add(Dense(units=4), image, name="one")
    b.add(Dense(units=5), image, name="two")
    losses = Losses(b.build(), "mse")
    one, two = torch.randn(2, 4), torch.randn(2, 5)
    found = losses.of((one, two))
    assert torch.allclose(found, sum(map(F.mse_loss, (one, two), losses.targets)))


def widening(units: int) -> Network:
    """A layer whose sums, which are there beside its results, are more than its input."""
    b = Builder("widening")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)), name="image")
    x = b.add(Dense(units=units, activation="relu"), x, name="wide")
    b.add(Dense(units=2), x, name="head")
    return b.build()


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("units", [None, 64])
def test_the_peak_of_inference_is_the_one_that_is_counted(units: int | None, batch: int) -> None:
    """Of networks that oneDNN makes no copies in another layout for."""
    net = zoo.load("seed001-mlp") if units is None else widening(units)
    expected = convcost.memory(net, batch=batch, runtime="torch")
    assert runner("torch").load(net, Job(batch=batch)).peak_bytes() == expected.peak


def test_the_peak_of_inference_contains_what_a_composed_layer_makes() -> None:
    b = Builder("local response normalisation")
    x = b.add(Input(Tensor.of(batch=3, channel=8, height=6, width=6)), name="image")
    b.add(LocalResponseNorm(size=5), x, name="norm")
    net = b.build()
    expected = convcost.memory(net, batch=3, runtime="torch")
    # it divides by k + alpha * sum: a number each, which PyTorch keeps as a tensor for a moment
    assert 0 <= runner("torch").load(net, Job(batch=3)).peak_bytes() - expected.peak <= 16


@pytest.mark.parametrize("batch", [16, 200])
def test_the_peak_of_training_contains_what_stands_before_an_activation(batch: int) -> None:
    net = widening(512)
    options = {"batch": batch, "training": True, "optimizer": "sgd"}
    expected = convcost.memory(net, runtime="torch", **options)
    more = runner("torch").load(net, Job(**options)).peak_bytes() - expected.peak
    # who trains holds the labels to the end, and the loss keeps a few numbers
    assert 8 * batch <= more <= 8 * batch + 64


def test_the_peak_of_training_holds_gradients_and_states() -> None:
    net = network()
    trained = sum(p.bytes for p in net.table.values() if p.learned)
    peaks = {
        each: runner("torch").load(net, Job(batch=2, training=True, optimizer=each)).peak_bytes()
        for each in ("sgd", "momentum")
    }
    stored = sum(parameter.bytes for parameter in net.table.values())
    assert peaks["momentum"] - peaks["sgd"] == trained
    assert peaks["sgd"] > stored + trained


def test_what_cannot_be_trained_is_said() -> None:
    with pytest.raises(UsageError, match="PyTorch has no Lion"):
        runner("torch").load(network(), Job(batch=2, training=True, optimizer="lion"))
    with pytest.raises(UsageError, match="unknown loss"):
        runner("torch").load(network(), Job(batch=2, training=True, loss="hinge"))
    with pytest.raises(NetworkError, match="'branches' has no parameters that are trained"):
        runner("torch").load(frozen(network(), ["*"]), Job(batch=2, training=True))


def test_what_pytorch_refuses_is_an_error_of_the_network() -> None:
    b = Builder("one value")
    x = b.add(Input(Tensor.of(batch=1, channel=3, height=1, width=1)), name="image")
    b.add(BatchNorm(), x, name="norm")
    loaded = runner("torch").load(b.build(), Job(training=True))
    with pytest.raises(NetworkError, match="torch cannot run the network: Expected more than 1"):
        loaded.run()
