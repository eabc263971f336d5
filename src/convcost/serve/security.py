"""What holds for every request and every response: whose they are, what a browser may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from convcost.serve.answer import Refusal
from convcost.serve.assets import POLICY
from convcost.serve.receiving import Refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from convcost.serve.settings import Settings

HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Adds headers to every response; one that is there already stays.

    Args:
        app: what responds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding)


def check_host(headers: Headers, settings: Settings) -> None:
    """Refuse a request for another host.

    Raises:
        Refused: it is for another one, or says none.
    """
    host = headers.get("host", "")
    name = _name_of(host)
    if name is None or not settings.is_ours(name):
        raise Refused(
            403,
            Refusal(
                kind="forbidden",
                message=f"this server is not '{host[:100]}'",
                hint="use the address that `convcost serve` printed; --host NAME names another one",
            ),
        )


def check_origin(request: Request) -> None:
    """Refuse what a page of another site sends; what is no browser sends no such headers.

    Raises:
        Refused: it comes from another site.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if site is not None:
        same = site in {"same-origin", "none"}
    else:
        same = origin is None or _place_of(origin) == host.lower()
    if not same:
        raise Refused(
            403,
            Refusal(
                kind="forbidden",
                message="this request comes from a page of another site",
                hint="ask from the page of this server itself",
            ),
        )


def _name_of(host: str) -> str | None:
    """A host without its port; None for what is none."""
    try:
        found = urlsplit(f"//{host}")
        port = found.port  # that it is a number
    except ValueError:
        return None
    plain = not (found.path or found.query or found.fragment or "@" in host)
    del port
    return found.hostname if plain else None


def _place_of(origin: str) -> str | None:
    """Host and port of an origin; None for ``null`` and the like."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
