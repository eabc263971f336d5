"""The file with questions and answers: its tables, and what can be wrong with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The version of the tables.
SCHEMA: Final = 1
#: Seconds that another program may keep the file to itself.
_TIMEOUT: Final = 10.0
#: SQLite's application_id: "CVSV".
_OURS: Final = 0x43565356
_TABLES: Final = (
    """
    CREATE TABLE files (digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, used REAL NOT NULL)
    """,
    """
    CREATE TABLE questions (
        id TEXT PRIMARY KEY, question BLOB NOT NULL, bytes INTEGER NOT NULL, used REAL NOT NULL
    )
    """,
    """
    CREATE TABLE uses (
        question TEXT NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
        digest TEXT NOT NULL REFERENCES files (digest),
        PRIMARY KEY (digest, question)
    )
    """,
    """
    CREATE TABLE answers (
        id TEXT PRIMARY KEY REFERENCES questions (id) ON DELETE CASCADE,
        made_by TEXT NOT NULL,
        answer BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        used REAL NOT NULL
    )
    """,
    # the oldest are looked for, and all bytes are added up, without the blobs
    *(
        f"CREATE INDEX {table}_used ON {table} (used, bytes)"
        for table in ("files", "questions", "answers")
    ),
    "CREATE INDEX uses_question ON uses (question)",
    f"PRAGMA application_id = {_OURS}",
    f"PRAGMA user_version = {SCHEMA}",
)
_ELSEWHERE: Final = "name another folder: convcost serve --store FOLDER"


class Database:
    """The open file, for several threads; it is made where there is none.

    Args:
        path: of the file, in a folder that exists.

    Raises:
        ConvcostError: it cannot be used, or is something else. The methods raise it as well where
            it cannot be read or written any more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = RLock()
        with self._told():
            self._connection = sqlite3.connect(
                path, timeout=_TIMEOUT, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it; the last one to do so tidies the file up."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """Everything that a query finds."""
        with self._lock, self._told(), closing(self._connection.execute(statement, values)) as rows:
            return rows.fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; waits for other threads and programs that write."""
        with self._lock:
            self.rows("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            self.rows("COMMIT")

    def _prepare(self) -> None:
        """Check what the file is; make the tables where it is new."""
        self.rows("PRAGMA foreign_keys = ON")
        if self._is_new():
            with suppress(ConvcostError):  # another process is at it; both ways are safe
                self.rows("PRAGMA journal_mode = WAL")
            with self.transaction():
                if self._is_new():  # still
                    for statement in _TABLES:
                        self.rows(statement)
        # a link is given out only after its question is written; what the system loses with its
        # power may be the last ones
        self.rows("PRAGMA synchronous = NORMAL")

    def _is_new(self) -> bool:
        """Whether the file has nothing in it.

        Raises:
            ConvcostError: it is not ours, or of another version.
        """
        # in this order: another process may make the tables in between, and marks them as ours
        ((tables,),) = self.rows("SELECT COUNT(*) FROM sqlite_master")
        ((application,),) = self.rows("PRAGMA application_id")
        if application != _OURS:
            if tables:
                raise self._error("it is another program's database")
            return True
        ((version,),) = self.rows("PRAGMA user_version")
        if version != SCHEMA:
            raise self._error(f"its tables are of version {version}, this convcost has {SCHEMA}")
        return False

    def _error(self, what: str) -> ConvcostError:
        text = f"the server's store {self._path} cannot be used: {what}"
        return ConvcostError(text, hint=_ELSEWHERE)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Make errors of SQLite ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(str(error)) from error
