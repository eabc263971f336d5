"""Random Keras graphs: every layer's shape and parameters, from all that a model can be read from.

Hypothesis connects 1 to 30 layers. Keras itself says what each gives and holds; convcost reads the
live model, its ``.keras`` file, and its summary as Keras 2 and Keras 3 print it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

import convcost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from convcost.count import Count, LayerCount

pytestmark = pytest.mark.filterwarnings("ignore")

LARGEST = 40_000
EXAMPLES = 40
#: Shrinking a graph takes minutes, and the failing one is printed as a table anyway.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", reason="the oracle is Keras itself: pip install keras")


def convolution(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    kernel = tuple(draw(st.sampled_from((1, 2, 3, 5))) for _ in range(rank))
    if draw(st.booleans()):
        kernel = (kernel[0],) * rank
    strides = draw(st.sampled_from((1, 1, 2, 3)))
    return getattr(layers, f"Conv{rank}D")(
        draw(st.sampled_from((1, 2, 4, 6, 8))),
        kernel,
        strides=strides,
        padding=draw(st.sampled_from(("valid", "same"))),
        dilation_rate=draw(st.sampled_from((1, 1, 2))) if strides == 1 else 1,
        groups=draw(st.sampled_from((1, 1, 1, 2))),
        use_bias=draw(st.booleans()),
        activation=draw(st.sampled_from((None, "relu", "tanh"))),
    )


def depthwise(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    return getattr(layers, f"DepthwiseConv{rank}D")(
        draw(st.sampled_from((2, 3, 5))),
        strides=draw(st.sampled_from((1, 2))),
        padding=draw(st.sampled_from(("valid", "same"))),
        depth_multiplier=draw(st.sampled_from((1, 1, 2))),
        use_bias=draw(st.booleans()),
    )


def separable(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    return getattr(layers, f"SeparableConv{rank}D")(
        draw(st.sampled_from((2, 4, 6))),
        draw(st.sampled_from((1, 3))),
        padding=draw(st.sampled_from(("valid", "same"))),
        use_bias=draw(st.booleans()),
    )


def transposed(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    return getattr(layers, f"Conv{rank}DTranspose")(
        draw(st.sampled_from((2, 3, 4))),
        draw(st.sampled_from((2, 3, 4))),
        strides=draw(st.sampled_from((1, 2))),
        padding=draw(st.sampled_from(("valid", "same"))),
    )


def pooling(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    return getattr(layers, f"{draw(st.sampled_from(('Max', 'Average')))}Pooling{rank}D")(
        draw(st.sampled_from((2, 3))),
        strides=draw(st.sampled_from((None, 1, 2))),
        padding=draw(st.sampled_from(("valid", "same"))),
    )


def global_pooling(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    name = draw(st.sampled_from(("Max", "Average")))
    return getattr(layers, f"Global{name}Pooling{rank}D")(keepdims=draw(st.booleans()))


def batch_norm(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    return layers.BatchNormalization(scale=draw(st.booleans()), center=draw(st.booleans()))


def simple(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    return draw(
        st.sampled_from(
            (
                layers.LayerNormalization,
                lambda: layers.Activation("relu"),
                lambda: layers.Activation("softmax"),
                layers.ReLU,
                layers.LeakyReLU,
                lambda: layers.PReLU(shared_axes=tuple(range(1, rank + 1)) or None),
                layers.ELU,
                lambda: layers.Dropout(0.2),
                lambda: layers.GaussianNoise(0.2),
                lambda: layers.Rescaling(0.5, offset=-1.0),
                lambda: layers.Dense(5),
                lambda: layers.Dense(3, use_bias=False, activation="relu"),
            )
        )
    )()


def moved(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    """Layers that only move values."""
    pairs = tuple(tuple(draw(st.integers(0, 2)) for _ in range(2)) for _ in range(rank))
    if rank == 1:
        pairs = pairs[0]
    choices = [
        layers.Flatten,
        lambda: getattr(layers, f"ZeroPadding{rank}D")(pairs),
        lambda: getattr(layers, f"Cropping{rank}D")(pairs),
        lambda: getattr(layers, f"UpSampling{rank}D")(2),
        lambda: layers.Permute((*range(2, rank + 2), 1)),
        lambda: layers.Reshape((-1, 1)),
    ]
    return draw(st.sampled_from(choices))()


def vector(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    choices = (
        lambda: layers.RepeatVector(3),
        lambda: layers.Reshape((-1, 1)),
        lambda: layers.Dense(6),
    )
    return draw(st.sampled_from(choices))()


def recurrent(draw: Callable[..., Any], layers: Any, rank: int) -> Any:
    name = draw(st.sampled_from(("LSTM", "GRU", "SimpleRNN")))
    layer = getattr(layers, name)(3, return_sequences=draw(st.booleans()))
    return layers.Bidirectional(layer) if draw(st.booleans()) else layer


MERGES = ("Add", "Multiply", "Average", "Maximum", "Subtract")
COMMON = (batch_norm, simple, moved)
WINDOWS = (convolution, convolution, transposed, pooling, global_pooling)
BY_RANK = {
    0: (simple, batch_norm, vector),
    1: (*WINDOWS, depthwise, separable, recurrent, *COMMON),
    2: (*WINDOWS, depthwise, separable, *COMMON),
    3: (*WINDOWS, *COMMON),
}
INPUTS = ((9, 11, 4), (16, 16, 3), (12, 6), (5, 6, 7, 2), (10,))


def model_of(draw: Callable[..., Any], keras: Any) -> Any:
    """A functional model of 1 to 30 layers; what does not fit a tensor is left out."""
    keras.utils.clear_session()
    layers = keras.layers
    inputs = [
        keras.Input(shape)
        for shape in draw(st.lists(st.sampled_from(INPUTS), min_size=1, max_size=2))
    ]
    tensors, made, taken = list(inputs), [], set()
    for _ in range(draw(st.integers(1, 30))):
        # mostly the last one: graphs as people write them, deep rather than wide
        tensor = tensors[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(tensors))
        what = draw(st.sampled_from(("layer", "layer", "layer", "merge", "join", "again")))
        partners = [t for t in tensors if t is not tensor and t.shape == tensor.shape]
        fitting = [layer for layer, shape in made if shape == tensor.shape]
        rank = len(tensor.shape) - 2
        operands = [tensor]
        try:
            if what == "merge" and partners:
                operands = [draw(st.sampled_from(partners)), tensor]
                result = getattr(layers, draw(st.sampled_from(MERGES)))()(operands)
            elif what == "join" and partners:
                operands = [tensor, *partners[:2]]
                result = layers.Concatenate()(operands)
            elif what == "again" and fitting:
                result = draw(st.sampled_from(fitting))(tensor)
            else:
                layer = draw(st.sampled_from(BY_RANK[rank]))(draw, layers, rank)
                result = layer(tensor)
                made.append((layer, tensor.shape))
        except ValueError:
            continue  # a window larger than its input, groups that do not divide
        sizes = result.shape[1:]
        if len(sizes) > 4 or not all(sizes) or prod(sizes) > LARGEST:
            continue
        tensors.append(result)
        taken.update(id(operand) for operand in operands)
    if len(tensors) == len(inputs):
        tensors.append(layers.ReLU()(inputs[0]))
        taken.add(id(inputs[0]))
    outputs = [t for t in tensors[len(inputs) :] if id(t) not in taken]
    return keras.Model([x for x in inputs if id(x) in taken], outputs)


models = st.composite(model_of)


def shapes_of(operation: Any) -> list[tuple[int | None, ...]]:
    """What each call of a layer gives: its first output's shape."""
    return [tuple(node.output_tensors[0].shape) for node in operation._inbound_nodes]


