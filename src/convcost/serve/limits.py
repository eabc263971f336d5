"""Every limit of the server, in one place: whoever asks is a stranger.

What a source itself may hold is in `convcost.read.limits`.
"""

from __future__ import annotations

from typing import Final

from convcost.read import MAX_TEXT_BYTES
from convcost.read.limits import MAX_NAME as MAX_LAYER_NAME

MIB: Final = 2**20

#: Bytes of a request with files.
MAX_REQUEST_BYTES: Final = 256 * MIB
#: Bytes of a request as JSON, which is held in memory; files in it are a third longer.
MAX_JSON_BYTES: Final = 32 * MIB
#: Bytes of all requests that are being received.
MAX_RECEIVING_BYTES: Final = 1024 * MIB
#: Bytes of a file.
MAX_FILE_BYTES: Final = 256 * MIB
#: A request above the limit is read and thrown away up to so many times the limit: only a client
#: that could send all of it reads why it is refused.
DRAIN: Final = 2
#: Characters of a text.
MAX_TEXT: Final = MAX_TEXT_BYTES
#: Texts, files and names of the zoo, of each.
MAX_SOURCES: Final = 16
#: Networks in all of them.
MAX_NETWORKS: Final = 24
#: Lines of a text that are shown beside what was inferred from them, of one network.
MAX_LINES: Final = 2_000
#: Points of a sweep: all of them are in the answer.
MAX_POINTS: Final = 1_000
#: Fields of a form.
MAX_FIELDS: Final = 1_000
#: Characters of a name.
MAX_NAME: Final = 255
#: Characters of a layer's name: as many as may be read.
MAX_LAYER: Final = MAX_LAYER_NAME
#: Characters of any other short answer.
MAX_SHORT: Final = 300
#: Sizes left open, choices, inputs.
MAX_GIVEN: Final = 500
#: Axes of an input.
MAX_AXES: Final = 16
#: Samples per batch.
MAX_BATCH: Final = 1_000_000
#: Samples, and any one size.
MAX_NUMBER: Final = 2**40
#: Which of several readings.
MAX_CHOICE: Final = 1_000

#: Seconds that the head of a request may take, and then its body.
HEAD_SECONDS: Final = 15.0
BODY_SECONDS: Final = 120.0
#: Seconds that a question may wait for a worker that is free.
WAIT_SECONDS: Final = 60.0
#: Seconds that a worker may take for an answer; then it is killed.
ANSWER_SECONDS: Final = 60.0
#: Seconds of the processor for what would make the networks cheaper, which takes longest by far.
REWRITE_SECONDS: Final = 15.0
#: Seconds that a worker may take to start.
START_SECONDS: Final = 120.0
#: Seconds that open requests have when the server is told to end.
GRACE_SECONDS: Final = 10
#: Questions that wait; a further one is told to come back.
MAX_WAITING: Final = 200
#: Connections at a time.
MAX_CONNECTIONS: Final = 1_000

#: Memory of a worker, as the system counts what it has written to.
WORKER_DATA_BYTES: Final = 2 * 1024 * MIB
#: Address space of a worker, with libraries and the files that it maps.
WORKER_SPACE_BYTES: Final = 8 * 1024 * MIB
#: Any one file that a worker writes: weights that it unpacks from an archive, for a moment.
WORKER_FILE_BYTES: Final = 1024 * MIB
#: A worker is replaced after so many questions, or when it keeps so much memory.
WORKER_QUESTIONS: Final = 500
WORKER_KEPT_BYTES: Final = 512 * MIB
#: An answer of a worker.
MAX_ANSWER_BYTES: Final = 64 * MIB

#: What the store keeps: files and questions, which links need, and answers, which can be made anew.
STORE_BYTES: Final = 2 * 1024 * MIB
STORE_ANSWER_BYTES: Final = 512 * MIB
