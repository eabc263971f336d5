"""Shape arithmetic: what nodes compute from sizes, worked out while reading.

``known`` are tensors whose elements are known, ``scalars`` the elements, ``sizes`` rules for whole
shapes; ``operators`` and ``known_movement`` work nodes out, ``folding`` does so for a graph.
"""
