"""Values under other shapes, at other places, joined and padded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.ops.crop import Cropping
from convcost.ops.merge import Concatenate
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute, Repeat
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.write.keras.graph import is_symbolic, same_values
from convcost.write.keras.site import channels_last, is_image
from convcost.write.keras.windows import cut, zeros_around
from convcost.write.layout import plain_order, sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.write.keras.site import Rule, Site


def _in_sequence(site: Site) -> Any:
    """The input with its values in the network's sequence, which decides what is next to what."""
    value = site.values[0]
    plain = plain_order(site.tensors[0])
    if (
        not value.zeros
        and value.order[:1] == (0,)
        and same_values(value.node.shape, value.order, plain)
    ):
        return value.node
    return site.plain()


def _flatten(site: Site) -> None:
    site.give(site.layer("Flatten", _in_sequence(site)), positive=site.positive)


def reshaped(site: Site) -> None:
    """A layer where the first axis stays."""
    import keras

    sizes = sizes_of(site.results[0].shape, site.op.kind)
    first, old = site.results[0].shape[:1], site.tensors[0].shape[:1]
    node = _in_sequence(site)
    if first and first == old and is_symbolic(node):
        made = site.layer("Reshape", node, target_shape=tuple(sizes[1:]))
    else:
        made = site.function(keras.ops.reshape, site.plain(), tuple(sizes))
    site.give(made, positive=site.positive)


def permuted(site: Site) -> None:
    """A layer where it is one of Keras's; elsewhere the axes are only called otherwise.

    What other frameworks permute is often undone by the order that Keras wants.
    """
    op: Any = site.op
    value = site.values[0]
    if (
        site.framework == "keras"
        and op.order[0] == 0
        and value.order == plain_order(site.tensors[0])
    ):
        made = site.layer("Permute", site.plain(), dims=tuple(op.order[1:]))
        site.give(made, positive=site.positive)
        return
    order = tuple(op.order.index(place) for place in value.order)
    site.give(site.turned(0, value.order), order, positive=site.positive)


def _repeat(site: Site) -> None:
    """A layer for vectors."""
    import keras

    op: Any = site.op
    times = number(op.times, "the number of copies")
    if len(site.tensors[0].axes) == 2:
        site.give(site.layer("RepeatVector", site.plain(), n=times), positive=site.positive)
        return
    unsqueezed = site.function(keras.ops.expand_dims, site.plain(), 1, part="axis")
    site.give(site.function(keras.ops.repeat, unsqueezed, times, axis=1), positive=site.positive)


def _concatenate(site: Site) -> None:
    """In the order in which the first one lies; by a function where a constant is among them."""
    import keras

    op: Any = site.op
    order = site.values[0].order
    nodes = [site.turned(place, order) for place in range(len(site.values))]
    place = order.index(site.tensors[0].names.index(op.axis))
    axis = -1 if place == len(order) - 1 else place
    if all(map(is_symbolic, nodes)):
        made = site.layer("Concatenate", nodes, axis=axis)
    else:
        made = site.function(keras.ops.concatenate, nodes, axis=axis)
    site.like_input(made, positive=site.positive)


def _changed(site: Site) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """An order of the axes, and what is put before and behind each of them, or cut off there.

    It is the one in which the input lies, or else one that a layer can do it in.
    """
    op: Any = site.op
    tensor = site.tensors[0]
    amounts: Mapping[str, tuple[Dim, Dim]] = {axis: (a, b) for axis, a, b in op.amounts}

    def lying(order: tuple[int, ...]) -> list[tuple[int, int]]:
        pairs = (amounts.get(str(tensor.names[place]), (0, 0)) for place in order)
        return [(number(a, "an amount"), number(b, "an amount")) for a, b in pairs]

    order = site.values[0].order
    if (
        not _has_layer(lying(order))
        and is_image(tensor)
        and _has_layer(lying(channels_last(tensor)))
    ):
        order = channels_last(tensor)
    return order, lying(order)


def _has_layer(pairs: list[tuple[int, int]]) -> bool:
    """Whether only axes between the first and the last one change, and a layer does that."""
    return 3 <= len(pairs) <= 5 and not any(pairs[0]) and not any(pairs[-1])


def _pad(site: Site) -> None:
    import keras

    order, pairs = _changed(site)
    node = site.turned(0, order)
    if _has_layer(pairs):
        made = zeros_around(site, node, pairs[1:-1], part="")
    else:
        made = site.function(keras.ops.pad, node, tuple(pairs))
    site.give(made, order, positive=site.positive)


def _crop(site: Site) -> None:
    order, pairs = _changed(site)
    node = site.turned(0, order)
    if _has_layer(pairs):
        made = cut(site, node, pairs[1:-1], part="")
    else:
        kept = tuple(slice(a, -b or None) for a, b in pairs)
        made = site.function(lambda x: x[kept], node)
    site.give(made, order, positive=site.positive)


def _dropout(site: Site) -> None:
    op: Any = site.op
    node = site.turned(0, site.values[0].order)
    site.like_input(site.layer("Dropout", node, rate=op.rate), positive=site.positive)


RULES: Mapping[str, Rule] = {
    Flatten.kind: _flatten,
    Reshape.kind: reshaped,
    Permute.kind: permuted,
    Repeat.kind: _repeat,
    Concatenate.kind: _concatenate,
    ZeroPadding.kind: _pad,
    Cropping.kind: _crop,
    Dropout.kind: _dropout,
}
