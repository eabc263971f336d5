"""`convcost serve` as a process, and its options."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from convcost.cli.main import group
from convcost.serve import running
from convcost.serve.settings import Settings
from support.examples import examples
from support.served import DEVICE

ANY = "0.0.0.0"  # noqa: S104 - nothing listens there


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What servers are started with that are not started."""
    found: list[Settings] = []

    def run(settings: Settings, *, started: object) -> None:
        found.append(settings)
        started("http://127.0.0.1:8765/")

    monkeypatch.setattr(running, "run", run)
    monkeypatch.setattr("click.launch", lambda _: 0)
    return found


def test_the_examples(
    told: list[Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONVCOST_SERVE", str(tmp_path))
    for example in examples("serve"):
        result = CliRunner().invoke(group, example.split()[1:])
        assert result.exit_code == 0, result.stderr
        assert result.stdout == ""
        assert result.stderr == "convcost is at http://127.0.0.1:8765/ (Ctrl-C ends it)\n"
    assert told[0] == Settings(store=tmp_path, workers=told[0].workers)
    assert told[0].workers == len(os.sched_getaffinity(0))
    last = told[-1]
    assert (last.host, last.port, last.store) == (ANY, 80, Path("/srv/convcost"))


@pytest.mark.parametrize(
    "words", [("--port", "65536"), ("--port", "-1"), ("--workers", "0"), ("--host",)]
)
def test_bad_options(told: list[Settings], words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(group, ["serve", *words]).exit_code == 2
    assert not told


def test_without_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "convcost.serve.running")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = CliRunner().invoke(group, ["serve"])
    assert result.exit_code == 4
    assert "pip install 'convcost[web]'" in result.stderr


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ["serve", "--port", port, "--store", str(tmp_path)]
        result = CliRunner().invoke(group, words)
    assert result.exit_code == 2
    assert f"127.0.0.1:{port} cannot be listened on" in result.stderr
    assert "--port 0" in result.stderr


def test_it_starts_answers_and_ends(tmp_path: Path) -> None:
    words = ["serve", "--port", "0", "--workers", "1", "--store", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "convcost", *words], stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            line = server.stderr.readline()
            address = re.fullmatch(r"convcost is at (http://127.0.0.1:\d+/) \(.*\)\n", line)[1]
            asked = json.dumps({"zoo": ["seed001-mlp"], "device": DEVICE}).encode()
            request = urllib.request.Request(  # noqa: S310 - ours
                f"{address}api/v1/ask", asked, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                told = json.load(response)
            assert told["verdict"]
            workers = _children(server.pid)
            assert workers
            server.send_signal(signal.SIGTERM)
            stdout, stderr = server.communicate(timeout=30)
        finally:
            server.kill()
    assert (server.returncode, stdout, stderr) == (0, "", "")
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def _children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("this system does not list the children of a process")
    return [int(child) for child in children.read_text().split()]
