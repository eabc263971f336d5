"""Keras's optimizers as TensorFlow graphs: run as a script, since Keras keeps its first backend.

Takes a JSON object, name -> [class, settings]; prints one: name -> element-wise operations of an
update of one variable.
"""

from __future__ import annotations

import json
import sys
from typing import Any

#: Operations that move values and compute none.
MOVES = {"Placeholder", "Identity", "IdentityN", "ReadVariableOp", "AssignVariableOp"}


def operations(kind: str, settings: dict[str, Any]) -> int:
    """Nodes of the graph whose results are as large as the variable."""
    import keras
    import tensorflow as tf

    variable = keras.Variable(tf.zeros((7, 3)))
    optimizer = getattr(keras.optimizers, kind)(0.01, **settings)
    optimizer.build([variable])
    step = tf.function(lambda gradient: optimizer.apply([gradient], [variable]))
    graph = step.get_concrete_function(tf.TensorSpec((7, 3))).graph
    found = 0
    for operation in graph.get_operations():
        assigns = operation.type in {"AssignAddVariableOp", "AssignSubVariableOp"}
        tensors = list(operation.inputs)[1:2] if assigns else operation.outputs
        sized = any(tensor.shape.rank == 2 for tensor in tensors)
        found += sized and operation.type not in MOVES
    return found


if __name__ == "__main__":
    asked: dict[str, tuple[str, dict[str, Any]]] = json.loads(sys.argv[1])
    print(json.dumps({name: operations(*rule) for name, rule in asked.items()}))  # noqa: T201
