"""No store, or a damaged, newer or locked one: an error that says so, and nothing else."""

import random
import sqlite3

import pytest

from convcost.errors import ConvcostError
from convcost.measure.store import database
from convcost.measure.store.store import Store
from support.stored import direct, measurement


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "store.sqlite"


def refused(path, message):
    """The error of opening a store there, or of reading from it."""
    with pytest.raises(ConvcostError, match=message) as caught, Store(path) as store:
        store.runs()
    assert str(path) in caught.value.message
    assert "CONVCOST_STORE" in caught.value.hint
    return caught.value


def test_files_that_are_no_stores(path, tmp_path):
    path.parent.mkdir()
    path.write_text("seconds,network\n" * 100)
    assert "move it away" in refused(path, "no SQLite file, or damaged").hint
    other = tmp_path / "photos.sqlite"
    direct(other, "CREATE TABLE photos (id)")
    refused(other, "another program's database")
    assert direct(other, "SELECT name FROM sqlite_master") == [("photos",)]
    refused(tmp_path, "unable to open")
    refused(other / "below a file" / "store.sqlite", "Not a directory|File exists")


def test_a_newer_one_is_left_alone(path):
    with Store(path) as store:
        store.add([measurement()], ["x"])
    direct(path, f"PRAGMA user_version = {database.SCHEMA + 1}")
    before = path.read_bytes()
    assert "--upgrade" in refused(path, "a newer convcost wrote it .version 2").hint
    assert path.read_bytes() == before


def test_a_locked_one_is_waited_for(path, monkeypatch):
    monkeypatch.setattr(database, "TIMEOUT", 0.05)
    with Store(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ConvcostError, match="kept it locked"):
            store.add([measurement()], ["x"])
        assert store.runs() == ()
        other.execute("ROLLBACK")
        other.close()
        assert store.add([measurement()], ["x"]) == (1,)


def test_a_result_that_makes_no_sense(path):
    with Store(path) as store:
        store.add([measurement()], ["x"])
    for change in (
        "json_remove(result, '$.seconds')",
        "json_set(result, '$.workload.batch', 0)",
        "json_set(result, '$.layers', 7)",
        "'[]'",
    ):
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(f"UPDATE runs SET result = {change}")  # noqa: S608 - ours
        connection.close()
        refused(path, "run 1 makes no sense")


def test_damaged_bytes_end_in_an_answer_or_an_error(path):
    """Bytes changed or cut off anywhere: never anything else than our own error."""
    with Store(path) as store:
        for number in range(20):
            store.add([measurement(source=f"net {number}")], ["x"])
    whole = path.read_bytes()
    chance = random.Random(17)  # noqa: S311 - no secret
    failed = 0
    for turn in range(80):
        data = bytearray(whole)
        if turn % 4 == 0:
            del data[chance.randrange(1, len(data)) :]
        for _ in range(chance.choice([1, 20, 400])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        damaged = path.with_name(f"damaged {turn}.sqlite")
        damaged.write_bytes(data)
        try:
            with Store(damaged) as store:
                store.runs()
                store.number(["x"])
                store.add([measurement()], ["x"])
        except ConvcostError as error:
            assert str(damaged) in error.message  # noqa: PT017 - either is right
            failed += 1
    assert failed
