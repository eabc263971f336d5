"""What the server keeps: files by their content, questions by their names, answers to them.

A question is all that a permanent link needs: its answer can be made anew. Both are bounded; what
was not used for the longest time goes first, and of questions and files the files that no question
is about.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from convcost.errors import ConvcostError, LimitError
from convcost.kept.database import Database
from convcost.kept.place import place_of
from convcost.serve import database
from convcost.serve.answer import Answer
from convcost.serve.dropping import drop
from convcost.serve.question import File, Question
from convcost.serve.reading import placed_names, shown_name
from convcost.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_BLOCK: Final = 2**20
#: Seconds after which being used is noted again.
_NOTED: Final = 60.0
#: Seconds after which what a server left behind that was killed is taken away.
_STALE: Final = 24 * 3600.0
#: Of zlib: a page with charts becomes a tenth already at the lowest.
_LEVEL: Final = 1


def default_folder() -> Path:
    """CONVCOST_SERVE, or `convcost/serve` in the user's data folder.

    Raises:
        ConvcostError: this user has no such folder.
    """
    hint = "name one: convcost serve --store FOLDER"
    return place_of("serve", "CONVCOST_SERVE", what="questions and answers", hint=hint)


class Store:
    """The folder. All methods may be called from several threads.

    Args:
        folder: made where there is none.
        most_bytes: of questions and files.
        most_answer_bytes: of answers.

    Raises:
        ConvcostError: it cannot be used. The methods raise it as well.
    """

    def __init__(self, folder: Path, *, most_bytes: int, most_answer_bytes: int) -> None:
        self._files, self._work = folder / "files", folder / "work"
        self._most_bytes, self._most_answer_bytes = most_bytes, most_answer_bytes
        with _told(folder):
            for part in (self._files, self._work):
                part.mkdir(parents=True, exist_ok=True)
            _tidy(self._work)
        self._database = Database(
            folder / "answers.sqlite", database.FORMAT, timeout=database.TIMEOUT
        )

    def close(self) -> None:
        """Close it."""
        self._database.close()

    def keep_file(self, name: str, content: IO[bytes], *, most: int) -> File:
        """Keep what somebody sent.

        Args:
            name: as it was sent.
            content: from where it is to be read.
            most: bytes that it may have.

        Raises:
            LimitError: it has more.
        """
        name = shown_name(name)
        with _told(self._files), tempfile.NamedTemporaryFile(dir=self._work, delete=False) as copy:
            try:
                digest, size = hashlib.sha256(), 0
                while block := content.read(_BLOCK):
                    size += len(block)
                    if size > most:
                        raise LimitError(
                            f"{name}: is larger than {format_bytes(most)}, the limit for files",
                            hint="a model without its weights costs the same: save its "
                            "architecture alone",
                        )
                    digest.update(block)
                    copy.write(block)
                copy.close()
                file = File(name=name, digest=digest.hexdigest())
                with self._database.transaction():
                    # within it: no other thread takes the file away before its row is there
                    Path(copy.name).replace(self._files / file.digest)
                    self._database.rows(
                        "INSERT INTO files VALUES (:digest, :size, :now) "
                        "ON CONFLICT (digest) DO UPDATE SET used = :now",
                        digest=file.digest, size=size, now=time.time(),
                    )  # fmt: skip
                    self._drop()
            finally:
                Path(copy.name).unlink(missing_ok=True)
        return file

    def has_file(self, digest: str) -> bool:
        """Whether the content of that digest is here; it stays for now."""
        found = self._database.rows("SELECT used FROM files WHERE digest = :key", key=digest)
        if found:
            self._note("files", "digest", digest, found[0][0])
        return bool(found)

    def place(self, question: Question) -> Path:
        """A new folder with the files of a question and nothing else; `clear` takes it away.

        Raises:
            ConvcostError: a file is not here any more.
        """
        with _told(self._work):
            folder = Path(tempfile.mkdtemp(dir=self._work))
            for file, name in zip(question.files, placed_names(question.files), strict=True):
                _place(self._files / file.digest, folder / name)
        return folder

    def clear(self, folder: Path) -> None:
        """Take a folder of `place` away."""
        shutil.rmtree(folder, ignore_errors=True)

    def keep(self, question: Question, answer: Answer) -> None:
        """Keep a question for its link, and its answer; then drop what is too much."""
        text = msgspec.json.encode(question)
        packed = zlib.compress(msgspec.json.encode(answer), _LEVEL)
        with self._database.transaction():
            self._insert(question, text)
            self._database.rows(
                "INSERT OR REPLACE INTO answers VALUES (:id, :by, :packed, :size, :now)",
                id=question.id, by=answer.made_by, packed=packed, size=len(packed),
                now=time.time(),
            )  # fmt: skip
            self._drop()

    def question(self, id_: str) -> Question | None:
        """The question of that name; None where there is none."""
        found = self._database.rows("SELECT question, used FROM questions WHERE id = :id", id=id_)
        if not found:
            return None
        self._note("questions", "id", id_, found[0][1])
        with contextlib.suppress(msgspec.DecodeError):  # a newer convcost asked it
            return msgspec.json.decode(found[0][0], type=Question)
        return None

    def answer(self, id_: str, made_by: str) -> Answer | None:
        """The answer to a question; None where there is none, or it was made by something else."""
        found = self._database.rows(
            "SELECT answer, used FROM answers WHERE id = :id AND made_by = :by", id=id_, by=made_by
        )
        if not found:
            return None
        self._note("answers", "id", id_, found[0][1])
        with contextlib.suppress(msgspec.DecodeError, zlib.error):
            return msgspec.json.decode(zlib.decompress(found[0][0]), type=Answer)
        return None

    def _insert(self, question: Question, text: bytes) -> None:
        now = time.time()
        self._database.rows(
            "INSERT INTO questions VALUES (:id, :text, :size, :now) "
            "ON CONFLICT (id) DO UPDATE SET used = :now",
            id=question.id, text=text, size=len(text), now=now,
        )  # fmt: skip
        for file in question.files:
            self._database.rows(
                "INSERT OR IGNORE INTO uses VALUES (:id, :digest)",
                id=question.id, digest=file.digest,
            )  # fmt: skip
            self._database.rows(
                "UPDATE files SET used = :now WHERE digest = :digest", digest=file.digest, now=now
            )

    def _drop(self) -> None:
        """Take away what is too much, within a transaction."""
        most, most_answers = self._most_bytes, self._most_answer_bytes
        now = time.time()
        for digest in drop(self._database, most=most, most_answers=most_answers, now=now):
            with contextlib.suppress(OSError):
                (self._files / digest).unlink()

    def _note(self, table: str, key: str, name: str, used: float) -> None:
        """That something was used, unless that was noted a moment ago."""
        now = time.time()
        if abs(now - used) > _NOTED:
            statement = f"UPDATE {table} SET used = :now WHERE {key} = :name"  # noqa: S608 - ours
            self._database.rows(statement, name=name, now=now)


def _place(content: Path, path: Path) -> None:
    """Put a file where a worker reads it, by a second name or as a copy."""
    try:
        os.link(content, path)
    except FileNotFoundError:
        raise ConvcostError(
            f"{path.name}: its content is not kept any more", hint="send the file again"
        ) from None
    except OSError:  # a file system without second names
        shutil.copyfile(content, path)


def _tidy(work: Path) -> None:
    """Take away what a server left behind that was killed."""
    for path in work.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < _STALE:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Make errors of the system ours."""
    try:
        yield
    except OSError as error:
        raise ConvcostError(
            f"the server's store {folder} cannot be used: {error.strerror}",
            hint=database.ELSEWHERE,
        ) from error
