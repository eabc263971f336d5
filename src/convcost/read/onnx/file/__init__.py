"""The format of ONNX files: bytes -> messages. It knows no operator.

``wire`` cuts fields without copying tensor data, ``scan`` keeps the limits and the place of damage;
``parse`` reads a whole file (``graphs``, ``nodes``, ``declared``, ``stored``, ``sparse``) into
``messages``. ``place`` is where the bytes are, ``external`` other files beside it, ``numbers`` the
arrays, ``dtypes`` their types.
"""
