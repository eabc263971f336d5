"""A server with one worker for all tests that leave it as it is."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from support.served import serving


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The server of tests that leave it as it is."""
    with serving(tmp_path_factory.mktemp("served"), request_bytes=4_000_000) as found:
        yield found


@pytest.fixture
def it_lives_on(client: TestClient) -> Iterator[None]:
    """The server answers after the test, whatever the test did to it."""
    yield
    assert client.get("/api/v1").status_code == 200
