"""The body of a request, within limits of size and time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Self

from starlette.requests import ClientDisconnect, Request

from convcost.serve import limits
from convcost.serve.answer import Refusal
from convcost.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import Message

    from convcost.serve.fields import Fields

#: Bytes at the end of a body that are looked at.
_END: Final = 512
#: Refusals of what a client sends, which it may still be sending.
_HEARD_OUT: Final = frozenset({400, 413, 415})
_HINT: Final = "a model without its weights costs the same: save its architecture alone"


class Refused(Exception):  # noqa: N818 - it says what happened
    """A request is not taken.

    Args:
        status: of HTTP.
        refusal: why.
        fields: of the form that was sent, as far as they were read.
    """

    def __init__(self, status: int, refusal: Refusal, fields: Fields | None = None) -> None:
        super().__init__(refusal.message)
        self.status = status
        self.refusal = refusal
        self.fields = fields


class Receiving:
    """What all requests are sending at the moment, so that together it is bounded."""

    def __init__(self) -> None:
        self.bytes = 0


class BoundedRequest(Request):
    """A request whose body is counted while it comes.

    Reading it raises `Refused` where it is too large or too slow. A body that is refused is still
    heard out, up to a further limit: a client that is cut off while it sends never reads why.

    Args:
        request: as it came.
        most: bytes of its body.
        seconds: that it may take.
        receiving: of all requests.
    """

    def __init__(
        self, request: Request, *, most: int, seconds: float, receiving: Receiving
    ) -> None:
        super().__init__(request.scope, request.receive)
        self._most = most
        self._until = asyncio.get_running_loop().time() + seconds
        self._seconds = seconds
        self._receiving = receiving
        self._came = 0
        self._more = True
        self._end = b""

    async def __aenter__(self) -> Self:
        declared = self.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most * limits.DRAIN:
            raise self._too_large()
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused) and error.status in _HEARD_OUT:
            with contextlib.suppress(Refused, ClientDisconnect):
                while self._more and self._came <= self._most * limits.DRAIN:
                    await self._part()
        self._receiving.bytes -= min(self._came, self._most)

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body, part by part.

        Raises:
            Refused: it is too large, or takes too long.
            ClientDisconnect: nothing comes any more.
        """
        while self._more:
            part = await self._part()
            if self._came > self._most:
                raise self._too_large()
            yield part
        yield b""

    def ends_with(self, mark: bytes) -> bool:
        """Whether a mark stands at the end of what came."""
        return mark in self._end

    async def _part(self) -> bytes:
        """The next part, added to what all requests send.

        Raises:
            Refused: together it is too much.
        """
        message = await self._next()
        part: bytes = message.get("body", b"")
        self._more = message.get("more_body", False)
        self._end = (self._end + part)[-_END:]
        before = min(self._came, self._most)
        self._came += len(part)
        self._receiving.bytes += min(self._came, self._most) - before
        if self._receiving.bytes > limits.MAX_RECEIVING_BYTES:
            text = "too much is being sent to this server at once"
            raise Refused(503, Refusal(kind="busy", message=text, hint="send it again in a minute"))
        return part

    async def _next(self) -> Message:
        """What comes next.

        Raises:
            Refused: it takes too long.
            ClientDisconnect: nothing does any more.
        """
        try:
            async with asyncio.timeout_at(self._until):
                message = await self.receive()
        except TimeoutError:
            text = f"the request took longer than {self._seconds:g} s to arrive"
            raise Refused(408, Refusal(kind="time", message=text, hint=_HINT)) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message

    def _too_large(self) -> Refused:
        text = f"the request is larger than {format_bytes(self._most)}, the limit of this server"
        return Refused(413, Refusal(kind="limit", message=text, hint=_HINT))
