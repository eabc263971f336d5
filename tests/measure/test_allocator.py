"""The allocator of a measuring process keeps what is freed."""

import platform
import subprocess
import sys

import pytest

#: Frees blocks that are large together, again and again; prints how many pages were mapped for it.
LOOP = """
import resource, sys
{before}
def run():
    blocks = [b"x" * (3 * 2**20 + place) for place in range(8)]
for _ in range(5):
    run()
start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    run()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - start)
"""
SETTLED = "from convcost.measure.worker import settle_allocator; settle_allocator()"


def faults(before):
    script = LOOP.format(before=before)
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return int(found.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the thresholds are glibc's")
def test_freed_blocks_are_not_given_back_and_mapped_again():
    usual, settled = faults(""), faults(SETTLED)
    assert usual > 20 * 8  # the loop shows it at all
    assert settled < usual / 10
