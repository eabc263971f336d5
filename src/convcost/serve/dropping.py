"""What a store that has too much drops: what was not used for the longest time.

Answers have a bound of their own, since they can be made anew. Of questions and files the files
that no question is about go first, unless they have just come: their question may be on its way.
Then questions go, each with the files that it alone is about, and at last files that just came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.kept.database import Database

#: Seconds for which a file waits for its question: longer than any answer takes.
_FRESH = 600.0
_UNUSED = """
SELECT digest, bytes FROM files
WHERE used < :before AND digest NOT IN (SELECT digest FROM uses) ORDER BY used
"""


def drop(database: Database, *, most: int, most_answers: int, now: float) -> list[str]:
    """Delete rows until there is no more than there may be; within a transaction.

    Args:
        database: of questions, files and answers.
        most: bytes of questions and files.
        most_answers: bytes of answers.
        now: the time.

    Returns:
        The digests of files that are to be removed.
    """
    _drop_answers(database, _bytes(database, "answers") - most_answers)
    excess = _bytes(database, "questions") + _bytes(database, "files") - most
    old, excess = _drop_files(database, excess, before=now - _FRESH)
    asked, excess = _drop_questions(database, excess)
    fresh, _ = _drop_files(database, excess, before=now)
    return [*old, *asked, *fresh]


def _bytes(database: Database, table: str) -> int:
    ((total,),) = database.rows(f"SELECT TOTAL(bytes) FROM {table}")  # noqa: S608 - our names
    return int(total)


def _drop_answers(database: Database, excess: int) -> None:
    if excess <= 0:
        return
    for name, size in database.rows("SELECT id, bytes FROM answers ORDER BY used"):
        if excess <= 0:
            return
        database.rows("DELETE FROM answers WHERE id = :name", name=name)
        excess -= size


def _drop_files(database: Database, excess: int, *, before: float) -> tuple[list[str], int]:
    """The oldest files that no question is about: their digests, and what is still too much."""
    removed: list[str] = []
    if excess <= 0:
        return removed, excess
    for digest, size in database.rows(_UNUSED, before=before):
        if excess <= 0:
            break
        _delete_file(database, digest)
        removed.append(digest)
        excess -= size
    return removed, excess


def _drop_questions(database: Database, excess: int) -> tuple[list[str], int]:
    """The oldest questions: the digests of files that they alone were about, what is too much."""
    removed: list[str] = []
    if excess <= 0:
        return removed, excess
    for id_, size in database.rows("SELECT id, bytes FROM questions ORDER BY used"):
        if excess <= 0:
            break
        files = database.rows(
            "SELECT digest, bytes FROM uses JOIN files USING (digest) WHERE question = :id", id=id_
        )
        database.rows("DELETE FROM questions WHERE id = :id", id=id_)  # its answer and uses as well
        excess -= size
        for digest, bytes_ in files:
            if not database.rows("SELECT 1 FROM uses WHERE digest = :digest", digest=digest):
                _delete_file(database, digest)
                removed.append(digest)
                excess -= bytes_
    return removed, excess


def _delete_file(database: Database, digest: str) -> None:
    database.rows("DELETE FROM files WHERE digest = :digest", digest=digest)
