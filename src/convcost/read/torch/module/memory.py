"""Which tensor of a pass is which operand, also where tensors share memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass, field
from convcost.read.shared_axes import AxisNames
from convcost.read.torch.module.values import Operand, Stored, dtype_name

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True, eq=False)
class Memory:
    """The tensors of the first pass.

    Tensors are known by identity: the recorded pass keeps all of them alive.

    Attributes:
        stored: parameters and buffers, by identity of the tensor that stands for each.
    """

    stored: Mapping[int, Stored]
    _operands: dict[int, Operand] = field(default_factory=dict)
    #: memory -> the tensors that see it
    _sharing: dict[int, list[Any]] = field(default_factory=dict)
    #: tensor -> results of layers that wrote into its memory since it was made
    _written: dict[int, list[Operand]] = field(default_factory=dict)

    def operand(self, tensor: Any) -> Operand:
        """What a tensor is."""
        found = self._operands.get(id(tensor))
        return self._first_seen(tensor) if found is None else found

    def register(self, tensor: Any, operand: Operand) -> None:
        """From now on the tensor is this operand."""
        self._operands[id(tensor)] = operand
        sharing = self._sharing.setdefault(memory_of(tensor), [])
        if not any(other is tensor for other in sharing):
            sharing.append(tensor)

    def written(self, tensor: Any, result: Operand) -> None:
        """The tensor was changed in place: what else sees its memory depends on the result."""
        for other in self._sharing.get(memory_of(tensor), ()):
            if other is not tensor:
                self._written.setdefault(id(other), []).append(result)

    def later_writes(self, tensor: Any) -> list[Operand]:
        """What was written into a tensor's memory since it was made or last asked about."""
        return self._written.pop(id(tensor), [])

    def whole(self, stored: Stored) -> Operand:
        """A parameter or buffer itself, of which `stored` is a view."""
        key = next(key for key, known in self.stored.items() if known.name == stored.name)
        if key not in self._operands:
            self._operands[key] = _of_stored(self.stored[key], self.stored[key].tensor)
        return self._operands[key]

    def _first_seen(self, tensor: Any) -> Operand:
        """A tensor that no call has made: stored, or made behind the recorder's back."""
        known = self.stored.get(id(tensor))
        if known is None:
            for other in self._sharing.get(memory_of(tensor), ()):
                if other.shape == tensor.shape:
                    return self._operands[id(other)]
            known = Stored(None, tensor, learned=False)
        operand = _of_stored(known, tensor)
        self.register(tensor, operand)
        return operand


def memory_of(tensor: Any) -> int:
    """The identity of the memory that a tensor sees."""
    return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - the only identity it has


def _of_stored(stored: Stored, tensor: Any) -> Operand:
    shape = tuple(tensor.shape)
    names = AxisNames([None] * len(shape))
    return Operand(shape, dtype_name(tensor.dtype), names, stored=stored)
