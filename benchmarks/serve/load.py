"""The server under load, on loopback: how long answers take, and what it keeps in memory.

    python benchmarks/serve/load.py [--clients 50] [--seconds 60] [--requests 5000] [--alone 200]

Every question is a pasted table that was never asked before, so that none is answered from the
store; `--again` asks one question all the time, which shows the store alone. Prints a table; ends
with 1 where a request failed.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from started import Server, server

TABLE = """\
Layer (type)                 Output Shape              Param #
=================================================================
conv2d_1 (Conv2D)            (None, 26, 26, 32)        320
conv2d_2 (Conv2D)            (None, 24, 24, 64)        18496
max_pooling2d_1 (MaxPooling2 (None, 12, 12, 64)        0
dropout_1 (Dropout)          (None, 12, 12, 64)        0
flatten_1 (Flatten)          (None, 9216)              0
dense_1 (Dense)              (None, 128)               1179776
dense_2 (Dense)              (None, 10)                1290
=================================================================
Total params: 1,199,882
"""
#: Seconds between two looks at the memory.
_LOOK = 0.5
_MEGABYTE = 1e6


@dataclass
class Found:
    """What happened.

    Attributes:
        seconds: of each request that was answered.
        failed: what the others were told.
        memory: bytes, at each look.
        took: seconds, all in all.
    """

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    took: float = 0.0

    def row(self, what: str) -> str:
        """A row of the table."""
        if not self.seconds:
            return f"| {what} | 0 | {len(self.failed)} | | | | | |"
        ranked = sorted(self.seconds)
        p99 = ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))]
        first, last, peak = (
            f"{value / _MEGABYTE:.0f} MB"
            for value in (self.memory[0], self.memory[-1], max(self.memory))
        )
        return (
            f"| {what} | {len(ranked)} | {len(self.failed)} | {len(ranked) / self.took:.1f} | "
            f"{1e3 * statistics.median(ranked):.0f} ms | {1e3 * p99:.0f} ms | "
            f"{1e3 * ranked[-1]:.0f} ms | {first}, {last}, {peak} |"
        )


class Client:
    """One connection that is used again and again, without a library that takes the time."""

    def __init__(self, server: Server) -> None:
        self._place = urlsplit(server.address)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of an answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._place.hostname, self._place.port)
        reader, writer = self._streams
        writer.write(
            b"POST /api/v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        answer = await reader.readexactly(int(fields[b"content-length"]))
        if fields.get(b"connection") == b"close":
            self.close()
        return status, answer

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def questions(*, again: bool) -> Iterator[bytes]:
    """Bodies of requests."""
    for number in itertools.count():
        text = TABLE if again else f"my network number {number}\n{TABLE}"
        yield json.dumps({"texts": [text], "device": "laptop-cpu"}).encode()


async def load(
    server: Server, bodies: Iterator[bytes], *, clients: int, until: float, requests: int
) -> Found:
    """Clients that ask one question after the other, for a time or a number of questions."""
    found, left = Found(), itertools.count()
    start = time.perf_counter()

    async def one() -> None:
        client = Client(server)
        while time.perf_counter() - start < until and next(left) < requests:
            body, begun = next(bodies), time.perf_counter()
            try:
                status, answer = await client.ask(body)
            except (OSError, EOFError, ValueError) as error:
                found.failed.append(repr(error))
                client.close()
                continue
            if status == 200 and b'"schema":"convcost/answer/1"' in answer[:100]:
                found.seconds.append(time.perf_counter() - begun)
            else:
                found.failed.append(f"{status}: {answer[:300]!r}")
        client.close()

    async def look() -> None:
        while True:
            found.memory.append(server.memory())
            await asyncio.sleep(_LOOK)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(one() for _ in range(clients)))
    found.took = time.perf_counter() - start
    found.memory.append(server.memory())
    looking.cancel()
    return found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--alone", type=int, default=200)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    bodies = questions(again=options.again)
    runs = (
        (f"1 client, {options.alone} questions", 1, 3600.0, options.alone),
        (f"{options.clients} clients, {options.seconds:g} s", options.clients, options.seconds,
         sys.maxsize),
        (f"8 clients, {options.requests} questions", 8, 3600.0, options.requests),
    )  # fmt: skip
    print("| load | answered | failed | per second | median | p99 | longest | memory: first, last, "
          "most |")  # fmt: skip
    print("|---|--:|--:|--:|--:|--:|--:|---|")
    failed: list[str] = []
    with server(workers=options.workers) as started:
        # the workers have begun, and have read a table
        asyncio.run(load(started, bodies, clients=4, until=600.0, requests=8))
        for what, clients, until, requests in runs:
            if requests and until:
                found = asyncio.run(
                    load(started, bodies, clients=clients, until=until, requests=requests)
                )
                print(found.row(what), flush=True)
                failed += found.failed
        said = started.complaints
    print(*dict.fromkeys(failed), said, sep="\n", file=sys.stderr)
    return 1 if failed or said else 0


if __name__ == "__main__":
    sys.exit(main())
