"""Keras's own models, live and saved in all its formats: what is read is what Keras says."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import convcost
from convcost.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from convcost.network.network import Network

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    keras = pytest.importorskip("keras", reason="Keras writes the files: pip install keras")
L, ops = keras.layers, keras.ops

pytestmark = pytest.mark.filterwarnings("ignore")

IMAGE = (16, 12, 6)
#: Quick to build, and of different kinds: each brings layers that the others lack.
APPLICATIONS = [
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0"),
    *("DenseNet121", "NASNetMobile", "Xception", "ResNet50V2", "InceptionV3"),
]


@pytest.fixture(autouse=True)
def _fresh_names() -> Iterator[None]:
    yield
    keras.backend.clear_session()


def saved(model: Any, folder: Path) -> dict[str, Network]:
    """The model as read live and from every kind of file."""
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    (folder / "model.json").write_text(model.to_json(), encoding="utf-8")
    files = {name: convcost.read(folder / f"model.{name}") for name in ("keras", "h5", "json")}
    return {"live": convcost.read(model), **files}


def table(network: Network) -> list[tuple[Any, ...]]:
    """What has to be the same, however a model is read."""
    rows = convcost.count(network).layers
    return sorted((r.name, r.op, str(r.outputs), r.parameters, r.statistics, r.forward and
                   r.forward.macs, str(r.shared_with)) for r in rows)  # fmt: skip


def check_values(network: Network, model: Any) -> None:
    """Every number of the model is there, once."""
    sums = []
    for id_, parameter in network.table.items():
        assert parameter.values is not None, id_
        values = np.asarray(parameter.values(), np.float64)
        assert values.shape == parameter.shape, id_
        sums.append(float(np.abs(values).sum()))
    own = [float(np.abs(np.asarray(w, np.float64)).sum()) for w in model.get_weights()]
    assert sorted(sums) == pytest.approx(sorted(own))


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications(name: str, tmp_path: Path) -> None:
    if name == "NASNetMobile" and keras.backend.backend() == "torch":
        pytest.skip("Keras itself refuses NASNet on its PyTorch backend")
    model = getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3), classes=10)
    networks = saved(model, tmp_path)
    for way, network in networks.items():
        total = convcost.count(network).total
        assert total.parameters + total.statistics == model.count_params(), way
        assert not network.notes, way
    assert convcost.count(networks["live"]).complete
    tables = {way: table(network) for way, network in networks.items()}
    assert tables["live"] == tables["keras"] == tables["h5"] == tables["json"]
    for way in ("live", "keras", "h5"):
        assert all(p.values is not None for p in networks[way].table.values()), way


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """A functional model of 1 to 30 layers, each on a tensor drawn from those before."""
    image = keras.Input(IMAGE)
    tensors = [image]
    shared = [L.Conv2D(6, 3, padding="same"), L.ReLU()]
    for _ in range(draw(st.integers(1, 30))):
        x = draw(st.sampled_from(tensors[-4:]))
        kind = draw(st.integers(0, 13))
        size, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        padding = draw(st.sampled_from(["same", "valid"]))
        alike = [t for t in tensors if t.shape == x.shape]
        fits = min(x.shape[1:3]) >= 3
        if kind == 0 and fits:
            x = L.Conv2D(
                draw(st.integers(1, 8)),
                size,
                strides=stride,
                padding=padding,
                use_bias=draw(st.booleans()),
                activation="relu",
            )(x)
        elif kind == 1 and fits:
            x = L.DepthwiseConv2D(size, padding=padding, depth_multiplier=stride)(x)
        elif kind == 2 and fits:
            x = L.SeparableConv2D(4, size, padding=padding)(x)
        elif kind == 3 and fits:
            x = draw(st.sampled_from([L.MaxPooling2D, L.AveragePooling2D]))(
                size, strides=stride, padding=padding
            )(x)
        elif kind == 4:
            x = L.BatchNormalization(scale=draw(st.booleans()))(x)
        elif kind == 5:
            x = L.Add()([x, *alike[-2:]])
        elif kind == 6:
            x = L.Concatenate()([x, *alike[-2:]])
        elif kind == 7:
            x = L.ZeroPadding2D(((0, size), (1, 0)))(x)
        elif kind == 8 and x.shape[-1] == 6:
            x = shared[0](x)
        elif kind == 9:
            x = shared[1](x)
        elif kind == 10:
            x = keras.Sequential([L.Dense(3), L.LayerNormalization()])(x)
        elif kind == 11:
            x = ops.relu(x) * 0.5 + alike[-1]
        elif kind == 12 and max(x.shape[1:3]) < 32:
            x = L.UpSampling2D(size)(x)
        else:
            layer = L.Dense(5)
            x = layer(x)
            layer.trainable = False
        tensors.append(x)
    heads = tensors[-draw(st.integers(1, 2)) :]
    return keras.Model(image, heads if len(heads) > 1 else heads[0])  # fmt: skip


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # names of layers depend on what was built before, which shrinking does not like
    phases=[Phase.explicit, Phase.generate],
)
@given(model=graphs())
def test_random_graphs(model: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    networks = saved(model, tmp_path_factory.mktemp("graph"))
    live = networks["live"]
    for layer in model.layers:
        if hasattr(layer, "layers"):
            continue
        read = live.layer(layer.name)
        if len(layer._inbound_nodes) == 1:
            assert read.outputs[0].shape[1:] == tuple(layer.output.shape[1:])
        elements = sum(live.table[id_].elements for id_ in read.parameters)
        assert elements == layer.count_params()
    total = convcost.count(live).total
    assert total.parameters + total.statistics == model.count_params()
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert total.trainable_parameters == trainable
    for way, network in networks.items():
        assert table(network) == table(live), way
        assert not network.notes, way
        if way != "json":
            check_values(network, model)


class Block(L.Layer):  # type: ignore[misc]
    """A custom layer that is made of layers and functions."""

    def __init__(self, filters: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.conv = L.Conv2D(filters, 3, padding="same")
        self.norm = L.BatchNormalization()

    def call(self, x: Any, training: bool | None = None) -> Any:
        return ops.relu(self.norm(self.conv(x), training=training)) + x


class Product(L.Layer):  # type: ignore[misc]
    """A custom layer with weights of its own, whose cost nobody states."""

    def build(self, shape: Any) -> None:
        self.matrix = self.add_weight(shape=(shape[-1], 7))

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.matrix)


class Net(keras.Model):  # type: ignore[misc]
    """A subclassed model that calls one of its blocks twice."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.stem = L.Conv2D(8, 3)
        self.blocks = [Block(8), Block(8)]
        self.pool = L.GlobalAveragePooling2D()
        self.head = L.Dense(5)

    def call(self, x: Any, training: bool | None = None) -> Any:
        x = self.stem(x)
        for block in (*self.blocks, self.blocks[0]):
            x = block(x, training=training)
        return self.head(self.pool(x))


