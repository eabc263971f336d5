"""Keras's own configurations, of Keras 1, 2 and 3, as `ModelConfig`.

The same JSON stands in a ``.keras`` archive, in an attribute of a ``.h5`` file and in what
``model.to_json()`` gives. It is read as data: no class is looked up, no function is unmarshalled.
"""

from convcost.read.keras.serial.document import parse
from convcost.read.keras.serial.model import model_of

__all__ = ["model_of", "parse"]
