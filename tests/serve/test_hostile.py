"""Requests that mean no good: each is told what is wrong, and the server lives on."""

import http.client
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

from convcost.serve import limits, running
from convcost.serve.app import application
from convcost.serve.settings import Settings
from support.served import DEVICE, TABLE, archive, ask, keras_file, serving, told

pytestmark = pytest.mark.usefixtures("it_lives_on")
JSON = {"content-type": "application/json"}
BOMBS = {
    "bomb.keras": archive({"config.json": b" " * (32 << 20)}),
    "bomb.h5": b"\x89HDF\r\n\x1a\n" + b"\xff" * 1_000,
    "deep.json": b'{"class_name":' * 100_000,
    "layers.onnx": b"\x0a" + b"\xff" * 5_000,
    "empty.onnx": b"",
    "pickle.pt": b"\x80\x02cos\nsystem\n",
    "program.pt2": archive({"archive_format": b"pt2"}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(client: TestClient, name: str) -> None:
    files = [("files", (name, BOMBS[name], "application/octet-stream"))]
    message = told(client.post("/api/v1/ask", data={}, files=files))
    assert name in message


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/....//app.py",
        "/static/page.css",
        "/static//etc/passwd",
        "/a/../../etc/passwd",
        "/a/..%2f..%2fetc%2fpasswd.json",
        "/a/%00.json",
        "/api/v1/answers/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_paths_of_the_server_are_not_read(client: TestClient, path: str) -> None:
    response = client.get(path, headers={"Accept": "application/json"})
    assert response.status_code == 404
    told(response)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "zoo:vgg16", "-", "os:getcwd"]
)
def test_names_of_files_lead_nowhere(client: TestClient, name: str) -> None:
    files = [("files", (name, TABLE.encode(), "text/plain"))]
    response = client.post("/api/v1/ask", data={"device": DEVICE}, files=files)
    assert response.status_code == 200, response.text
    (network,) = response.json()["networks"]
    assert network["lines"]
    assert "/" not in network["source"]


def test_paths_in_texts_and_names_are_not_read(client: TestClient, tmp_path: Path) -> None:
    secret = tmp_path / "secret.toml"
    secret.write_text("name = 'hidden'")
    told(ask(client, texts=[str(secret)]))
    told(ask(client, zoo=[str(secret)]))
    assert "unknown device" in told(ask(client, texts=[TABLE], device=str(secret)))
    assert "unknown runtime" in told(ask(client, texts=[TABLE], runtime=str(secret)))


def test_script_in_names_stays_text(client: TestClient) -> None:
    script = "<img src=x onerror=alert(1)>"
    files = [("files", (f"{script}.keras", keras_file(f"{script}{{{{7*7}}}}"), ""))]
    form = client.post("/ask", data={"device": DEVICE, "vary": ""}, files=files)
    place = form.headers["location"]
    for path in (place, f"{place}.html"):
        page = client.get(path).text
        assert script not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "{{7*7}}" in page
    wrong = client.post("/ask", data={"batch": script}, files=[("files", ("", b""))])
    assert script not in wrong.text
    assert script not in client.get("/a/<img src=x onerror=alert(1)>").text


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "localhost.evil.example", "10.0.0.1", "", "a@localhost",
     "localhost/x", "localhost:x", "[::1", "0x7f.1"],
)  # fmt: skip
def test_another_host(client: TestClient, host: str) -> None:
    for path in ("/", "/api/v1", "/a/0"):
        response = client.get(path, headers={"Host": host, "Accept": "application/json"})
        assert (response.status_code, response.json()["kind"]) == (403, "forbidden")


def test_no_route_answers_another_host(client: TestClient) -> None:
    routes = client.app.routes
    assert len(routes) >= 8
    for route in routes:
        for method in route.methods:
            headers = {"Host": "evil.example", "Accept": "application/json"}
            response = client.request(method, route.path.format(name="0", id="0"), headers=headers)
            assert response.status_code == 403, (method, route.path)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8765", "[::1]:8765"])
def test_this_host(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8765"},
    ],
)
@pytest.mark.parametrize("path", ["/ask", "/api/v1/ask"])
def test_a_page_of_another_site(client: TestClient, path: str, headers: dict[str, str]) -> None:
    response = client.post(path, content=b"{}", headers={**JSON, **headers})
    assert response.status_code == 403
    assert "another site" in response.text


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost:8765"}, {"Sec-Fetch-Site": "same-origin"}, {}]
)
def test_our_own_page(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/ask", content=b"{}", headers={**JSON, **headers}).status_code == 400


def test_a_worker_that_is_killed_in_the_middle(client: TestClient) -> None:
    """It is replaced; whoever asked is told, and asks again."""
    workers = client.app.state.workers
    text = "\n".join([TABLE] * 8)
    found = {}

    def asking() -> None:
        found["it"] = client.post("/api/v1/ask", json={"texts": [text], "device": DEVICE})

    ask(client, texts=[TABLE])  # it is there
    thread = threading.Thread(target=asking)
    (pid,) = workers.pids
    os.kill(pid, signal.SIGSTOP)  # as if it worked for long
    thread.start()
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    thread.join()
    assert found["it"].status_code == 503
    assert "signal 9" in told(found["it"])
    assert found["it"].headers["retry-after"]
    assert ask(client, texts=[text]).status_code == 200
    assert pid not in workers.pids


def test_a_question_that_takes_too_long(tmp_path: Path) -> None:
    with serving(tmp_path, answer_seconds=0.001) as client:
        response = ask(client, zoo=["vgg16"])
        assert response.status_code == 422
        assert "takes longer than 0.001 s" in told(response)


def test_an_answer_that_cannot_be_kept(tmp_path: Path) -> None:
    """The store is gone: whoever asks is told so, without its path."""
    with serving(tmp_path, workers=0) as client:
        client.app.state.store.close()
        message = told(ask(client, texts=[TABLE]))
        assert "cannot keep or find" in message


def test_a_head_that_trickles_in_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEAD_SECONDS", 0.3)
    listening = socket.create_server(("127.0.0.1", 0))
    app = application(Settings(store=tmp_path, workers=0))
    config = uvicorn.Config(app, http=running.PatientProtocol, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with socket.create_connection(listening.getsockname(), timeout=10) as slow:
            for _ in range(40):
                slow.sendall(b"G")
                time.sleep(0.05)
                if _closed(slow):
                    break
            else:
                pytest.fail("a head may trickle in for ever")
        quick = http.client.HTTPConnection(*listening.getsockname(), timeout=10)
        for _ in range(3):  # one connection is used again
            time.sleep(0.1)
            quick.request("GET", "/api/v1", headers={"Host": "localhost"})
            answer = quick.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")
        quick.close()
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.setblocking(True)
