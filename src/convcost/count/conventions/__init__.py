"""How other tools count, reproduced so that a difference can be explained: one file per tool.

A file defines ``CONVENTION``, a `convcost.count.conventions.convention.Convention`, and is found by
its folder.
"""
