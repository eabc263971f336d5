"""The formats that are read: one file each, found by `convcost.read.reader`.

A file defines ``READER``, a `convcost.read.reader.Reader`, or ``LIVE``, a `LiveReader`. It imports
at module level nothing but the standard library and what it needs to recognise its format.
"""
