"""Reading a live PyTorch module leaves nothing behind: neither in it nor in PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

import convcost
from convcost.errors import SourceError
from support.torch_networks import figures

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn


class Stateful(nn.Module):  # type: ignore[name-defined, misc]
    """Changes everything that a forward pass can change."""

    def __init__(self, *, fails: bool) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.drop, self.fails, self.calls, self.seen = nn.Dropout(), fails, 0, []
        self.register_buffer("steps", torch.zeros(1))
        self.register_buffer("places", torch.arange(4))
        self.plain = torch.ones(2)

    def forward(self, x: Any) -> Any:
        self.calls += 1
        self.steps += 1
        self.places.add_(1)
        self.plain.mul_(2)
        self.seen.append(1)
        self.train()
        self.conv.weight.data.zero_()
        x = self.drop(self.norm(self.conv(x))) + torch.rand(1)
        if self.fails:
            raise RuntimeError("on purpose")
        return x


def state_of(module: Any) -> Any:
    return (
        {name: value.clone() for name, value in module.state_dict().items()},
        [part.training for part in module.modules()],
        [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules()],
        [sorted(vars(part)) for part in module.modules()],
        (module.calls, list(module.seen), module.plain.clone()),
        torch.random.get_rng_state(),
        (torch.backends.mha.get_fastpath_enabled(), torch.is_grad_enabled()),
        [id(f) for f in (nn.Module.__call__, nn.functional.conv2d, torch.matmul, torch.Tensor.add)],
        torch.is_inference_mode_enabled(),
        torch._C._len_torch_dispatch_stack(),
    )


def same(left: Any, right: Any) -> bool:
    if isinstance(left, torch.Tensor):
        return bool(torch.equal(left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("batch_axis", [0, None])
def test_the_module_stays_as_it_is(*, fails: bool, training: bool, batch_axis: int | None) -> None:
    module = Stateful(fails=fails).train(training)
    before = state_of(module)
    if fails:
        with pytest.raises(SourceError, match="on purpose"):
            convcost.read(module, inputs=torch.ones(2, 3, 8, 8), batch_axis=batch_axis)
    else:
        convcost.read(module, inputs=torch.ones(2, 3, 8, 8), batch_axis=batch_axis)
    assert same(before, state_of(module))
    # and a later count is not doubled
    plain = nn.Conv2d(3, 4, 3)
    assert figures(convcost.read(plain, inputs=(1, 3, 8, 8)))[0] == 36 * 27 * 4


def test_what_cannot_be_copied_is_said() -> None:
    import threading

    module = nn.Linear(2, 2)
    module.lock = threading.Lock()
    with pytest.raises(SourceError, match="cannot be copied"):
        convcost.read(module, inputs=(1, 2))