def nodes(model: Any) -> list[tuple[int, int]]:
    return [(len(x._inbound_nodes), len(x._outbound_nodes)) for x in model._flatten_layers()]


def test_a_subclassed_model_is_read_by_a_symbolic_call_and_left_as_it_was() -> None:
    model = Net()
    model(np.zeros((1, *IMAGE), np.float32))
    before, weights = nodes(model), [id(w) for w in model.weights]
    network = convcost.read(model)
    assert (nodes(model), [id(w) for w in model.weights]) == (before, weights)
    count = convcost.count(network)
    assert count.complete
    # Python integers: both statistics of both BatchNorms are no parameters
    assert count.total.parameters + count.total.statistics == model.count_params()
    pixels = 14 * 10
    assert count.total.forward.macs == pixels * 9 * 8 * (6 + 3 * 8) + 8 * 5
    shared = [layer.shared_with for layer in network.layers if layer.shared_with]
    assert len(shared) == 4
    check_values(network, model)


def test_a_subclassed_model_that_is_not_built() -> None:
    model = Net()
    with pytest.raises(SourceError, match="not known") as caught:
        convcost.read(model)
    assert "inputs=" in (caught.value.hint or "")
    network = convcost.read(model, inputs=[(None, *IMAGE)])
    assert not model.built
    assert convcost.count(network).total.forward.macs == 14 * 10 * 9 * 8 * 30 + 40
    larger = convcost.read(model, inputs=np.zeros((1, 32, 32, 6)))
    assert convcost.count(larger).total.forward.macs > 4 * 14 * 10 * 9 * 8 * 30


