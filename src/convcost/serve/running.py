"""The server as a process: its address, its end, clients that are slow to say what they want."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from convcost.errors import UsageError
from convcost.serve import limits
from convcost.serve.app import application
from convcost.serve.settings import is_any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from convcost.serve.settings import Settings

_WAITING = 128
#: What is printed: what strangers send is no news.
_NEWS = logging.ERROR


def run(settings: Settings, *, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; open requests are answered first.

    Args:
        settings: of the server.
        started: told the address as soon as requests are taken.

    Raises:
        UsageError: the address is taken, or none of this machine.
        ConvcostError: the store cannot be used.
    """
    app = application(settings)
    listening = _listening(settings)
    address = _address(settings.host, listening.getsockname()[1])
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=_NEWS,
        access_log=False,
        server_header=False,
        limit_concurrency=limits.MAX_CONNECTIONS,
        backlog=_WAITING,
        timeout_keep_alive=int(limits.HEAD_SECONDS),
        timeout_graceful_shutdown=limits.GRACE_SECONDS,
    )
    logging.getLogger("python_multipart").setLevel(_NEWS)
    server = _Server(config, lambda: started(address))
    if threading.current_thread() is threading.main_thread():
        # once it has ended, the server sends itself again what told it to: that is done with then
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
    with listening:
        server.run(sockets=[listening])


class PatientProtocol(H11Protocol):
    """HTTP whose requests have a time to say what they want: one that trickles in is cut off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the head of the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait for the head of the next request as long as none is being answered."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing comes any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(limits.HEAD_SECONDS, self._cut_off)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _cut_off(self) -> None:
        self._head = None
        if not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Tells when it has started."""

    def __init__(self, config: uvicorn.Config, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests."""
        await super().startup(sockets=sockets)
        if self.started:
            self._told()


def _listening(settings: Settings) -> socket.socket:
    """The open socket.

    Raises:
        UsageError: it cannot be opened.
    """
    try:
        found = socket.getaddrinfo(
            settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=_WAITING)
    except OSError as error:
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}",
            hint="--port 0 takes any port that is free; --host names an address of this machine",
        ) from None
    except (OverflowError, UnicodeError):
        raise UsageError(f"{settings.host}:{settings.port} is no address") from None


def _address(host: str, port: int) -> str:
    """What to open in a browser."""
    name = "localhost" if is_any(host) else host
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"
