"""Live PyTorch modules: counts by formula, one network in every mode, no traces left behind."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost.errors import SourceError, UsageError
from convcost.network.evaluation import substitute
from support import given_cases
from support.torch_cases import CASES

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn


each_case = pytest.mark.parametrize("name", CASES)


def resnet18() -> Any:
    class Block(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, i: int, o: int, stride: int) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
            self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
            self.relu = nn.ReLU(inplace=True)
            self.down = nn.Identity()
            if i != o:
                conv = nn.Conv2d(i, o, 1, stride, bias=False)
                self.down = nn.Sequential(conv, nn.BatchNorm2d(o))

        def forward(self, x: Any) -> Any:
            y = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(y)) + self.down(x))

    blocks = [
        Block(i, o, s)
        for i, o in ((64, 64), (64, 128), (128, 256), (256, 512))
        for i, s in ((i, 1 if i == o else 2), (o, 1))
    ]
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))
    return nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks, *head)


def mobilenet() -> Any:
    layers, channels = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()], 32
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
    widths = (64, 128, 128, 256, 256, *(512,) * 6, 1024, 1024)
    for width, stride in zip(widths, strides, strict=True):
        layers += [
            nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU6(),
            nn.Conv2d(channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU6(),
        ]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))


def figures(net: Network, batch: int = 1) -> tuple[Any, Any]:
    total = convcost.count(net, batch=batch).total
    return total.forward.macs, total.parameters


# ---------- counts


@each_case
def test_counts_for_the_inputs_as_they_are(name: str) -> None:
    module, inputs, macs, parameters = CASES[name]()
    net = convcost.read(module.eval(), inputs=inputs, batch_axis=None)
    assert figures(net) == (macs, parameters)
    assert convcost.count(net).complete


@each_case
def test_counts_at_any_batch(name: str) -> None:
    module, inputs, macs, parameters = CASES[name]()
    if name == "no batch axis at all":
        pytest.skip("it has none")
    axis = 1 if name == "LSTM, two levels, both directions, time first" else 0
    net = convcost.read(module.eval(), inputs=inputs, batch_axis=axis)
    assert figures(net, batch=2) == (macs, parameters)
    if name != "spectral norm":  # its products of weights happen once
        assert figures(net, batch=5)[0] * 2 == macs * 5


@each_case
def test_ops_state_what_the_framework_computes(name: str) -> None:
    """Shape rules, weights and equations agree with the recorded tensors and parameters."""
    module, inputs, *_ = CASES[name]()
    net = convcost.read(module.eval(), inputs=inputs, batch_axis=None)
    for layer in net.layers:
        tensors = [net.tensor(ref) for ref in layer.inputs]
        assert layer.op.outputs(*tensors) == layer.outputs, layer.name
        stated = [weight.shape for weight in layer.op.weights(*tensors)]
        assert [net.table[id_].shape for id_ in layer.parameters] == stated, layer.name


@given_cases.needed
def test_the_shared_cases() -> None:
    wrong = []
    for name, (_, make) in given_cases.CASES.items():
        module, inputs, truth = make()
        net = convcost.read(module.eval(), inputs=inputs, batch_axis=None)
        if figures(net) != (truth["mac"], truth["p"]):
            wrong.append(name)
    assert not wrong


def test_resnet18() -> None:
    result = convcost.count(convcost.read(resnet18(), inputs=(1, 3, 224, 224)))
    assert result.total.parameters == 11_689_512
    assert result.total.statistics == 9_600
    assert result.total.forward.macs == 1_814_073_344
    assert result.complete


@pytest.mark.parametrize(
    ("make", "zoo_name"), [(mobilenet, "zoo:mobilenet"), (resnet18, "zoo:resnet18")]
)
def test_each_layer_costs_what_the_zoo_says(make: Any, zoo_name: str) -> None:
    live = convcost.count(convcost.read(make(), inputs=(1, 3, 224, 224)))
    reference = convcost.count(convcost.read(zoo_name))
    kinds = ("conv", "depthwise_conv", "dense", "batch_norm")
    rows = [
        sorted(
            (row.forward.macs, row.parameters, row.statistics)
            for row in counted.layers
            if row.op in kinds and row.forward is not None
        )
        for counted in (live, reference)
    ]
    assert rows[0] == rows[1]
    assert live.total.parameters == reference.total.parameters


def test_mobilenet() -> None:
    total = convcost.count(convcost.read(mobilenet(), inputs=(1, 3, 224, 224))).total
    assert (total.parameters, total.statistics) == (4_231_976, 21_888)
    assert total.forward.macs == 568_740_352


def test_products_equal_the_frameworks_own_count() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    module = resnet18().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, 3, 64, 96))
    net = convcost.read(module, inputs=(1, 3, 64, 96))
    assert 2 * figures(net)[0] == counter.get_total_flops()


# ---------- the graph


def test_names_are_paths_and_functions() -> None:
    net = convcost.read(resnet18(), inputs=(1, 3, 64, 64))
    names = [layer.name for layer in net.layers]
    assert names[:8] == ["input", "0", "1", "2", "3", "4.conv1", "4.bn1", "4.relu"]
    assert "4.add" in names
    assert "4.relu_2" in names
    assert net.layer("4.add").inputs[1].layer == "3"
    assert net.table["4.conv1.weight"].shape == (3, 3, 64, 64)
    assert net.framework == "torch"


def test_a_later_call_of_a_module_adds_no_parameters() -> None:
    module, inputs, *_ = CASES["one module twice"]()
    net = convcost.read(module, inputs=inputs)
    assert [layer.shared_with for layer in net.layers] == [None, None, "c"]
    assert list(net.table) == ["c.weight"]


def test_unused_parameters_are_counted_and_named() -> None:
    module, inputs, *_ = CASES["unused module"]()
    net = convcost.read(module, inputs=inputs)
    assert "584 parameters are not used" in net.notes[0].text
    assert "b.weight" in net.notes[0].text


def test_frozen_parameters() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    module[0].requires_grad_(False)
    total = convcost.count(convcost.read(module, inputs=(1, 4))).total
    assert (total.parameters, total.trainable_parameters) == (30, 10)


def test_values_come_in_the_order_of_the_op() -> None:
    conv, depthwise, dense = nn.Conv2d(3, 8, (1, 5)), nn.Conv2d(8, 16, 3, groups=8), nn.Linear(6, 2)
    module = nn.Sequential(conv, depthwise, nn.AdaptiveAvgPool2d((1, 6)), dense)
    net = convcost.read(module, inputs=(1, 3, 9, 16))
    expected = {
        "0.weight": conv.weight.permute(2, 3, 1, 0),
        "1.weight": depthwise.weight.reshape(8, 2, 3, 3).permute(2, 3, 0, 1),
        "3.weight": dense.weight.t(),
        "3.bias": dense.bias,
    }
    for name, values in expected.items():
        parameter = net.table[name]
        assert parameter.values is not None
        assert parameter.shape == values.shape
        assert (parameter.values() == values.detach().numpy()).all()


def test_writes_into_parts_of_a_tensor_reach_its_readers() -> None:
    module, inputs, *_ = CASES["written in place into parts"]()
    net = convcost.read(module, inputs=inputs)
    reached = {"c"}
    for layer in reversed(net.layers):
        if layer.name in reached:
            reached |= {ref.layer for ref in layer.inputs}
    assert {layer.name for layer in net.layers} == reached


def test_an_operator_without_a_rule_is_unknown() -> None:
    class Sorted(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return torch.fft.rfft(x).abs()

    result = convcost.count(convcost.read(Sorted(), inputs=(1, 8)))
    assert not result.complete
    assert [unknown.layer for unknown in result.unknown] == ["_fft_r2c"]


def test_outputs_and_inputs_of_any_nesting() -> None:
    class Nested(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, image: Any, *, more: Any, flag: bool = True) -> Any:
            assert flag
            return {"sum": image + more[0], "parts": [more[1], {"x": image}]}

    shape = torch.zeros(2, 3)
    net = convcost.read(Nested(), inputs={"image": shape, "more": [shape, shape]})
    inputs = [layer.name for layer in net.layers if layer.op.kind == "input"]
    assert inputs == ["image", "more", "more_2"]
    assert len(net.outputs) == 3


# ---------- one network


@pytest.mark.parametrize("make", [resnet18, mobilenet])
def test_modes_give_the_same_network(make: Any) -> None:
    module = make()
    module.append(nn.Dropout())
    nets = [
        convcost.read(module.train(mode), inputs=(1, 3, 64, 64)) for mode in (True, False, True)
    ]
    assert nets[0] == nets[1] == nets[2]
    assert nets[0].layers[-1].op.kind == "dropout"
    assert "batch_norm" in {layer.op.kind for layer in nets[0].layers}


@pytest.mark.parametrize(
    "inputs",
    [
        (1, 3, 32, 32),
        (None, 3, 32, 32),
        [(8, 3, 32, 32)],
        torch.zeros(2, 3, 32, 32),
        (torch.zeros(2, 3, 32, 32),),
        torch.zeros(1, 3, 32, 32).numpy(),
        {"input": (1, 3, 32, 32)},
    ],
    ids=str,
)
def test_forms_of_inputs(inputs: Any) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 2))
    if isinstance(inputs, dict):
        net = convcost.read(module, inputs=inputs)
    else:
        net = convcost.read(module, inputs=inputs)
    assert figures(net) == (30 * 30 * 27 * 4 + 7200, 112 + 7202)
    assert str(net.layers[0].outputs[0]) == "(batch=N, channel=3, height=32, width=32)"


def test_half_precision_and_the_meta_device() -> None:
    half = nn.Conv2d(3, 4, 3).half()
    net = convcost.read(half, inputs=(1, 3, 8, 8))
    assert {t.dtype for layer in net.layers for t in layer.outputs} == {"float16"}
    with torch.device("meta"):
        huge = nn.Linear(100_000, 100_000)
    assert figures(convcost.read(huge, inputs=(1, 100_000))) == (10**10, 10**10 + 10**5)


def test_wrappers_are_looked_through() -> None:
    module = nn.Conv2d(3, 4, 3)
    plain = convcost.read(module, inputs=(1, 3, 8, 8))
    assert convcost.read(nn.DataParallel(module), inputs=(1, 3, 8, 8)) == plain
    assert convcost.read(torch.compile(module), inputs=(1, 3, 8, 8)) == plain


def test_old_weight_norm_after_a_forward_pass() -> None:
    module = nn.utils.weight_norm(nn.Conv2d(3, 8, 3, padding=1))
    module(torch.zeros(1, 3, 8, 8))  # the derived weight is now a tensor with a history
    assert figures(convcost.read(module, inputs=(1, 3, 8, 8))) == (64 * 27 * 8, 216 + 8 + 8)


# ---------- the batch


class Squares(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return x @ x.t()


class Halves(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return x[: x.shape[0] // 2] + 1


class Limited(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return x[:4] * 2


class PerSample(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return torch.stack([sample.relu() for sample in x])


class Triangle(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        pairs = x.shape[0] * (x.shape[0] - 1) // 2
        return x.new_zeros(pairs, 3)


@pytest.mark.parametrize("kind", [Halves, Limited, PerSample, Triangle])
def test_sizes_out_of_proportion_to_the_batch_are_refused(kind: Any) -> None:
    with pytest.raises(SourceError, match=r"batch") as caught:
        convcost.read(kind(), inputs=(1, 8))
    assert "batch_axis=None" in str(caught.value.hint)
    convcost.read(kind(), inputs=(4, 8), batch_axis=None)


def test_products_of_the_batch_with_itself_are_formulas() -> None:
    net = convcost.read(Squares(), inputs=(1, 8))
    assert [figures(net, batch)[0] for batch in (1, 3)] == [8, 72]


def test_one_more_than_the_batch_is_confirmed() -> None:
    class OneMore(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return torch.cat([x, x[:1]])

    net = convcost.read(OneMore(), inputs=(3, 8))
    assert str(net.layers[-1].outputs[0].shape[0]) == "N + 1"


def test_batch_axes_per_input() -> None:
    class Scaled(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any, table: Any) -> Any:
            return x @ table

    shapes = [(5, 2, 4), (4, 7)]
    net = convcost.read(Scaled(), inputs=shapes, batch_axis=(1, None))
    assert [str(t) for t in net.layers[-1].outputs] == ["(?=5, batch=N, ?=7)"]
    with pytest.raises(UsageError, match="2 axes for 1 input"):
        convcost.read(nn.ReLU(), inputs=(1, 4), batch_axis=(0, 1))
    with pytest.raises(UsageError, match="batches of 4 and 5"):
        convcost.read(Scaled(), inputs=shapes)


def test_tables_kept_for_the_next_pass() -> None:
    class Keeps(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.table, self.kept = nn.Parameter(torch.zeros(9, 2)), {}

        def forward(self, x: Any) -> Any:
            if "bias" not in self.kept:
                self.kept["bias"] = self.table[torch.arange(4) * 2]
            return x + self.kept["bias"]

    module = Keeps()
    net = convcost.read(module, inputs=(1, 4, 2))
    assert "gather" in {layer.op.kind for layer in net.layers}
    assert not module.kept


def test_a_pass_that_asks_for_values_runs_on_the_examples() -> None:
    class Asks(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(4, 16)

        def forward(self, x: Any) -> Any:
            return self.a(x) if x.sum() > 0 else self.b(x)

    module = Asks()
    for sign, macs in ((1, 32), (-1, 64)):
        net = convcost.read(module, inputs=sign * torch.ones(1, 4))
        assert figures(net)[0] == macs
        assert "asks for values" in net.notes[0].text


# ---------- nothing is left behind


class Stateful(nn.Module):  # type: ignore[name-defined, misc]
    """Changes everything that a forward pass can change."""

    def __init__(self, *, fails: bool) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.drop, self.fails, self.calls, self.seen = nn.Dropout(), fails, 0, []
        self.register_buffer("steps", torch.zeros(1))
        self.register_buffer("places", torch.arange(4))
        self.plain = torch.ones(2)

    def forward(self, x: Any) -> Any:
        self.calls += 1
        self.steps += 1
        self.places.add_(1)
        self.plain.mul_(2)
        self.seen.append(1)
        self.train()
        self.conv.weight.data.zero_()
        x = self.drop(self.norm(self.conv(x))) + torch.rand(1)
        if self.fails:
            raise RuntimeError("on purpose")
        return x


def state_of(module: Any) -> Any:
    return (
        {name: value.clone() for name, value in module.state_dict().items()},
        [part.training for part in module.modules()],
        [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules()],
        [sorted(vars(part)) for part in module.modules()],
        (module.calls, list(module.seen), module.plain.clone()),
        torch.random.get_rng_state(),
        (torch.backends.mha.get_fastpath_enabled(), torch.is_grad_enabled()),
        [id(f) for f in (nn.Module.__call__, nn.functional.conv2d, torch.matmul, torch.Tensor.add)],
        torch.is_inference_mode_enabled(),
        torch._C._len_torch_dispatch_stack(),
    )


def same(left: Any, right: Any) -> bool:
    if isinstance(left, torch.Tensor):
        return bool(torch.equal(left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("batch_axis", [0, None])
def test_the_module_stays_as_it_is(*, fails: bool, training: bool, batch_axis: int | None) -> None:
    module = Stateful(fails=fails).train(training)
    before = state_of(module)
    if fails:
        with pytest.raises(SourceError, match="on purpose"):
            convcost.read(module, inputs=torch.ones(2, 3, 8, 8), batch_axis=batch_axis)
    else:
        convcost.read(module, inputs=torch.ones(2, 3, 8, 8), batch_axis=batch_axis)
    assert same(before, state_of(module))
    # and a later count is not doubled
    plain = nn.Conv2d(3, 4, 3)
    assert figures(convcost.read(plain, inputs=(1, 3, 8, 8)))[0] == 36 * 27 * 4


def test_what_cannot_be_copied_is_said() -> None:
    import threading

    module = nn.Linear(2, 2)
    module.lock = threading.Lock()
    with pytest.raises(SourceError, match="cannot be copied"):
        convcost.read(module, inputs=(1, 2))


def test_missing_and_wrong_inputs_are_said() -> None:
    with pytest.raises(UsageError, match="needs example inputs"):
        convcost.read(nn.Linear(2, 2))
    with pytest.raises(SourceError, match=r"forward pass fails at batch 2: RuntimeError") as caught:
        convcost.read(nn.Linear(2, 2), inputs=(1, 3))
    assert "inputs=torch.zeros" in str(caught.value.hint)


# ---------- shortcuts of the recorder


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("conv2d", lambda x: (x(2, 3, 9, 8), x(4, 3, 3, 2), x(4), [2, 1], [1, 0], [1, 2], 1)),
        ("conv2d", lambda x: (x(2, 4, 9, 8), x(8, 2, 3, 3), None, [2, 2], [1, 1], [1, 1], 2)),
        ("linear", lambda x: (x(2, 5, 3), x(4, 3), x(4))),
        ("batch_norm", lambda x: (x(2, 3, 4), x(3), x(3), x(3), x(3), False, 0.1, 1e-5, True)),
        ("relu", lambda x: (x(2, 3),)),
        ("dropout", lambda x: (x(2, 3), 0.5, False)),
        ("add", lambda x: (x(2, 3), x(2, 3))),
        ("mul", lambda x: (x(2, 3), x(2, 3))),
    ],
)
def test_quick_results_equal_the_frameworks(name: str, make: Any) -> None:
    from convcost.read.torch_module.results import quick_results

    packet = getattr(torch.ops.aten, name)
    operator = packet.Tensor if name in ("add", "mul") else packet.default
    arguments = make(lambda *shape: torch.empty(shape, device="meta"))
    quick, slow = quick_results()[operator](*arguments), operator(*arguments)
    assert (quick.shape, quick.stride(), quick.dtype) == (slow.shape, slow.stride(), slow.dtype)


@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_memory_formats_decide_what_is_copied(memory_format: Any) -> None:
    class Flat(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Any) -> Any:
            return self.conv(x).contiguous().relu()

    inputs = torch.zeros(2, 3, 8, 8).to(memory_format=memory_format)
    kinds = [
        layer.op.kind for layer in convcost.read(Flat(), inputs=inputs, batch_axis=None).layers
    ]
    assert ("copy" in kinds) == (memory_format is torch.channels_last)


# ---------- exported programs


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 4), nn.Dropout(),
    ).eval()  # fmt: skip
    path = tmp_path_factory.mktemp("exported") / "small.pt2"
    torch.export.save(torch.export.export(module, (torch.zeros(2, 3, 16, 16),)), path)
    return path


def test_an_exported_program_is_the_network(exported: Path) -> None:
    net = convcost.read(str(exported))
    total = convcost.count(net).total
    assert (total.parameters, total.statistics) == (276, 16)
    assert total.forward.macs == 14 * 14 * 27 * 8 + 32
    kinds = [layer.op.kind for layer in net.layers]
    assert kinds == ["input", "conv", "batch_norm", "activation", "global_pool", "flatten",
                     "dense", "dropout"]  # fmt: skip
    assert [layer.name for layer in net.layers][1:] == list("0123456")


def rewritten(path: Path, to: Path, change: Any) -> Path:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.endswith("models/model.json"):
                data = change(data)
            elif info.filename.endswith(".pt"):
                data = b"cos\nsystem\n(S'touch unpickled'\ntR."  # would run when unpickled
            new.writestr(info.filename, data)
    return to


def test_nothing_of_an_exported_program_is_unpickled(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    harmful = rewritten(exported, tmp_path / "harmful.pt2", lambda data: data)
    assert figures(convcost.read(str(harmful)))[1] == 276
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize(
    "target",
    ["os.system", "torch.ops.aten.from_file.default", "_operator.pow", "builtins.eval",
     "torch.ops.load_library.x.default"],
)  # fmt: skip
def test_an_exported_program_calls_operators_only(
    exported: Path, tmp_path: Path, target: str
) -> None:
    def change(data: bytes) -> bytes:
        document = json.loads(data)
        document["graph_module"]["graph"]["nodes"][2]["target"] = target
        return json.dumps(document).encode()

    with pytest.raises(SourceError, match="calls"):
        convcost.read(str(rewritten(exported, tmp_path / "harmful.pt2", change)))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"graph_module": 1}', b"null", b"\xff"])
def test_damaged_exported_programs(exported: Path, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match="damaged"):
        convcost.read(str(rewritten(exported, tmp_path / "damaged.pt2", lambda _: data)))


def test_pickles_are_refused_with_the_way_out(tmp_path: Path) -> None:
    for name in ("model.pt", "model.pth"):
        torch.save(nn.Linear(2, 2).state_dict(), tmp_path / name)
        with pytest.raises(SourceError, match="pickle") as caught:
            convcost.read(str(tmp_path / name))
        assert "convcost.read(module" in str(caught.value.hint)


def test_symbolic_sizes_follow_from_the_batch() -> None:
    net = convcost.read(mobilenet(), inputs=(1, 3, 224, 224))
    bound = net.bind({"N": 3})
    for layer, other in zip(net.layers, bound.layers, strict=True):
        for tensor, number in zip(layer.outputs, other.outputs, strict=True):
            assert tuple(substitute(s, {"N": 3}) for s in tensor.shape) == number.shape
