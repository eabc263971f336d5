"""Rows of the tools that print a flat list: torchsummary, torchstat and fastai."""

from __future__ import annotations

import re

from convcost.read.torch.tables.cells import possible, read_cells, read_shape
from convcost.read.torch.tables.table import Shape, TorchRow

#: Where a row of torchsummary begins inside a text.
SUMMARY_START = re.compile(r"(?<![^ |])[A-Za-z_]\w*+-[0-9]{1,6} ++(?=\[)")
_SUMMARY_ROW = re.compile(r" *+(?P<kind>[A-Za-z_]\w*+)-(?P<number>[0-9]{1,6}) ++(?=\[)")
_STAT_HEADER = re.compile(r"module name *+input shape *+output shape *+params")
_STAT_ROW = re.compile(
    r" *+(?P<index>[0-9]{1,6}) ++(?P<name>[A-Za-z_][\w.]*+) ++(?P<sizes>(?:[0-9]++ ++)++)"
    r"(?P<parameters>[0-9]{1,15})\.0 ++[0-9.]++ ++[0-9.,]++ ++(?P<work>[0-9,]{1,20})\.0 "
)
_PRODUCT = r"[0-9]{1,9}+(?: x [0-9]{1,9}+)*+"
_FASTAI_TITLE = re.compile(rf"\( *+Input shape *+: *+\[?'?(?P<shape>{_PRODUCT})")
_FASTAI_SHAPE = re.compile(rf" *+(?:\['|\[)?(?P<shape>{_PRODUCT}(?: x ?)?)(?:'\]|',? ?'?)? *+$")
_FASTAI_ROW = re.compile(
    rf" *+(?P<kind>[A-Za-z_]\w*+)(?: ++(?P<shape>\[[0-9, ]++\]|{_PRODUCT}(?= )))?"
    r"(?: ++(?P<number>[0-9][0-9,]*+) ++(?P<trainable>True|False))? *+$"
)
#: fastai cuts a shape after so many characters.
_FASTAI_WIDTH = 19


def summary_row(line: int, text: str) -> TorchRow | None:
    """Read a row of torchsummary.

    >>> row = summary_row(5, "            Conv2d-88            [-1, 8, 32, 32]             576")
    >>> row.title, row.shape, row.parameters
    ('Conv2d-88', (-1, 8, 32, 32), 576)
    """
    match = _SUMMARY_ROW.match(text)
    cells = read_cells(text[match.end() :]) if match else None
    if match is None or not cells or cells[0].kind != "shape":
        return None
    if [cell.kind for cell in cells[1:]] not in (["number"], []):
        return None
    return TorchRow(
        line=line,
        kind=match["kind"],
        label=match["number"],
        shape=cells[0].shape,
        parameters=cells[1].number if len(cells) > 1 else None,
    )


def is_stat_header(text: str) -> bool:
    """Whether a text is torchstat's header."""
    return _STAT_HEADER.search(text) is not None


def stat_row(line: int, text: str) -> TorchRow | None:
    """Read a row of torchstat, which prints no classes; its FLOP of a product are multiply-adds.

    >>> row = stat_row(2, "0   conv1   3 224 224   64 112 112   9408.0   3.06   235,225,088.0 "
    ...     "118,013,952.0   639744.0   3211264.0   3.67%   3851008.0")
    >>> row.input_shape, row.shape, row.parameters, row.macs
    ((3, 224, 224), (64, 112, 112), 9408, 118013952)
    """
    match = _STAT_ROW.match(text)
    if match is None:
        return None
    sizes = [int(word) for word in match["sizes"].split()]
    # An image becomes an image or a vector, a vector stays one.
    before = {2: 1, 4: 3, 6: 3, 8: 4}.get(len(sizes))
    return TorchRow(
        line=line,
        kind="",
        name=match["name"],
        input_shape=possible(tuple(sizes[:before])) if before else None,
        shape=possible(tuple(sizes[before:])) if before else None,
        parameters=int(match["parameters"]),
        macs=int(match["work"].replace(",", "")),
    )


def fastai_title(text: str) -> Shape | None:
    """The model's input shape above fastai's table.

    >>> fastai_title("Sequential (Input shape: ['64 x 3 x 224 x 224'])")
    (64, 3, 224, 224)
    """
    match = _FASTAI_TITLE.search(text)
    return possible(_product(match["shape"])) if match and " x " in match["shape"] else None


def fastai_shape(text: str) -> tuple[Shape, bool] | None:
    """The shape that a group of fastai's rows has, and whether its end was mended.

    >>> fastai_shape("                     64 x 32 x 112 x 112 ")
    ((64, 32, 112, 112), False)
    >>> fastai_shape("                     64 x 1024 x 112 x 1")
    ((64, 1024, 112, 112), True)
    """
    match = _FASTAI_SHAPE.match(text)
    if match is None or " x" not in match["shape"]:
        return None
    printed = match["shape"]
    sizes = _product(printed.rstrip(" x"))
    if possible(sizes) is None:
        return None
    if len(printed.rstrip(" ")) < _FASTAI_WIDTH - 1 or len(sizes) < 3:
        return sizes, False
    # The column is full: a last side that begins like the one before it was cut; images are square.
    if printed.endswith(("x", "x ")):
        return (*sizes, sizes[-1]), True
    before, last = str(sizes[-2]), str(sizes[-1])
    if len(sizes) > 3 and before != last and before.startswith(last):
        return (*sizes[:-1], sizes[-2]), True
    return sizes, False


def fastai_row(line: int, text: str) -> TorchRow | None:
    """Read a row of fastai; without a shape of its own it has that of its group.

    >>> row = fastai_row(9, "Conv2d                                    864        True      ")
    >>> row.kind, row.shape, row.parameters, row.trainable
    ('Conv2d', None, 864, True)
    """
    match = _FASTAI_ROW.match(text)
    if match is None:
        return None
    printed = match["shape"]
    shape = None
    if printed is not None:
        shape = read_shape(printed) if "[" in printed else possible(_product(printed))
    return TorchRow(
        line=line,
        kind=match["kind"],
        shape=shape,
        parameters=int(match["number"].replace(",", "")) if match["number"] else 0,
        trainable=None if match["trainable"] is None else match["trainable"] == "True",
    )


def _product(text: str) -> Shape:
    return tuple(int(word) for word in text.split(" x "))
