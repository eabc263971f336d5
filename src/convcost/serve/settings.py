"""What a server is started with."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from convcost.device.machine import allowed_processors
from convcost.network.dataclass import dataclass
from convcost.serve import limits

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it.

    Attributes:
        store: the folder of questions, files and answers.
        host: a name or an address to listen on.
        port: 0 for any that is free.
        workers: processes that answer.
        answer_seconds: that an answer may take.
        body_seconds: that the body of a request may take.
        request_bytes: of a request with files.
        json_bytes: of a request as JSON.
        waiting: questions that may wait.
        store_bytes: of questions and files that are kept.
        store_answer_bytes: of answers.
    """

    store: Path
    host: str = "127.0.0.1"
    port: int = 8765
    workers: int = 1
    answer_seconds: float = limits.ANSWER_SECONDS
    body_seconds: float = limits.BODY_SECONDS
    request_bytes: int = limits.MAX_REQUEST_BYTES
    json_bytes: int = limits.MAX_JSON_BYTES
    waiting: int = limits.MAX_WAITING
    store_bytes: int = limits.STORE_BYTES
    store_answer_bytes: int = limits.STORE_ANSWER_BYTES

    def is_ours(self, host: str) -> bool:
        """Whether a request for that host, without its port, is for this server.

        A page elsewhere can have its own name lead here, and would then be let in as this server's;
        no name but ours is let in. A server that listens on all addresses is also asked by them and
        by the machine's name.

        >>> from pathlib import Path
        >>> local = Settings(store=Path("."))
        >>> local.is_ours("localhost"), local.is_ours("evil.example"), local.is_ours("10.0.0.1")
        (True, False, False)
        >>> Settings(store=Path("."), host="0.0.0.0").is_ours("10.0.0.1")
        True
        """
        host = host.strip("[]").lower()
        if host in {self.host.lower(), "localhost", "127.0.0.1", "::1"}:
            return True
        if not is_any(self.host):
            return False
        return _is_address(host) or host in {socket.gethostname().lower(), socket.getfqdn().lower()}


def usual_workers() -> int:
    """As many as there are processors for this process."""
    return len(allowed_processors())


def is_any(host: str) -> bool:
    """Whether a server listens on all addresses."""
    return host in {"", "::"} or (_is_address(host) and ipaddress.ip_address(host).is_unspecified)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
