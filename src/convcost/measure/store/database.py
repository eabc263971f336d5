"""The file of the store: its tables, and what to do where it cannot be used."""

from __future__ import annotations

from convcost.kept.database import Format

#: The version of the tables.
SCHEMA = 1
#: Seconds that another program may keep the file to itself.
TIMEOUT = 30.0
#: What to do when the file cannot be used.
ELSEWHERE = "CONVCOST_STORE=FILE names another file, --no-store (store=False) keeps nothing"
#: The same when it is damaged.
ANEW = f"move it away, and the next measurement starts a new one; {ELSEWHERE}"

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
)

FORMAT = Format(
    what="the store of measurements",
    mark=0x43564354,  # CVCT
    version=SCHEMA,
    tables=_TABLES,
    elsewhere=ELSEWHERE,
    anew=ANEW,
)
