"""The store: what is kept, for how long, and what a restart finds."""

import hashlib
import io
import os
import random
import sqlite3
import threading
import time
from pathlib import Path

import msgspec
import pytest

from convcost.errors import ConvcostError, LimitError
from convcost.serve import store as stores
from convcost.serve.answer import NOTHING, Answer
from convcost.serve.question import File, Question
from convcost.serve.store import Store

LARGE = 10**9


def opened(folder: Path, most: int = LARGE, answers: int = LARGE) -> Store:
    return Store(folder, most_bytes=most, most_answer_bytes=answers)


def question(number: int, *files: File) -> Question:
    return Question(zoo=(f"net{number}",), files=files)


def answered(asked: Question, size: int = 100, made_by: str = "now") -> Answer:
    """An answer whose bytes do not become fewer when they are packed."""
    text = random.Random(asked.id).randbytes(size).hex()  # noqa: S311 - no secret
    return Answer(
        question=asked.id, made_by=made_by, verdict=("it",), networks=(), overview=NOTHING,
        counts=NOTHING, rewrites=(msgspec.Raw(b'{"a":1}'),), sweep=NOTHING, commands={}, body=text,
        page="<p>", csv="a,b",
    )  # fmt: skip


def sent(store: Store, content: bytes, name: str = "net.onnx") -> File:
    return store.keep_file(name, io.BytesIO(content), most=LARGE)


def bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "files").iterdir())


class Clock:
    """So many seconds go by between any two things that happen."""

    def __init__(self) -> None:
        self.step, self.now = 100.0, 1e6

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(stores.time, "time", found)
    return found


def test_questions_and_answers_are_there_after_a_restart(tmp_path: Path) -> None:
    store = opened(tmp_path)
    file = sent(store, b"content")
    asked = question(1, file)
    store.keep(asked, answered(asked))
    store.close()
    again = opened(tmp_path)
    assert again.question(asked.id) == asked
    assert again.answer(asked.id, "now") == answered(asked)
    assert again.question("0" * 20) is None
    assert again.answer("0" * 20, "now") is None
    again.close()


def test_an_answer_by_another_convcost_is_none(tmp_path: Path) -> None:
    store = opened(tmp_path)
    asked = question(1)
    store.keep(asked, answered(asked, made_by="then"))
    assert store.answer(asked.id, "now") is None
    assert store.question(asked.id) == asked
    store.keep(asked, answered(asked, made_by="now"))
    assert store.answer(asked.id, "then") is None
    assert store.answer(asked.id, "now") is not None
    store.close()


def test_a_file_is_kept_once_by_its_content(tmp_path: Path) -> None:
    store = opened(tmp_path)
    one, two = sent(store, b"content", "a.onnx"), sent(store, b"content", "../../b.onnx")
    assert one.digest == two.digest == hashlib.sha256(b"content").hexdigest()
    assert (one.name, two.name) == ("a.onnx", "b.onnx")
    assert [path.name for path in (tmp_path / "files").iterdir()] == [one.digest]
    assert not [*(tmp_path / "work").iterdir()]
    assert store.has_file(one.digest)
    assert not store.has_file("0" * 64)
    store.close()


def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)
    with pytest.raises(LimitError, match="is larger than 10 B"):
        store.keep_file("net.onnx", io.BytesIO(b"x" * 11), most=10)
    assert not [*(tmp_path / "files").iterdir()]
    assert not [*(tmp_path / "work").iterdir()]
    store.close()


def test_files_are_placed_for_a_question_and_cleared(tmp_path: Path) -> None:
    store = opened(tmp_path)
    one, two = sent(store, b"one", "net.onnx"), sent(store, b"two", "net.onnx")
    folder = store.place(question(1, one, two))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "net.onnx": b"one", "net (2).onnx": b"two",
    }  # fmt: skip
    store.clear(folder)
    assert not folder.exists()
    assert store.has_file(one.digest)
    (tmp_path / "files" / one.digest).unlink()
    with pytest.raises(ConvcostError, match="not kept any more"):
        store.place(question(1, one))
    store.close()


def test_files_that_no_question_is_about_go_first(tmp_path: Path, clock: Clock) -> None:
    clock.step = 3600.0
    store = opened(tmp_path, most=1_000)
    about = sent(store, b"a" * 400)
    asked = question(1, about)
    store.keep(asked, answered(asked))
    unused = [sent(store, bytes([number]) * 300) for number in range(4)]
    assert store.has_file(about.digest)
    assert store.question(asked.id) == asked
    assert [store.has_file(file.digest) for file in unused] == [False, False, False, True]
    assert bytes_of(tmp_path) == 700
    store.close()


