"""Networks as Keras 3 models.

`model` is the way in. Every op has a rule in `rules`, found by the kind of the op. `graph` calls
layers of Keras, and functions of `keras.ops` where it has no layer, on symbolic tensors; it keeps
track of the order of the axes, since Keras's convolutions want channels last, whatever the source's
order is. Only the public interface of `keras` is used, so that models run on each of its backends.
"""
