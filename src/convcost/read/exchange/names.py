"""How a file of the format begins."""

from __future__ import annotations

import re

#: What the format's name begins with, whatever its version.
FAMILY = "convcost/network/"
#: The version that is written, and the only one that is read.
FORMAT = f"{FAMILY}1"

#: The key that names an op's kind beside its attributes.
KIND = "kind"

#: The beginning of a file, a byte order mark allowed; the group is the version.
HEAD = re.compile(rf'(?:\xef\xbb\xbf)?\s*\{{\s*"format"\s*:\s*"{FAMILY}([^"]*)"'.encode("latin-1"))
