"""Bodies of requests: too large, slow, damaged, of another kind; documents that ask nothing."""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from convcost.serve import limits
from convcost.serve.receiving import BoundedRequest, Receiving, Refused
from support.served import ask, told

pytestmark = pytest.mark.usefixtures("it_lives_on")
JSON = {"content-type": "application/json"}
BOUNDARY = {"content-type": "multipart/form-data; boundary=b"}
#: How parts of a form begin.
FIELD = b"--b\r\nContent-Disposition: form-data; name="
FILE = FIELD + b'"files"; filename="a"'


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 100_000):
        yield b"x" * 100_000


def test_a_body_that_says_it_is_too_large(client: TestClient) -> None:
    response = client.post("/api/v1/ask", content=b"x" * 9_000_000, headers=BOUNDARY)
    assert response.status_code == 413
    assert "larger than 4 MB" in told(response).replace("4.00", "4")


def test_a_body_that_turns_out_too_large(client: TestClient) -> None:
    """A chunked one, which does not say how large it is."""
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.h5"\r\n\r\n'
    file = (head, *chunks(6_000_000), b"\r\n--b--")
    response = client.post("/api/v1/ask", content=iter(file), headers=BOUNDARY)
    assert response.status_code == 413


def received(*messages: tuple[float, dict[str, object]]):
    """What a client sends, after so many seconds each; then nothing for ever."""
    waiting = iter(messages)

    async def receive():
        seconds, message = next(waiting, (3600.0, {}))
        await asyncio.sleep(seconds)
        return message

    return receive


def body(receive, *, most: int = 100, seconds: float = 5.0, receiving: Receiving | None = None):
    async def read() -> bytes:
        request = Request({"type": "http", "headers": [], "method": "POST"}, receive)
        total = receiving or Receiving()
        try:
            async with BoundedRequest(
                request, most=most, seconds=seconds, receiving=total
            ) as bounded:
                return await bounded.body()
        finally:
            assert receiving is not None or total.bytes == 0

    return asyncio.run(read())


def part(data: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_slow_body_is_given_up() -> None:
    trickle = [(0.05, part(b"x"))] * 100
    start = time.monotonic()
    with pytest.raises(Refused, match=r"took longer than 0\.2 s") as caught:
        body(received(*trickle), seconds=0.2)
    assert caught.value.status == 408
    assert time.monotonic() - start < 3
    with pytest.raises(Refused):
        body(received(), seconds=0.1)


def test_bodies_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECEIVING_BYTES", 150)
    assert body(received((0, part(b"x" * 100, more=False)))) == b"x" * 100
    busy = Receiving()
    busy.bytes = 100
    with pytest.raises(Refused, match="too much is being sent") as caught:
        body(received((0, part(b"x" * 60))), receiving=busy)
    assert (caught.value.status, busy.bytes) == (503, 100)


def test_a_large_body_is_heard_out_so_that_the_reason_is_read() -> None:
    heard = []

    async def receive():
        heard.append(1)
        return part(b"x" * 50, more=len(heard) < 4)

    with pytest.raises(Refused, match="larger than 100 B"):
        body(receive)
    assert len(heard) == 4
    with pytest.raises(Refused, match="larger than 100 B"):
        body(received(*[(0, part(b"x" * 50))] * 99))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"--b",
        b"--b--",
        b"not at all",
        b"--b\r\n\r\nno name\r\n--b--\r\n",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\ncut off',
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\ncut off',
        b"--b\r\nBad Header\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n: x\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" + b"X: " + b"y" * 100_000,
        b'--b\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\n\xff\r\n--b--\r\n',
        FIELD + b'"text"; filename*=utf-8\'\'%ff\r\n\r\nx\r\n--b--\r\n',
        FIELD + b'"text"\r\n\r\n' + b"x" * 2_000_000 + b"\r\n--b--",
        (FIELD + b'"zoo"\r\n\r\nalexnet\r\n') * 1_200 + b"--b--",
        (FILE + b"\r\n\r\nx\r\n") * 40 + b"--b--",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_damaged_forms(client: TestClient, data: bytes) -> None:
    """Starlette forgets a file whose end never comes: that is the warning."""
    told(client.post("/api/v1/ask", content=data, headers=BOUNDARY))
    page = client.post("/ask", content=data, headers=BOUNDARY)
    assert 400 <= page.status_code < 500
    assert "<h1" in page.text


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=",
     "multipart/form-data; charset=nonsense; boundary=b", "application/x-www-form-urlencoded"],
)  # fmt: skip
def test_bodies_of_another_kind(client: TestClient, kind: str) -> None:
    told(client.post("/api/v1/ask", content=b"--b\r\nx", headers={"content-type": kind}))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"texts": "x"}', b'{"texts": [1]}',
     b'{"batch": 0}', b'{"batch": 1e99}', b'{"batch": "8"}', b'{"batch": 99999999999999999999999}',
     b'{"batch": NaN}', b'{"training": 1}', b'{"zoo": ["a b"]}', b'{"zoo": ["\\ud800"]}',
     b'{"dims": {"a": -1}}', b'{"dims": [1]}', b'{"choices": {"": 1}}', b'{"inputs": [[]]}',
     b'{"measured": ["4,6s"]}', b'{"measured": ["<script>"]}', b'{"exec": "rm"}',
     b'{"files": [{"name": "a"}]}', b'{"files": [{"name": "a", "content": "%%%"}]}',
     b'{"files": [{"name": "a", "digest": "../../etc/passwd"}]}',
     b'{"files": [{"name": "a", "content": "", "digest": "' + b"0" * 64 + b'"}]}',
     b'{"files": [{"name": "a", "digest": "' + b"0" * 64 + b'"}]}',
     b"[" * 100_000, b'{"dims":' * 50_000, b"{}",
     json.dumps({"texts": ["x" * (limits.MAX_TEXT + 1)]}).encode(),
     json.dumps({"zoo": ["alexnet"] * 17}).encode()],
)  # fmt: skip
def test_documents_that_ask_nothing(client: TestClient, data: bytes) -> None:
    told(client.post("/api/v1/ask", content=data, headers=JSON))


def test_what_is_wrong_is_told_by_field(client: TestClient) -> None:
    response = ask(client, batch=0)
    assert (response.status_code, set(response.json()["fields"])) == (400, {"batch"})
    assert "unknown field `exec`" in told(ask(client, exec="rm"))
