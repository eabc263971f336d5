"""Every limit on what is read, in one place: sources are untrusted.

They are far above any real network, and low enough that a hostile file ends in a message within
seconds and a bounded amount of memory.
"""

from __future__ import annotations

#: Largest text: a post, a mail, a notebook.
MAX_TEXT_BYTES = 2**20
#: Its lines.
MAX_TEXT_LINES = 20_000

#: Largest configuration of a model, as uncompressed JSON.
MAX_CONFIG_BYTES = 64 * 2**20
#: Values in it: each takes some 70 bytes once it is parsed.
MAX_CONFIG_VALUES = 5_000_000

#: Layers of a network, nested models and repeated calls written out: some ten seconds of work.
MAX_LAYERS = 100_000
#: Outputs of one layer.
MAX_OUTPUTS = 1_000
#: Models inside models.
MAX_MODEL_DEPTH = 32
#: Letters of a layer's name; a nested model's name stands before those of its layers.
MAX_NAME = 1_000
#: Any one size, count or kernel.
MAX_SIZE = 2**40

#: Table of contents of a ZIP archive.
MAX_ZIP_DIRECTORY_BYTES = 16 * 2**20
#: Uncompressed bytes per compressed byte of a member, from a megabyte on.
MAX_ZIP_RATIO = 200
#: Weights that have to be unpacked before they can be read.
MAX_UNPACKED_BYTES = 16 * 2**30

#: One attribute of an HDF5 file.
MAX_ATTRIBUTE_BYTES = 64 * 2**20
#: Arrays and groups with a model's weights in an HDF5 file.
MAX_STORED = 200_000
#: Groups inside groups.
MAX_GROUP_DEPTH = 64
#: Bytes of an array per byte that the file stores for it, from 64 MiB on.
MAX_STORED_RATIO = 1_000