def test_a_file_that_has_just_come_waits_for_its_question(tmp_path: Path) -> None:
    """Also in a store that is full; where nothing else is left, it goes."""
    store = opened(tmp_path, most=1_000)
    asked = question(1, sent(store, b"a" * 900))
    store.keep(asked, answered(asked))
    fresh = sent(store, b"f" * 500)
    assert store.has_file(fresh.digest)
    assert store.question(asked.id) is None
    more = [sent(store, bytes([number]) * 400) for number in range(3)]
    assert bytes_of(tmp_path) <= 1_000
    assert [store.has_file(file.digest) for file in (fresh, *more)] == [False, False, True, True]
    store.close()


def test_then_the_questions_that_nobody_looked_at(tmp_path: Path, clock: Clock) -> None:
    size = len(msgspec.json.encode(question(0, File(name="net.onnx", digest="0" * 64))))
    store = opened(tmp_path, most=3 * (400 + size) + 100)
    asked = []
    for number in range(3):
        asked.append(question(number, sent(store, bytes([number]) * 400)))
        store.keep(asked[-1], answered(asked[-1]))
    assert store.question(asked[0].id) == asked[0]  # looked at: the second is the oldest now
    asked.append(question(3, sent(store, b"x" * 400)))
    store.keep(asked[-1], answered(asked[-1]))
    kept = [store.question(each.id) is not None for each in asked]
    assert kept == [True, False, True, True]
    assert [store.has_file(each.files[0].digest) for each in asked] == kept
    assert bytes_of(tmp_path) == 1_200
    assert store.answer(asked[1].id, "now") is None
    store.close()


def test_a_file_stays_as_long_as_one_question_is_about_it(tmp_path: Path, clock: Clock) -> None:
    size = len(msgspec.json.encode(question(0, File(name="net.onnx", digest="0" * 64))))
    store = opened(tmp_path, most=500 + 300 + 2 * size + 100)
    shared = sent(store, b"s" * 500)
    first, second = question(1, shared), question(2, shared)
    for asked in (first, second):
        store.keep(asked, answered(asked))
    third = question(3, sent(store, b"t" * 300))
    store.keep(third, answered(third))
    assert store.question(first.id) is None
    assert store.question(second.id) == second
    assert store.has_file(shared.digest)
    store.close()


def test_answers_have_a_bound_of_their_own(tmp_path: Path, clock: Clock) -> None:
    store = opened(tmp_path, answers=5_000)
    asked = [question(number) for number in range(10)]
    for each in asked:
        store.keep(each, answered(each, 1_000))
    kept = [store.answer(each.id, "now") is not None for each in asked]
    assert kept == [False] * (10 - sum(kept)) + [True] * sum(kept)
    assert 1 <= sum(kept) <= 4
    assert all(store.question(each.id) == each for each in asked)
    store.close()


def test_what_lies_about_of_a_server_that_was_killed(tmp_path: Path) -> None:
    opened(tmp_path).close()
    old, new = tmp_path / "work" / "old", tmp_path / "work" / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "net.onnx").write_bytes(b"x")
    long_ago = time.time() - 10 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    opened(tmp_path).close()
    assert not old.exists()
    assert new.exists()


def test_two_servers_and_many_threads_on_one_store(tmp_path: Path) -> None:
    stores_, failed = [opened(tmp_path), opened(tmp_path)], []

    def use(store: Store, first: int) -> None:
        try:
            for number in range(first, first + 10):
                asked = question(number, sent(store, b"%d" % (number % 7)))
                store.keep(asked, answered(asked))
                assert store.question(asked.id) == asked
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=use, args=(stores_[n % 2], 10 * n)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    for number in range(60):
        digest = hashlib.sha256(b"%d" % (number % 7)).hexdigest()
        asked = question(number, File(name="net.onnx", digest=digest))
        assert stores_[0].question(asked.id) == asked
    for store in stores_:
        store.close()


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"something else " * 100)
    with pytest.raises(ConvcostError, match="cannot be used") as caught:
        opened(tmp_path)
    assert "--store" in str(caught.value)


def test_the_store_of_another_program_or_version(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(ConvcostError, match="another program's"):
        opened(tmp_path)
    path.unlink()
    opened(tmp_path).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(ConvcostError, match="version 99"):
        opened(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConvcostError, match="cannot be used"):
        opened(tmp_path / "file" / "store")


def test_a_damaged_answer_is_made_anew(tmp_path: Path) -> None:
    store = opened(tmp_path)
    asked = question(1)
    store.keep(asked, answered(asked))
    with sqlite3.connect(tmp_path / "answers.sqlite") as other:
        other.execute("UPDATE answers SET answer = x'00'")
    other.close()
    assert store.answer(asked.id, "now") is None
    store.close()
