"""Requests that schemathesis makes up from the server's own OpenAPI, against a server of its own.

    python benchmarks/serve/fuzz.py [--examples 1200] [--schemathesis schemathesis] [--seed 1]

Needs `pip install schemathesis`. A response of 500 or more, one that the description does not have,
or one of another form than it says ends it with 1; so does anything that the server complains of.
That a question which fits the schema is answered is not asked: a text may hold no network.
"""

import argparse
import subprocess
import sys
import tempfile
import urllib.request

from started import server

_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance,negative_data_rejection,"
    "unsupported_method"
)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    # of each operation and phase: about nine times as many cases
    parser.add_argument("--examples", type=int, default=1_200)
    parser.add_argument("--schemathesis", default="schemathesis")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    with server(workers=options.workers) as started, tempfile.TemporaryDirectory() as folder:
        fuzzed = subprocess.run(
            [
                options.schemathesis, "run", f"{started.address}/api/v1/openapi.json",
                "--checks", _CHECKS, "--max-examples", str(options.examples), "--mode", "all",
                "--phases", "examples,coverage,fuzzing,stateful", "--seed", str(options.seed),
                "--request-timeout", "120", "--continue-on-failure",
            ],
            check=False, cwd=folder,  # it leaves files there
        )  # fmt: skip
        with urllib.request.urlopen(f"{started.address}/api/v1") as response:  # noqa: S310 - ours
            lives = response.status == 200
        said = started.complaints
    print(f"the server {'lives' if lives else 'is gone'}; it complained of: {said or 'nothing'}")
    return fuzzed.returncode or (0 if lives and not said else 1)


if __name__ == "__main__":
    sys.exit(main())
