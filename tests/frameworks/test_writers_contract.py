"""What every writer has to fulfil, over every op: a model, or convcost's own word why not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from convcost.errors import ConvcostError, NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.ops.input import Input
from support.op_samples import SAMPLES, each_op

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network
    from convcost.network.op import Op
    from support.op_sample import Sample

pytestmark = pytest.mark.filterwarnings("ignore")

#: What writes, and what it needs.
WRITERS = {
    "onnx": ("convcost.write.onnx.model", "onnx_model", "onnx"),
    "torch": ("convcost.write.torch.module", "torch_module", "torch"),
    "keras": ("convcost.write.keras.model", "keras_model", "keras"),
}
each_writer = pytest.mark.parametrize("name", WRITERS)


def writer(name: str) -> Callable[..., Any]:
    module, function, package = WRITERS[name]
    pytest.importorskip(package, reason=f"{package} is not installed")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def alone(sample: Sample) -> Network:
    op, inputs = sample.make(BATCH)
    builder = Builder("alone")
    builder.add(op, *[builder.add(Input(tensor)) for tensor in inputs], name="layer")
    return builder.build()


@each_op
@each_writer
def test_an_op_is_written_or_refused(name: str, kind: type[Op]) -> None:
    """An error of the framework's, or of Python's, is neither."""
    write = writer(name)
    for sample in SAMPLES[kind]:
        network = alone(sample)
        for batch in (None, 3):
            for exact in (True, False):
                try:
                    assert write(network, batch=batch, exact=exact) is not None
                except ConvcostError as error:
                    assert error.message  # noqa: PT017 - most are refused, some are written


@pytest.mark.parametrize("kind", [Constant, Fill])
def test_keras_has_no_result_that_depends_on_no_input(kind: type[Op]) -> None:
    write, refusals = writer("keras"), []
    for sample in SAMPLES[kind]:
        with pytest.raises(NetworkError) as caught:
            write(alone(sample), batch=3, exact=False)
        refusals.append(str(caught.value))
    assert any("depends on no input" in each for each in refusals)
