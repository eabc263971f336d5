"""JSON: the result's own plain values, one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.registry import Surface, renderer

if TYPE_CHECKING:
    from convcost.report.document import Report


@renderer("json", suffix=".json")
def render(report: Report, surface: Surface) -> str:
    """Indented, in ASCII: names with control characters stay valid JSON and harmless text."""
    import json

    del surface
    return json.dumps(dict(report.data), indent=2, allow_nan=False) + "\n"
