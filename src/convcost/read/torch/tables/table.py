"""What a printout of a PyTorch model says, as data: rows, totals, the tool that printed it.

Everything here is what was printed; a value that the text does not hold is ``None``.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from convcost.network.dataclass import dataclass

Tool: TypeAlias = Literal["torchsummary", "torchinfo", "torch-scan", "torchstat", "fastai"]

Shape: TypeAlias = tuple[int, ...]
"""A printed shape, the batch included where the tool prints it (-1 where it is left open)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchRow:
    """One line of a printout.

    Attributes:
        line: where it stands in the text, from 1.
        kind: the module's class; empty where the tool prints names only.
        name: the module's own name (``conv1``); empty where the tool does not print it.
        label: what tells the row from others of its class: ``1-1``, ``88``.
        depth: nesting; 0 for the model itself.
        shape: of the output.
        input_shape: of the input.
        kernel: of a convolution or pooling.
        groups: of a convolution.
        parameters: learned ones; 0 where ``--`` is printed.
        macs: the tool's own count of multiply-adds (of its FLOP for torchstat).
        trainable: False for frozen parameters.
        recursive: another call of a module that an earlier row shows.
    """

    line: int
    kind: str
    name: str = ""
    label: str = ""
    depth: int = 0
    shape: Shape | None = None
    input_shape: Shape | None = None
    kernel: tuple[int, ...] | None = None
    groups: int | None = None
    parameters: int | None = None
    macs: int | None = None
    trainable: bool | None = None
    recursive: bool = False

    @property
    def title(self) -> str:
        """How the printout names the row: ``Conv2d:1-1``, ``Conv2d-88``, or its own name."""
        if self.name:
            return self.name
        if not self.label:
            return self.kind
        return f"{self.kind}:{self.label}" if "-" in self.label else f"{self.kind}-{self.label}"


@dataclass(frozen=True, slots=True)
class Amount:
    """A printed number that was rounded: ``487.60`` thousand.

    Attributes:
        value: in units of one.
        error: half of its last digit.
    """

    value: float
    error: float

    def admits(self, number: float, *, overhead: float = 0) -> bool:
        """Whether a number, with at most so much more, may have been rounded to this one."""
        error = 1.001 * self.error
        return self.value - error - overhead <= number <= self.value + error


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchTotals:
    """The lines below a printout; what is missing is None."""

    line: int
    total: int | None = None
    mult_adds: Amount | None = None
    input_bytes: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchTable:
    """One printout found in a text.

    Attributes:
        tool: which tool printed it.
        rows: in the order printed; never empty.
        totals: the lines below; None where the text holds none.
        line: first line, from 1.
        end_line: last line.
        batched: whether shapes begin with the batch.
        input_shape: of the model's input, where it is stated above the table.
        notes: what was repaired, by line.
    """

    tool: Tool
    rows: tuple[TorchRow, ...]
    totals: TorchTotals | None
    line: int
    end_line: int
    batched: bool = True
    input_shape: Shape | None = None
    notes: tuple[tuple[int, str], ...] = ()

    @property
    def cut(self) -> bool:
        """Whether the text ends before the totals."""
        return self.totals is None or self.totals.total is None

    @property
    def tree(self) -> bool:
        """Whether nesting is shown."""
        return self.tool in ("torchinfo", "torch-scan")
