"""A SQLite file of convcost's own: it is made, checked, and used by several at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any, Self

from convcost._version import __version__
from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What is in such a file.

    Attributes:
        what: its name in errors: ``the store of measurements``.
        mark: SQLite's application_id.
        version: of the tables.
        tables: statements that make them.
        elsewhere: what to do when the file cannot be used.
        anew: the same when it is damaged.
        settings: statements for whoever opens it.
    """

    what: str
    mark: int
    version: int
    tables: tuple[str, ...]
    elsewhere: str
    anew: str
    settings: tuple[str, ...] = ()


class Database:
    """The open file, for several threads; it is made where there is none.

    Args:
        path: of the file.
        format_: what is in it.
        timeout: seconds to wait for another program that keeps it locked.

    Raises:
        ConvcostError: it cannot be opened, is something else, or comes from a newer convcost. The
            methods raise it as well where it cannot be read or written any more.
    """

    def __init__(self, path: Path, format_: Format, *, timeout: float) -> None:
        self.path = path
        self._format = format_
        self._lock = RLock()
        with self._our_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=timeout, isolation_level=None, check_same_thread=False
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """Everything that a query finds."""
        with (
            self._lock,
            self._our_errors(),
            closing(self._connection.execute(statement, values)) as rows,
        ):
            return rows.fetchall()

    def one(self, statement: str, **values: object) -> Any:
        """The only value of the only row."""
        return self.rows(statement, **values)[0][0]

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

    def error(self, what: str, hint: str) -> ConvcostError:
        """The error that says what is wrong with this file."""
        return ConvcostError(f"{self._format.what} {self.path} cannot be used: {what}", hint=hint)

    def _prepare(self) -> None:
        """Check what the file is; make the tables where it is new."""
        for statement in ("PRAGMA foreign_keys = ON", *self._format.settings):
            self.rows(statement)
        if not self._is_new():
            return
        with suppress(ConvcostError):  # another process is at it; both ways are safe
            self.rows("PRAGMA journal_mode = WAL")
        with self.transaction():
            if self._is_new():  # still
                for statement in self._format.tables:
                    self.rows(statement)
                self.rows(f"PRAGMA application_id = {self._format.mark}")
                self.rows(f"PRAGMA user_version = {self._format.version}")

    def _is_new(self) -> bool:
        """Whether the file has nothing in it.

        Raises:
            ConvcostError: it is not ours, or of a newer version.
        """
        known, elsewhere = self._format.version, self._format.elsewhere
        # in this order: another process may make the tables in between, and marks them as ours
        tables = self.one("SELECT COUNT(*) FROM sqlite_master")
        if self.one("PRAGMA application_id") != self._format.mark:
            if tables:
                raise self.error("it is another program's database", elsewhere)
            return True
        version = self.one("PRAGMA user_version")
        if version > known:
            what = f"version {version} of its tables; convcost {__version__} knows {known}"
            hint = f"pip install --upgrade convcost; {elsewhere}"
            raise self.error(f"a newer convcost wrote it ({what})", hint)
        return False

    @contextmanager
    def _our_errors(self) -> Iterator[None]:
        """Make errors of SQLite and of the system ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._of_sqlite(error) from error
        except UnicodeDecodeError as error:
            raise self.error("it is damaged", self._format.anew) from error
        except OSError as error:
            raise self.error(str(error.strerror), self._format.elsewhere) from error

    def _of_sqlite(self, error: sqlite3.Error) -> ConvcostError:
        """What is wrong, by the name that SQLite has for it, and what to do."""
        elsewhere, anew = self._format.elsewhere, self._format.anew
        wrong = {
            "SQLITE_BUSY": (
                "another program has kept it locked for too long",
                f"end that program; {elsewhere}",
            ),
            "SQLITE_NOTADB": ("it is no SQLite file, or damaged", anew),
            "SQLITE_CORRUPT": ("it is damaged", anew),
            "SQLITE_ERROR": ("its tables are damaged", anew),
        }
        name = getattr(error, "sqlite_errorname", "")
        found = (told for start, told in wrong.items() if name.startswith(start))
        return self.error(*next(found, (str(error), elsewhere)))
