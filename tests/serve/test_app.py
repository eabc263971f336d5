"""The server as a browser and a program see it, with a worker that really answers."""

import base64
import csv
import io
import json
import re
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

import convcost
from convcost.serve import stamp as stamps
from convcost.serve.assets import assets
from convcost.serve.openapi import openapi
from convcost.serve.question import Question
from convcost.serve.wire import About, Told
from support.served import DEVICE, OPEN, TABLE, keras_file, report, rewrites, serving

FORM = {"text": TABLE, "device": DEVICE, "batch": "8"}


def sent(client: TestClient, fields: dict[str, object], files: object = None, **headers: str):
    """A form as a browser sends it: always in parts."""
    parts = files or [("files", ("", b"", "application/octet-stream"))]
    return client.post("/ask", data=fields, files=parts, headers=headers)


def test_the_form(client: TestClient) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert '<form id="ask" action="/ask" method="post" enctype="multipart/form-data"' in (
        response.text
    )
    assert client.head("/").status_code == 200


def test_a_pasted_table_without_a_script(client: TestClient) -> None:
    response = sent(client, {**FORM, "text": TABLE.replace("\n", "\r\n")})
    place = response.headers["location"]
    question = Question(texts=(TABLE,), device=DEVICE, batch=8)
    assert (response.status_code, place) == (303, f"/a/{question.id}")
    page = client.get(place)
    assert page.status_code == 200
    verdict = convcost.explain(convcost.read(TABLE), device=DEVICE, batch=8).answer
    assert verdict in page.text
    assert "conv2d_36 (Conv2D)" in page.text  # the form has what was asked
    assert sent(client, FORM).headers["location"] == place


def test_the_same_in_place(client: TestClient) -> None:
    response = sent(client, FORM, **{"HX-Request": "true"})
    question = Question(texts=(TABLE,), device=DEVICE, batch=8)
    assert response.status_code == 200
    assert response.headers["HX-Push-Url"] == f"/a/{question.id}"
    assert "<html" not in response.text
    assert '<main id="page"' in response.text


def test_downloads(client: TestClient) -> None:
    place = sent(client, FORM).headers["location"]
    network = convcost.read(TABLE)
    found = client.get(f"{place}.json")
    told = msgspec.json.decode(found.content, type=Told)
    assert msgspec.json.decode(told.overview) == report(network, batch=8)
    assert [msgspec.json.decode(each) for each in told.rewrites] == [rewrites(network, batch=8)]
    assert found.json()["schema"] == "convcost/answer/1"
    assert told.links.page == place
    page = client.get(f"{place}.html")
    assert page.text.startswith("<!doctype html>")
    assert "attachment" in page.headers["content-disposition"]
    assert page.headers["content-security-policy"].startswith("sandbox")
    rows = list(csv.DictReader(io.StringIO(client.get(f"{place}.csv").text)))
    layers = [row["layer"] for row in rows]
    assert {"conv2d_36", "dense_40"} <= set(layers)
    for kind in ("html", "json", "csv"):
        assert client.get(f"{place}.{kind}").headers["x-content-type-options"] == "nosniff"
        assert client.get(getattr(told.links, kind)).status_code == 200


def test_several_files_and_texts(client: TestClient) -> None:
    files = [("files", (f"{name}.keras", keras_file(units=ord(name)), "")) for name in "ab"]
    response = sent(client, {"zoo": "seed001-mlp", "device": DEVICE}, files)
    told = client.get(f"{response.headers['location']}.json").json()
    sources = [each["source"] for each in told["networks"]]
    assert sources == ["a.keras", "b.keras", "zoo:seed001-mlp"]
    names = [each["name"] for each in told["question"]["files"]]
    assert names == ["a.keras", "b.keras"]


def test_a_file_that_was_sent_is_asked_about_again_without_it(client: TestClient) -> None:
    first = sent(client, {"device": DEVICE}, [("files", ("net.keras", keras_file(), ""))])
    (file,) = client.get(f"{first.headers['location']}.json").json()["question"]["files"]
    kept = f"{file['digest']} {file['name']}"
    again = sent(client, {"device": DEVICE, "kept": kept, "batch": "1"})
    assert again.status_code == 303
    assert again.headers["location"] != first.headers["location"]
    gone = sent(client, {"device": DEVICE, "kept": f"{'0' * 64} net.keras"})
    assert (gone.status_code, "send it again" in gone.text) == (400, True)


def test_a_refused_question_keeps_what_was_sent(client: TestClient) -> None:
    files = [("files", ("net.keras", keras_file(units=9), ""))]
    response = sent(client, {"batch": "none", "device": DEVICE, "zoo": "alexnet"}, files)
    assert response.status_code == 400
    assert "is not a whole number" in response.text
    assert re.search(r'name="kept" value="[0-9a-f]{64} net.keras"', response.text)
    assert 'value="alexnet"' in response.text