def parameters_of(operation: Any) -> int:
    return operation.count_params() if hasattr(operation, "count_params") else 0


def shape_of(row: LayerCount) -> tuple[int | None, ...]:
    return tuple(size if isinstance(size, int) else None for size in row.outputs[0])


def agree(found: tuple[int | None, ...], shape: tuple[int | None, ...]) -> bool:
    """Whether shapes are the same, but for a size that the column cut off for good."""
    same = (a == b for a, b in zip(found[:-1], shape[:-1], strict=False))
    return len(found) == len(shape) and all(same) and found[-1] in (shape[-1], None)


def check_by_name(model: Any, counted: Count) -> None:
    rows = {row.name: row for row in counted.layers}
    relevant = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
    for operation in model.operations:
        calls = [node for node in operation._inbound_nodes if id(node) in relevant]
        numbers = range(2, len(calls) + 1)
        names = [operation.name, *(f"{operation.name} ({number})" for number in numbers)]
        found = [rows[name] for name in names]
        assert sum(r.parameters + r.statistics for r in found) == parameters_of(operation), found
        # the call that runs first has the parameters
        (owner,) = (row.name for row in found if row.shared_with is None)
        assert {row.shared_with for row in found} <= {owner, None}
        shapes = [tuple(node.output_tensors[0].shape) for node in calls]
        assert [shape_of(row) for row in found] == shapes, found
    assert counted.complete, counted.unknown


def check_by_line(model: Any, counted: Count, live: Count) -> None:
    """A summary's rows in order; its names may be cut."""
    by_line: dict[int, list[LayerCount]] = {}
    for row in counted.layers:
        if row.line is not None:
            by_line.setdefault(row.line, []).append(row)
    rows = [by_line[line] for line in sorted(by_line)]
    doubtful = {note.layer for note in counted.notes if note.alternatives}
    doubtful |= {unknown.layer for unknown in counted.unknown}
    if any("could be several layers" in note.text for note in counted.notes):
        doubtful |= {row.name for row in counted.layers}
    macs: dict[str, int] = {}
    for row in live.layers:
        name = row.shared_with or row.name
        macs[name] = macs.get(name, 0) + row.forward.macs
    assert len(rows) == len(model.operations)
    for operation, (row, *again) in zip(model.operations, rows, strict=True):
        # the call that runs first has the parameters
        held = sum(r.parameters + r.statistics for r in (row, *again))
        assert held == parameters_of(operation), row
        if getattr(operation, "groups", 1) > 1:
            continue  # a summary does not print groups: they are tried where nothing else fits
        assert any(agree(shape_of(row), shape) for shape in shapes_of(operation)), row
        if row.name not in doubtful and not any(r.name in doubtful for r in again):
            assert sum(r.forward.macs for r in (row, *again)) == macs[operation.name], row


def printed(model: Any, columns: int) -> str:
    """Keras 3's table in a window of so many columns; 80 is what a pipe has."""
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        model.summary(print_fn=lines.append)
    return "\n".join(lines)


def test_every_layer_of_random_graphs(keras: Any, keras2_table: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"

    # the same examples every time: a new release of Keras is what should make this fail
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, phases=PHASES)
    @given(models(keras))
    def check(model: Any) -> None:
        note(printed(model, 200))
        live = convcost.count(convcost.read(model))
        check_by_name(model, live)
        model.save(path)
        check_by_name(model, convcost.count(convcost.read(path)))
        texts = (
            printed(model, 200),
            printed(model, 80),
            keras2_table.cut(model),
            keras2_table.wrapped(model),
        )
        for text in texts:
            check_by_line(model, convcost.count(convcost.read(text)), live)

    check()
