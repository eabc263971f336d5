"""The files that a page asks for: styles, scripts, an icon. A hash of its content is in each name.

htmx is vendored: `static/htmx.min.js` is ``dist/htmx.min.js`` of the npm package htmx.org, as it
was published; its licence (0BSD) lies beside it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

HTMX_VERSION: Final = "2.0.11"
#: SHA-256 of the file.
HTMX_DIGEST: Final = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
#: What a page may do: nothing but show, and ask, this server.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_FOLDER = Path(__file__).with_name("static")
_ROOM = "/static/"
_HASH = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """A file.

    Attributes:
        name: in its address, the hash of its content included: what has that name never changes.
        media: its media type.
        content: its bytes.
    """

    name: str
    media: str
    content: bytes


@cache
def assets() -> Mapping[str, Asset]:
    """All that can be asked for, by name."""
    return {asset.name: asset for asset in _made().values()}


def address(stem: str) -> str:
    """Where a page finds ``page.css``, ``page.js``, ``htmx.js`` or ``icon.svg``."""
    return _ROOM + _made()[stem].name


@cache
def _made() -> Mapping[str, Asset]:
    from convcost.report.renderers import html

    script, style = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
    return {
        "page.css": _asset("page.css", style, html.look().encode() + b"\n" + _file("page.css")),
        "page.js": _asset("page.js", script, html.sorting().encode() + b"\n" + _file("page.js")),
        "htmx.js": _asset("htmx.js", script, _file("htmx.min.js")),
        "icon.svg": _asset("icon.svg", "image/svg+xml", _file("icon.svg")),
    }


def _asset(stem: str, media: str, content: bytes) -> Asset:
    name, _, ending = stem.rpartition(".")
    return Asset(f"{name}.{hashlib.sha256(content).hexdigest()[:_HASH]}.{ending}", media, content)


def _file(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
