"""PNG: one chart of the document as a picture, light, at twice its size for sharp screens."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcost.errors import MissingFramework
from convcost.report.registry import Surface, renderer
from convcost.report.renderers.svg import the_chart

if TYPE_CHECKING:
    from convcost.report.document import Report

_ZOOM = 2


def _resvg() -> Any:
    """The package that paints it.

    Raises:
        MissingFramework: it is not installed.
    """
    try:
        return import_module("resvg_py")
    except ImportError:
        raise MissingFramework(
            "the format 'png' needs resvg", hint="pip install 'convcost[png]'; svg needs nothing"
        ) from None


@renderer("png", suffix=".png", drawn=True, binary=True, needs=_resvg)
def render(report: Report, surface: Surface) -> bytes:
    """The only chart.

    Raises:
        UsageError: there is none, or there are several.
        MissingFramework: what paints it is not installed.
    """
    from convcost.report.charts.svg import file

    del surface
    picture = file(the_chart(report), dark=False)
    return bytes(_resvg().svg_to_bytes(svg_string=picture, zoom=_ZOOM))
