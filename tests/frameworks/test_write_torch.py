"""Networks written as PyTorch modules compute what their source computes, and can be trained."""

from __future__ import annotations

import copy
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import convcost
from convcost import zoo
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.network import Network, Ref
from convcost.network.tensor import Tensor
from convcost.ops.constant import Constant
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.unknown import Unknown
from convcost.write.torch.module import torch_module
from support import given_cases
from support.random_networks import networks
from support.written import ZOO, assert_equal, one_layer, onnx_outputs, totals
from support.written_torch import filled, outputs

if TYPE_CHECKING:
    from collections.abc import Mapping


pytestmark = pytest.mark.filterwarnings("ignore")

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


#: Modules of the shared cases that cannot be written, and what cannot.
REFUSED: Mapping[str, str] = {
    "conv_weightnorm": "normalize", "einsum_bij,jk": "view", "unfold_conv": "im2col",
    "ew_F.batch_norm": "stored tensors",
}  # fmt: skip
#: Takes one batch size only, so it is no network of a batch: not read.
NOT_READ = "LSTMCell_loop10"


@given_cases.needed
def test_modules_compute_the_same_and_count_the_same_again() -> None:
    refused, written = {}, 0
    for name, (_, make) in given_cases.CASES.items():
        if name == NOT_READ:
            continue
        torch.manual_seed(0)
        module, inputs, _ = make()
        wanted = outputs(filled(module), inputs)
        net = convcost.read(module, inputs=inputs)
        try:
            made = torch_module(net)
        except NetworkError as error:
            refused[name] = error.message
            continue
        assert_equal(outputs(made, inputs)[0], wanted[0])
        assert totals(convcost.read(made, inputs=inputs)) == totals(net), name
        assert all(p.is_contiguous() for p in made.parameters()), name
        written += 1
    assert refused.keys() == REFUSED.keys()
    assert all(REFUSED[name] in message for name, message in refused.items())
    assert written == 71


def test_the_zoo_is_complete() -> None:
    assert {name.partition("?")[0] for name in ZOO} == {*zoo.names()} - {"seed004"}


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_computes_what_onnxruntime_computes(name: str) -> None:
    net = zoo.load(name)
    # what the last layer is given, too: a softmax of large numbers hides differences
    net = replace(net, outputs=(*net.outputs, net.layers[-1].inputs[0]))
    shape = [size if isinstance(size, int) else 1 for size in net.layers[0].outputs[0].shape]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    module = torch_module(net, seed=3)
    wanted = onnx_outputs(net, [x], seed=3)
    for found, each in zip(outputs(module, [x]), wanted, strict=True):
        assert_equal(found, each)
    assert totals(convcost.read(module, inputs=x.shape)) == totals(net)


