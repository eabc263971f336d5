"""A server, what is pasted into it, and the same by the verbs."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import convcost
from convcost.network.network import Network

if TYPE_CHECKING:
    from starlette.testclient import TestClient

DEVICE = "laptop-cpu"
TABLE = """\
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
conv2d_36 (Conv2D)           (None, 26, 26, 32)        320
_________________________________________________________________
flatten_17 (Flatten)         (None, 21632)             0
_________________________________________________________________
dense_40 (Dense)             (None, 10)                216330
=================================================================
Total params: 216,650
"""
#: A kernel of 3x3 with `same` padding and one of 1x1 ... fit these numbers alike.
AMBIGUOUS = """\
Layer (type)                 Output Shape              Param #
conv2d_1 (Conv2D)            (None, 28, 28, 8)         80
max_pooling2d_1 (MaxPooling2 (None, 14, 14, 8)         0
conv2d_2 (Conv2D)            (None, 12, 12, 8)         584
flatten_1 (Flatten)          (None, 1152)              0
dense_1 (Dense)              (None, 10)                11530
"""
#: Sizes of the image are not told.
OPEN = """\
Layer (type)                 Output Shape              Param #
conv2d_1 (Conv2D)            (None, None, None, 8)     224
global_average_pooling2d_1 ( (None, 8)                 0
dense_1 (Dense)              (None, 10)                90
"""


@contextmanager
def serving(store: Path, **settings: Any) -> Iterator["TestClient"]:
    """A server in this process, with worker processes, as its clients see it."""
    from starlette.testclient import TestClient

    from convcost.serve.app import application
    from convcost.serve.settings import Settings

    app = application(Settings(store=store, **settings))
    with TestClient(
        app, base_url="http://localhost:8765", raise_server_exceptions=False,
        follow_redirects=False,
    ) as client:  # fmt: skip
        yield client


def plain(value: Any) -> Any:
    """As it comes back from JSON."""
    return json.loads(json.dumps(value))


def report(*networks: Network, **options: Any) -> Any:
    """`convcost/report/1` by the verb."""
    options = {"device": DEVICE, **options}
    return plain(convcost.report(*networks, **options).to_dict())


def rewrites(network: Network, **options: Any) -> Any:
    """`convcost/rewrite/1` by the verb, in the runtime that the report has."""
    options = {"device": DEVICE, "batch": 32, **options}
    options["runtime"] = convcost.report(network, **options).explanation.predictions[0].runtime.name
    return plain(convcost.rewrite(network, **options).to_dict())


def keras_file(name: str = "dense", units: int = 4) -> bytes:
    """A .keras file of one layer, without weights."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [None, 6]}},
        {"class_name": "Dense", "config": {"name": name, "units": units}},
    ]
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}
    return archive({"config.json": json.dumps(config).encode()})


def archive(members: dict[str, bytes]) -> bytes:
    """A ZIP archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return data.getvalue()


def told(response: Any) -> str:
    """What an error says: never a traceback, never a path."""
    assert 400 <= response.status_code < 500 or response.status_code == 503, response.text
    assert "Traceback" not in response.text
    assert str(Path.cwd()) not in response.text
    found = response.json()
    assert found["schema"] == "convcost/error/1"
    assert found["message"]
    return found["message"]


def ask(client: "TestClient", **asked: object) -> Any:
    """A question as JSON."""
    return client.post("/api/v1/ask", json={"device": DEVICE, **asked})
