"""The file of the store: its tables, who may use it, and what can be wrong with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from convcost._version import __version__
from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The version of the tables.
SCHEMA = 1
#: Seconds that another program may keep the file to itself.
TIMEOUT = 30.0
#: SQLite's application_id: "CVCT".
_OURS = 0x43564354

#: All columns behind `result` are computed from it, for queries with any SQLite tool.
_TABLES = (
    """
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time TEXT NOT NULL,
        convcost TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session INTEGER NOT NULL REFERENCES sessions (id),
        fingerprint TEXT NOT NULL,
        result TEXT NOT NULL CHECK (json_valid(result)),
        network TEXT AS (json_extract(result, '$.source')),
        runtime TEXT AS (json_extract(result, '$.runtime')),
        versions TEXT AS (json_extract(result, '$.versions')),
        machine TEXT AS (json_extract(result, '$.machine')),
        workload TEXT AS (json_extract(result, '$.workload')),
        loop TEXT AS (json_extract(result, '$.loop')),
        seconds REAL AS (json_extract(result, '$.seconds.median')),
        low REAL AS (json_extract(result, '$.seconds.low')),
        high REAL AS (json_extract(result, '$.seconds.high')),
        confidence REAL AS (json_extract(result, '$.seconds.confidence')),
        runs INTEGER AS (json_extract(result, '$.seconds.runs')),
        samples TEXT AS (json_extract(result, '$.seconds.samples')),
        verdict TEXT AS (json_extract(result, '$.verdict')),
        reasons TEXT AS (json_extract(result, '$.reasons')),
        layers TEXT AS (json_extract(result, '$.layers')),
        peak_bytes INTEGER AS (json_extract(result, '$.peak_bytes')),
        interrupted INTEGER AS (json_extract(result, '$.interrupted'))
    )
    """,
    f"PRAGMA application_id = {_OURS}",
    f"PRAGMA user_version = {SCHEMA}",
)

#: What to do when the file cannot be used.
ELSEWHERE = "CONVCOST_STORE=FILE names another file, --no-store (store=False) keeps nothing"
#: The same when it is damaged.
ANEW = f"move it away, and the next measurement starts a new one; {ELSEWHERE}"
#: SQLite's errors, by the beginnings of their names -> what is wrong, what to do.
_WRONG = {
    "SQLITE_BUSY": (
        "another program has kept it locked for too long", f"end that program; {ELSEWHERE}"
    ),
    "SQLITE_NOTADB": ("it is no SQLite file, or damaged", ANEW),
    "SQLITE_CORRUPT": ("it is damaged", ANEW),
    "SQLITE_ERROR": ("its tables are damaged", ANEW),
}  # fmt: skip


class Database:
    """The open file; it is made where there is none.

    Args:
        path: of the file.
        timeout: seconds to wait for another program that keeps it locked.

    Raises:
        ConvcostError: it cannot be opened, is something else, or comes from a newer convcost. The
            methods raise it as well where it cannot be read or written any more.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close it; the last one to do so tidies the file up."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """Everything that a query finds."""
        with self._told(), closing(self._connection.execute(statement, values)) as rows:
            return rows.fetchall()

    def one(self, statement: str, **values: object) -> Any:
        """The only value of the only row."""
        return self.rows(statement, **values)[0][0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; waits for another writer."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self.rows("COMMIT")

    def error(self, what: str, hint: str) -> ConvcostError:
        """The error that says what is wrong with this file."""
        return ConvcostError(
            f"the store of measurements {self.path} cannot be used: {what}", hint=hint
        )

    def _prepare(self) -> None:
        """Check what the file is; make the tables where it is new."""
        self.rows("PRAGMA foreign_keys = ON")
        if not self._is_new():
            return
        with suppress(ConvcostError):  # another process is at it; both ways are safe
            self.rows("PRAGMA journal_mode = WAL")
        with self.transaction():
            if self._is_new():  # still
                for statement in _TABLES:
                    self.rows(statement)

    def _is_new(self) -> bool:
        """Whether the file has nothing in it.

        Raises:
            ConvcostError: it is not ours, or of a newer version.
        """
        # in this order: another process may make the tables in between, and marks them as ours
        tables = self.one("SELECT COUNT(*) FROM sqlite_master")
        if self.one("PRAGMA application_id") != _OURS:
            if tables:
                raise self.error("it is another program's database", ELSEWHERE)
            return True
        version = self.one("PRAGMA user_version")
        if version > SCHEMA:
            what = f"version {version} of its tables; convcost {__version__} knows {SCHEMA}"
            hint = f"pip install --upgrade convcost; {ELSEWHERE}"
            raise self.error(f"a newer convcost wrote it ({what})", hint)
        return False

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Make errors of SQLite and of the system ours."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            found = (told for start, told in _WRONG.items() if name.startswith(start))
            what, hint = next(found, (str(error), ELSEWHERE))
            raise self.error(what, hint) from error
        except UnicodeDecodeError as error:
            raise self.error(*_WRONG["SQLITE_CORRUPT"]) from error
        except OSError as error:
            raise self.error(str(error.strerror), ELSEWHERE) from error