def test_open_sizes_are_asked_for(client: TestClient) -> None:
    response = sent(client, {"text": OPEN, "device": DEVICE})
    page = client.get(response.headers["location"]).text
    assert 'name="dim.height"' in page
    fields = {"text": OPEN, "device": DEVICE, "dim.height": "8", "dim.width": "9"}
    place = sent(client, fields).headers["location"]
    network = convcost.read(OPEN, dims={"height": 8, "width": 9})
    assert client.get(f"{place}.json").json()["overview"] == report(network)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_cannot_be_read_is_told(client: TestClient, accept: str) -> None:
    response = sent(client, {"text": "hello"}, Accept=accept)
    assert response.status_code == 422
    assert "holds no model.summary() table" in response.text
    assert response.headers["content-type"].startswith(accept)
    part = sent(client, {"text": "hello"}, **{"HX-Request": "true"})
    assert (part.status_code, "<html" in part.text) == (422, False)


def test_the_api_takes_json(client: TestClient) -> None:
    content = base64.b64encode(keras_file()).decode()
    asked = {"files": [{"name": "net.keras", "content": content}], "zoo": ["seed001-mlp"],
             "device": DEVICE, "training": True}  # fmt: skip
    response = client.post("/api/v1/ask", json=asked)
    assert response.status_code == 200, response.text
    told = msgspec.json.decode(response.content, type=Told)
    again = client.get(f"/api/v1/answers/{told.id}")
    assert again.content == response.content
    # what an answer tells of its question can be asked again as it is
    repeated = client.post("/api/v1/ask", content=msgspec.json.encode(told.question),
                           headers={"content-type": "application/json"})  # fmt: skip
    assert repeated.json()["id"] == told.id
    assert client.get(told.links.page).status_code == 200


def test_the_api_takes_a_form(client: TestClient) -> None:
    response = client.post("/api/v1/ask", data=FORM, files=[("files", ("", b""))])
    assert response.json()["overview"] == report(convcost.read(TABLE), batch=8)


def test_the_api_says_what_may_be_asked(client: TestClient) -> None:
    about = msgspec.json.decode(client.get("/api/v1").content, type=About)
    assert DEVICE in about.devices
    assert "torch" in about.runtimes
    assert "adam" in about.optimizers
    assert "vgg16" in about.zoo
    assert about.limits["request_bytes"] == 4_000_000


def test_the_api_describes_itself(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described == json.loads(openapi())
    assert described["openapi"] == "3.1.0"
    for path, operations in described["paths"].items():
        for method in operations:
            found = client.request(method, path.replace("{id}", "0" * 20))
            assert str(found.status_code) in operations[method]["responses"], (path, found.text)
    body = described["paths"]["/api/v1/ask"]["post"]["requestBody"]["content"]
    for example in body["application/json"]["examples"].values():
        assert client.post("/api/v1/ask", json=example["value"]).status_code == 200
    text = json.dumps(described)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in described["components"]["schemas"]


def test_static_files_never_change(client: TestClient) -> None:
    page = client.get("/").text
    places = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert places == {f"/static/{name}" for name in assets()}
    for place in places:
        found = client.get(place)
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]


@pytest.mark.parametrize("path", ["/", "/a/0", "/nowhere", "/static/x", "/api/v1", "/api/v1/ask"])
def test_every_response_has_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/a/00000000000000000000", 404),
        ("GET", "/a/00000000000000000000.json", 404),
        ("GET", "/a/x.exe", 404),
        ("GET", "/api/v1/answers/0", 404),
        ("GET", "/ask", 405),
        ("DELETE", "/a/0", 405),
        ("PUT", "/api/v1/ask", 405),
        ("GET", "/ask/", 404),
    ],
)
def test_what_is_not_there(client: TestClient, method: str, path: str, status: int) -> None:
    response = client.request(method, path, headers={"Accept": "application/json"})
    assert response.status_code == status
    assert response.json()["schema"] == "convcost/error/1"
    assert response.json()["message"]
    assert ("allow" in response.headers) == (status == 405)


def test_links_stay_after_a_restart_and_answers_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second server has no worker that could answer: what it shows was kept."""
    with serving(tmp_path) as first:
        files = [("files", ("net.keras", keras_file(units=5), ""))]
        place = sent(first, {**FORM, "device": DEVICE}, files).headers["location"]
        told = first.get(f"{place}.json").content
    with serving(tmp_path, workers=0) as second:
        assert second.get(f"{place}.json").content == told
        assert second.get(place).status_code == 200
    monkeypatch.setattr(stamps, "__version__", "0.0.0")
    with serving(tmp_path) as third:  # another version here: what is kept does not count
        anew = json.loads(third.get(f"{place}.json").content)
        assert anew["overview"] == json.loads(told)["overview"]
