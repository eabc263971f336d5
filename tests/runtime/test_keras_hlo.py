"""Whose the kernels of a program of XLA are, and how long they took. No TensorFlow."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from convcost.runtime.runners.keras_hlo import Computation, Instruction, Program
from convcost.runtime.runners.keras_hlo_record import Run, kernels_that_ran

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYERS = ("image", "conv", "bn", "relu", "side", "sum", "dense")


def path(layer: str, op: str, *, gradient: bool = False) -> str:
    """As TensorFlow names the operation of a layer."""
    return f"{'gradient_tape/' * gradient}convcost_{LAYERS.index(layer)}/{op}"


class Writer:
    """Writes a program down, instruction by instruction."""

    def __init__(self) -> None:
        self._numbers = count()
        self._computations: dict[int, list[Instruction]] = {0: []}

    def add(
        self, name: str, opcode: str, path: str = "", *reads: int, into: int = 0, parameter: int = 0
    ) -> int:
        number = next(self._numbers)
        self._computations[into].append(
            Instruction(
                number=number, name=name, opcode=opcode, path=path, operands=reads,
                parameter=parameter,
            )
        )  # fmt: skip
        return number

    def fusion(self, name: str, steps: list[tuple[str, str]], *reads: int) -> int:
        """A chain on the first operand; the others are read by the first step."""
        inside = 1000 + len(self._computations)
        self._computations[inside] = []
        last = tuple(
            self.add(f"{name}.p{place}", "parameter", into=inside, parameter=place)
            for place in range(len(reads))
        )
        for opcode, each in steps:
            last = (self.add(f"{name}.{opcode}.{each}", opcode, each, *last, into=inside),)
        number = next(self._numbers)
        self._computations[0].append(
            Instruction(
                number=number, name=name, opcode="fusion", path=steps[-1][1], operands=reads,
                calls=(inside,),
            )
        )  # fmt: skip
        return number

    def program(self) -> Program:
        return Program(
            {
                number: Computation(tuple(steps), steps[-1].number)
                for number, steps in self._computations.items()
            }
        )


def owners(program: Program) -> Mapping[str, tuple[tuple[str, ...], str]]:
    return program.owners(LAYERS)


def test_a_product_is_alone_and_a_fusion_has_the_layers_behind_it() -> None:
    w = Writer()
    image = w.add("arg", "parameter", "XLA_Args")
    conv = w.add("convolution", "convolution", path("conv", "convolution"), image)
    scale = w.fusion("rsqrt_fusion", [("rsqrt", path("bn", "Rsqrt"))], image)
    w.fusion(
        "maximum_fusion",
        [("add", path("conv", "BiasAdd")), ("multiply", path("bn", "mul")),
         ("maximum", path("relu", "Relu"))],
        conv, scale,
    )  # fmt: skip
    assert owners(w.program()) == {
        "convolution": (("conv",), "forward"),
        # a part of the normalisation that runs alone is in the row of the rest
        "rsqrt_fusion": (("bn", "relu"), "forward"),
        "maximum_fusion": (("bn", "relu"), "forward"),
    }


def test_a_bias_alone_is_its_layers() -> None:
    w = Writer()
    dot = w.add("dot", "dot", path("dense", "MatMul"), w.add("arg", "parameter"))
    w.fusion("add_fusion", [("add", path("dense", "BiasAdd"))], dot)
    found = owners(w.program())
    assert found == dict.fromkeys(("dot", "add_fusion"), (("dense",), "forward"))


def test_what_is_computed_again_belongs_to_the_first_kernel_that_computes_it() -> None:
    w = Writer()
    conv = w.add("conv.1", "convolution", path("conv", "convolution"), w.add("arg", "parameter"))
    relu = [("add", path("conv", "BiasAdd")), ("maximum", path("relu", "Relu"))]
    first = w.fusion("first", relu, conv)
    side = w.add("conv.2", "convolution", path("side", "convolution"), first)
    w.fusion("second", [*relu, ("add", path("sum", "Add"))], conv, side)
    found = owners(w.program())
    assert found["first"] == (("relu",), "forward")
    assert found["second"] == (("sum",), "forward")


def test_shared_constants_say_nothing() -> None:
    w = Writer()
    zero = w.add("zero", "constant", path("conv", "Relu"))
    zeros = w.add("zeros", "broadcast", path("conv", "Relu"), zero)
    w.fusion("maximum", [("maximum", path("relu", "Relu"))], zeros)
    assert owners(w.program())["maximum"] == (("relu",), "forward")


def test_what_xla_adds_belongs_to_what_reads_it_or_else_to_what_it_reads() -> None:
    w = Writer()
    conv = w.add("conv.1", "convolution", path("conv", "convolution"), w.add("arg", "parameter"))
    relu = w.fusion("relu", [("maximum", path("relu", "Relu"))], conv)
    # the gradient of the weights: XLA turns its operands, and keeps no name of the product
    turned = w.fusion("turn", [("maximum", path("relu", "Relu")), ("transpose", "")], relu)
    product = w.add("conv.2", "convolution", "", turned)
    w.fusion(
        "update",
        [("transpose", path("side", "Conv2DBackpropFilter", gradient=True)),
         ("multiply", "convcost_update/adam/Mul")],
        product,
    )  # fmt: skip
    w.add("copy", "copy", "", relu)
    assert owners(w.program()) == {
        "conv.1": (("conv",), "forward"),
        "relu": (("relu",), "forward"),
        "turn": (("side",), "backward"),
        "conv.2": (("side",), "backward"),
        "update": ((), "update"),
        "copy": (("relu",), "forward"),
    }


def test_programs_of_others_have_no_owner() -> None:
    w = Writer()
    w.add("noise", "rng", "random_normal", w.add("arg", "parameter"))
    assert not owners(w.program())


def ran(program: Program, *runs: Run, ends: Mapping[int, int] | None = None) -> list[object]:
    found = kernels_that_ran(runs, ends or {}, {7: program})
    return [(run.name, begin, end) for begin, end, run in found]


def chain() -> Program:
    """conv.1 -> (view) -> relu -> conv.2."""
    w = Writer()
    conv = w.add("conv.1", "convolution", path("conv", "x"), w.add("arg", "parameter"))
    view = w.add("view", "bitcast", "", conv)
    relu = w.fusion("relu", [("maximum", path("relu", "Relu"))], view)
    w.add("conv.2", "convolution", path("side", "x"), relu)
    return w.program()


def test_with_one_thread_a_kernel_lasts_as_long_as_its_event() -> None:
    runs = (Run(7, "conv.1", 0, 90, 1), Run(7, "relu", 100, 120, 2), Run(7, "conv.2", 130, 200, 3))
    expected = [(run.name, run.begin, run.end) for run in runs]
    assert ran(chain(), *runs, ends={1: 89, 2: 119, 3: 199}) == expected


def test_a_kernel_that_was_only_started_lasts_until_it_is_read_or_said_to_be_over() -> None:
    runs = (
        Run(7, "conv.1", 0, 5, 1), Run(7, "relu", 100, 120, 2), Run(7, "conv.2", 121, 123, 3),
        Run(7, "conv.1", 300, 305, 4), Run(7, "relu", 390, 400, 5), Run(7, "conv.2", 401, 402, 6),
    )  # fmt: skip
    ends = {1: 115, 2: 119, 3: 180, 4: 395, 5: 399}
    assert ran(chain(), *runs, ends=ends) == [
        ("conv.1", 0, 100), ("relu", 100, 120), ("conv.2", 121, 180),
        # of the last one nothing says when it was over
        ("conv.1", 300, 390), ("relu", 390, 400), ("conv.2", 401, 402),
    ]  # fmt: skip


def test_kernels_of_unknown_programs_and_containers_are_left_out() -> None:
    runs = (Run(8, "conv.1", 0, 9, 1), Run(7, "view", 0, 9, 2), Run(7, "relu", 10, 12, 3))
    assert ran(chain(), *runs) == [("relu", 10, 12)]