@settings(max_examples=200, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(net=networks(), batch=st.integers(2, 3))  # PyTorch refuses groups of a single value
def test_random_networks_compute_what_onnxruntime_computes(net: Network, batch: int) -> None:
    shape = [size if isinstance(size, int) else batch for size in net.layers[0].outputs[0].shape]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    (wanted,) = onnx_outputs(net, [x])
    (found,) = outputs(torch_module(net), [x])
    assert_equal(found, wanted)


def small() -> Any:
    """A module with frozen weights, statistics and a layer that is called twice."""
    layers = torch.nn.ModuleDict({
        "stem": torch.nn.Conv2d(3, 8, 3, padding=1), "norm": torch.nn.BatchNorm2d(8),
        "twice": torch.nn.Conv2d(8, 8, 3, padding=1), "drop": torch.nn.Dropout(0.5),
        "head": torch.nn.Linear(8, 4),
    })  # fmt: skip

    class Small(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, x: Any) -> Any:
            parts = self.layers
            x = parts["norm"](parts["stem"](x)).relu()
            x = parts["twice"](parts["twice"](x))
            return parts["head"](parts["drop"](x.mean((2, 3))))

    layers["stem"].requires_grad_(requires_grad=False)
    return Small()


def test_a_training_step_changes_what_is_trained_only() -> None:
    torch.manual_seed(0)
    module = torch_module(convcost.read(small(), inputs=(2, 3, 8, 8)))
    before = copy.deepcopy(module.state_dict())
    assert module.training
    trained = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    module(torch.randn(4, 3, 8, 8)).square().sum().backward()
    optimizer.step()
    changed = {k for k, v in module.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {
        "layers.norm.weight", "layers.norm.bias", "layers.norm.running_mean",
        "layers.norm.running_var", "layers.norm.num_batches_tracked", "layers.twice.weight",
        "layers.twice.bias", "layers.head.weight", "layers.head.bias",
    }  # fmt: skip


def test_parts_are_layers_of_pytorch_under_the_network_s_names() -> None:
    source = small().eval()
    module = torch_module(convcost.read(source, inputs=(2, 3, 8, 8)))
    assert module.state_dict().keys() == source.state_dict().keys()
    kinds = {name: type(part) for name, part in source.named_modules() if "." in name}
    assert {name: type(module.get_submodule(name)) for name in kinds} == kinds
    seen = []
    module.layers.twice.register_forward_hook(lambda *_: seen.append(1))
    module(torch.zeros(2, 3, 8, 8))
    assert len(seen) == 2
    source.load_state_dict(module.state_dict())


def test_dropout_drops_in_training_only() -> None:
    module = torch_module(convcost.read(small(), inputs=(2, 3, 8, 8)))
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(module.eval()(x), module(x))
    module.train()
    assert not torch.equal(module(x), module(x))


def test_modules_can_be_copied_and_saved() -> None:
    model = zoo.load("xception-block")
    module = torch_module(model)
    x = np.random.default_rng(0).normal(size=(1, 19, 19, 728)).astype("float32")
    (wanted,) = outputs(module, [x])
    assert np.array_equal(outputs(copy.deepcopy(module), [x])[0], wanted)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other = torch_module(model, seed=1)
    assert not np.allclose(outputs(other, [x])[0], wanted)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert np.array_equal(outputs(other, [x])[0], wanted)


def test_channels_first_networks_are_written_without_a_permutation() -> None:
    assert "permute" not in torch_module(zoo.load("googlenet")).code
    assert torch_module(zoo.load("seed000")).code.count("torch.permute(") == 2  # in, and to flatten


def test_names_are_no_code() -> None:
    evil = 'x"); raise SystemExit; ("'
    module = torch_module(one_layer(Dense(units=2), name=evil, feature=3))
    assert [name for name, _ in module.named_children()] == ["x_raise_SystemExit_"]
    assert outputs(module, [np.zeros((1, 3), "float32")])[0].shape == (1, 2)
    forbidden = torch_module(one_layer(Dense(units=2), name="forward", feature=3))
    assert isinstance(forbidden.get_submodule("forward_"), torch.nn.Linear)


def test_constants_are_parameters() -> None:
    builder = Builder("class token")
    x = builder.add(Input(Tensor.of(batch=BATCH, feature=3)), name="image")
    token = builder.add(
        Constant(tensor=Tensor.of(batch=1, feature=3), parameter=True), name="token"
    )
    builder.add(Merge("add"), x, token)
    module = torch_module(builder.build())
    x = np.zeros((2, 3), "float32")
    assert np.array_equal(outputs(module, [x])[0][1:], module.token.detach().numpy())


def test_several_inputs_and_outputs_keep_the_source_s_order() -> None:
    class Two(torch.nn.Module):  # type: ignore[misc]
        def forward(self, image: Any, mask: Any) -> Any:
            return image * mask, image.relu()

    inputs = (torch.randn(2, 3, 4, 4), torch.randn(2, 1, 4, 4))
    module = torch_module(convcost.read(Two(), inputs=inputs))
    for found, wanted in zip(module(*inputs), Two()(*inputs), strict=True):
        assert torch.equal(found, wanted)
    assert torch.equal(module(mask=inputs[1], image=inputs[0])[0], inputs[0] * inputs[1])


def test_what_has_no_counterpart_is_refused_by_name() -> None:
    x = Tensor.of(batch=BATCH, feature=3)
    with pytest.raises(NetworkError, match="layer 'layer': 'unknown' has no counterpart"):
        torch_module(one_layer(Unknown(name="Capsule", results=(x,)), feature=3))


def test_open_sizes_are_named() -> None:
    with pytest.raises(NetworkError, match="not known: Cin, Cout, K, P, S, X"):
        torch_module(zoo.load("seed004"))
    assert outputs(
        torch_module(zoo.load("seed004", X=8, K=3, P=1, S=1, Cin=2, Cout=4)),
        [np.zeros((1, 8, 8, 2), "float32")],
    )[0].shape == (1, 8, 8, 4)


def test_numbers_that_layers_share_are_shared_tensors() -> None:
    class Tied(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(7, 5)
            self.back = torch.nn.Linear(5, 7, bias=False)
            self.back.weight = self.words.weight

        def forward(self, x: Any) -> Any:
            return self.back(self.words(x))

    inputs = torch.randint(0, 7, (2, 3))
    module = torch_module(convcost.read(Tied(), inputs=inputs))
    assert module.words.weight is module.back.weight
    assert len(list(module.parameters())) == 1
    assert module(inputs).shape == (2, 3, 7)


def test_a_tensor_that_is_returned_twice_is_two_results() -> None:
    net = one_layer(Dense(units=3), feature=4)
    net = replace(net, outputs=net.outputs * 2)
    module, x = torch_module(net), [np.ones((2, 4), "float32")]
    for found, wanted in zip(outputs(module, x), onnx_outputs(net, x), strict=True):
        assert_equal(found, wanted)
    assert len(convcost.read(module, inputs=(2, 4)).outputs) == 2


def test_a_reference_to_an_inner_tensor_may_be_an_output() -> None:
    net = zoo.load("seed001-cnn")
    inner = net.layers[1].name
    module = torch_module(replace(net, outputs=(Ref(inner),)))
    assert outputs(module, [np.zeros((2, 28, 28, 1), "float32")])[0].shape == (2, 26, 26, 32)
