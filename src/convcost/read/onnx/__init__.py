"""ONNX files as networks: read from the bytes alone, nothing is run.

Two rooms of their own: ``file`` (bytes -> messages), ``arithmetic`` (sizes that nodes compute). The
network is made here::

    graph -> inputs, building (order, scope, site, step, values) -> rules -> assemble

``graph`` is the way in, ``rules`` has a rule per operator (``windows`` for those that slide),
``unkept`` tells what their ops do not keep.
"""
