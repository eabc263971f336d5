"""A worker that does what the first name of the zoo in a question says, and knows no networks.

It speaks what `convcost.serve.worker` speaks, with nothing but the standard library: it starts at
once.
"""

import json
import os
import sys
import time


def answer(asked):
    what = asked["zoo"][0]
    if what == "hang":
        time.sleep(600)
    if what == "die":
        os._exit(3)
    if what == "kill":
        os.kill(os.getpid(), 9)
    if what == "shout":
        return {"answer": "x" * 2_000_000}
    if what == "raise":
        return {"error": {"kind": "", "message": "ValueError: unforeseen", "hint": None}}
    if what == "slow":
        time.sleep(0.3)
    if what in ("memory", "source"):
        return {"refusal": json.dumps({"kind": what, "message": "too much"})}
    made = {
        "question": " ".join(asked["zoo"]),
        "made_by": str(os.getpid()),
        "verdict": [what],
        **dict.fromkeys(("overview", "counts", "sweep"), None),
        "networks": [],
        "rewrites": [],
        "commands": {},
        "body": "",
        "page": "",
        "csv": "",
    }
    return {"answer": json.dumps(made)}


if __name__ == "__main__":
    sys.stdin.readline()
    print(json.dumps({"ready": {"versions": {}}}), flush=True)  # noqa: T201
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(json.loads(line)["ask"]))), flush=True)  # noqa: T201
