"""Limits on what is read: sources are untrusted.

They are far above any real network, and low enough that a hostile file ends in a message within
seconds and a bounded amount of memory. Beside what they bound are the limits of following pasted
code (`convcost.read.keras.code`), and how far solving looks (`convcost.read.keras.solve.bounds`).
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
#: Layers inside layers: wrappers, cells.
MAX_LAYER_DEPTH = 32
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

#: An array of samples, as it is kept in memory.
MAX_DATA_BYTES = 4 * 2**30
#: Letters of the header in front of it: real ones have about a hundred.
MAX_DATA_HEADER = 1_000

#: One attribute of an HDF5 file.
MAX_ATTRIBUTE_BYTES = 64 * 2**20
#: Arrays and groups with a model's weights in an HDF5 file.
MAX_STORED = 200_000
#: Groups inside groups.
MAX_GROUP_DEPTH = 64
#: Bytes of an array per byte that the file stores for it, from 64 MiB on.
MAX_STORED_RATIO = 1_000

#: Nodes of an ONNX file, those of inner graphs and functions included: scanning these takes some
#: twenty seconds, making layers of them some minutes.
MAX_NODES = 2_000_000
#: Tensors that it stores.
MAX_TENSORS = 2_000_000
#: Values whose types it declares.
MAX_VALUES = 2_000_000
#: Graphs inside graphs: bodies of If, Loop and Scan.
MAX_GRAPH_DEPTH = 32
#: Items of a list that is an attribute.
MAX_ATTRIBUTE_ITEMS = 10_000_000
#: Axes of a tensor: as many as NumPy has.
MAX_RANK = 64
#: An ONNX file in a file system that cannot map files into memory.
MAX_UNMAPPED_BYTES = 2 * 2**30
#: Elements of a tensor that shape arithmetic is worked out on.
MAX_KNOWN_ELEMENTS = 4_096
#: Terms of the formula of a size.
MAX_SIZE_TERMS = 64
#: Sizes that one of its terms is the product of, powers counted: all axes of a tensor, flattened.
MAX_SIZE_DEGREE = MAX_RANK
#: Nodes that functions and loops of an ONNX file are written out to.
MAX_WRITTEN_OUT = 100_000

#: A file in convcost's own format: it has room for `MAX_LAYERS`.
MAX_EXCHANGE_BYTES = 256 * 2**20
#: An attribute of an op that is a plain count, such as how many levels are stacked: some are looped
#: over.
MAX_COUNT = 10_000
#: Ops inside ops.
MAX_OP_DEPTH = 8
#: Letters of the formula of a size.
MAX_FORMULA = 10_000
#: Formulas inside formulas: divisions and maxima.
MAX_FORMULA_DEPTH = 32
#: Open sizes that one size may depend on.
MAX_FORMULA_NAMES = 64
#: Any exponent in a formula.
MAX_FORMULA_POWER = 64
#: Bits of a size when every open size is as large as it may be.
MAX_FORMULA_BITS = 4_096
#: Terms of the product of all sizes of a tensor.
MAX_TENSOR_TERMS = 1_000