def test_inputs_by_name_in_any_order() -> None:
    class Two(keras.Model):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.first, self.second = L.Dense(2, name="first"), L.Dense(3, name="second")

        def call(self, inputs: Any) -> Any:
            return self.first(inputs["a"]), self.second(inputs["b"])

    a, b = keras.Input((None, 3), name="a"), keras.Input((None, 3), name="b")
    known = keras.Model({"a": a, "b": b}, [L.Dense(2)(a), L.Dense(3)(b)])
    for model in (Two(), known):
        network = convcost.read(model, inputs={"b": (1, 8, 3), "a": (1, 4, 3)})
        assert convcost.count(network).total.forward.macs == 4 * 3 * 2 + 8 * 3 * 3


def test_a_call_that_cannot_be_followed() -> None:
    class Looking(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = L.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x) if float(ops.sum(x)) > 0 else x

    model = Looking()
    model(np.ones((1, 4), np.float32))
    with pytest.raises(SourceError, match="cannot be followed"):
        convcost.read(model, inputs=(1, 4))


def test_custom_layers_in_a_functional_model(tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, L.Dense(2)(Product()(L.Flatten()(Block(3)(image)))))
    networks = saved(model, tmp_path)
    for way in ("live", "keras", "h5"):
        total = convcost.count(networks[way]).total
        assert total.parameters + total.statistics == model.count_params(), way
        check_values(networks[way], model)
    # live, the block's own call tells what it does; its file does not
    unknown = {way: len(convcost.count(network).unknown) for way, network in networks.items()}
    assert unknown == {"live": 1, "keras": 2, "h5": 2, "json": 2}
    assert networks["json"].layer("dense").outputs[0].shape[1:] == (2,)


def test_unbuilt_sequential_models_are_left_so() -> None:
    model = keras.Sequential([L.Conv2D(4, 3), keras.Sequential([L.Dense(3)]), L.Flatten()])
    with pytest.raises(SourceError, match="not built"):
        convcost.read(model)
    network = convcost.read(model, inputs=(1, 8, 8, 3))
    assert not model.built
    assert convcost.count(network).total.forward.macs == 36 * (27 * 4 + 4 * 3)


def test_several_inputs_and_outputs_by_name(tmp_path: Path) -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((5,), name="b")
    joined = L.Concatenate()([a, b])
    model = keras.Model({"a": a, "b": b}, {"x": L.Dense(3)(joined), "y": joined})
    for network in saved(model, tmp_path).values():
        assert [network.tensor(ref).shape[1:] for ref in network.outputs] == [(3,), (9,)]


def test_mixed_precision(tmp_path: Path) -> None:
    model = keras.Sequential([
        keras.Input((8, 8, 3)), L.Conv2D(4, 3, dtype="mixed_float16"), L.Dense(3, dtype="bfloat16")
    ])  # fmt: skip
    for network in saved(model, tmp_path).values():
        outputs = [layer.outputs[0].dtype for layer in network.layers]
        assert outputs == ["float32", "float16", "bfloat16"]
        assert sorted({p.dtype for p in network.table.values()}) == ["bfloat16", "float32"]


def test_a_saved_subclassed_model_and_weights_alone(tmp_path: Path) -> None:
    model = Net()
    model(np.zeros((1, *IMAGE), np.float32))
    model.save(tmp_path / "net.keras")
    model.save_weights(tmp_path / "net.weights.h5")
    with pytest.raises(SourceError, match="subclassed"):
        convcost.read(tmp_path / "net.keras")
    with pytest.raises(SourceError, match="weights only"):
        convcost.read(tmp_path / "net.weights.h5")
