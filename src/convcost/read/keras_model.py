"""Keras model configurations as networks: what pasted code and Keras's own files share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError, SourceError
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import Dim, symbol
from convcost.network.network import Network, Note, Ref
from convcost.network.tensor import Axis, Tensor
from convcost.ops import Input, Unknown
from convcost.read.axes import axis_names
from convcost.read.keras_config import Unknown as NotLiteral
from convcost.read.keras_layers import Site, build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.read.keras_config import LayerCall, LayerConfig, ModelConfig


def network_of(model: ModelConfig, name: str) -> Network:
    """The network that a configuration describes.

    Args:
        model: layers and how they are connected.
        name: for people.

    A layer without a rule, or whose configuration is not stated, becomes an unknown one.

    Raises:
        SourceError: the shape of an input is not stated, so that nothing can be counted.
    """
    return _Reading(model, name).network()


class _Reading:
    def __init__(self, model: ModelConfig, name: str) -> None:
        self.model = model.with_input_layers()
        self.builder = Builder(name, framework="keras")
        self.channels_first = any(
            layer.config.get("data_format") == "channels_first" for layer in model.layers
        )
        self.notes = [Note("assumed", text, None, line) for line, text in model.notes]
        #: (layer, call, output) -> the tensor in the network
        self.refs: dict[tuple[str, int, int], Ref] = {}

    def network(self) -> Network:
        for layer in self.model.layers:
            for number, call in enumerate(layer.calls):
                self._add(layer, number, call)
        outputs = [self.refs[ref] for ref in self.model.outputs if ref in self.refs]
        missing = [f"line {line}: {text}" for line, text in self.model.unread]
        return self.builder.build(outputs or None, notes=self.notes, missing=missing)

    def _add(self, layer: LayerConfig, number: int, call: LayerCall) -> None:
        name = layer.name if number == 0 else f"{layer.name} ({number + 1})"
        if layer.class_name == "InputLayer":
            ref = self.builder.add(Input(self._input(layer)), name=name, line=layer.line)
        else:
            inputs = [self.refs[ref] for ref in call.inputs]
            site = Site(
                layer.config,
                tuple(self.builder.tensor(ref) for ref in inputs),
                self.channels_first,
            )
            try:
                op = build(layer.class_name, site)
                why = f"there is no rule for {layer.class_name}"
            except NetworkError as error:
                op, why = None, error.message
            ref = self.builder.add(
                op or self._unknown(layer, site.inputs, why),
                *inputs,
                name=name,
                shared_with=layer.name if number and op is not None else None,
                trainable=layer.config.get("trainable", True) is not False,
                line=call.line,
            )
        self.refs[layer.name, number, 0] = ref

    def _input(self, layer: LayerConfig) -> Tensor:
        shape: Any = layer.config.get("shape")
        if shape is None or isinstance(shape, NotLiteral):
            where = f"line {layer.line}: " if layer.line else ""
            raise SourceError(
                f"{where}the shape of the input is not stated as numbers",
                hint="paste the model.summary() table beside it, or write the shape as numbers",
            )
        names = axis_names(len(shape) + 1, channels_first=self.channels_first)
        axes = [Axis("batch", BATCH)]
        for name, size in zip(names[1:], shape, strict=True):
            free: Dim = symbol(str(name))
            axes.append(Axis(name, size if isinstance(size, int) else free))
        return Tensor(tuple(axes))

    def _unknown(self, layer: LayerConfig, inputs: Sequence[Tensor], why: str) -> Unknown:
        """A layer without a rule: its output is taken to have its input's shape, said aloud."""
        text = f"{layer.class_name} is not known: its output is taken to have its input's shape"
        self.notes.append(Note("assumed", text, layer.name, layer.line))
        return Unknown(name=layer.class_name, results=tuple(inputs[:1]), why=why)
