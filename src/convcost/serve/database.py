"""The file with questions and answers: its tables, and what to do where it cannot be used."""

from __future__ import annotations

from typing import Final

from convcost.kept.database import Format

#: Seconds that another program may keep the file to itself.
TIMEOUT: Final = 10.0
#: What to do when the file cannot be used.
ELSEWHERE: Final = "name another folder: convcost serve --store FOLDER"
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
)

FORMAT: Final = Format(
    what="the server's store",
    mark=0x43565356,  # CVSV
    version=1,
    tables=_TABLES,
    elsewhere=ELSEWHERE,
    anew=f"move it away, and the server starts a new one; {ELSEWHERE}",
    # a link is given out only after its question is written; what the system loses with its power
    # may be the last ones
    settings=("PRAGMA synchronous = NORMAL",),
)
