"""Networks as PyTorch modules.

`module` is the way in. Every op has a rule in `rules`, found by the kind of the op. `graph`
collects layers of `torch.nn` and the calls between them as a `torch.fx` graph, whose generated
``forward`` reads like a hand-written one; it keeps track of the order of the axes, since PyTorch's
convolutions want channels first, whatever the source's order is.
"""
