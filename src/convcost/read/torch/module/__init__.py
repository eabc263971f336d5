"""A live `torch.nn.Module` as a network.

The module's forward pass runs on a copy whose tensors have no memory, once per batch size, and each
operator that it calls becomes a layer (`aten`: the name table). The module itself is not touched.
"""
