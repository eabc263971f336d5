"""torchinfo: "mult-adds" from the parameters of modules without parts, and their results' sizes.

Source: LayerInfo.calculate_macs and ModelStatistics of torchinfo/layer_info.py and
model_statistics.py of 1.8.0. A parameter called weight or bias counts once for each sample; for
each position where the class is called something with Conv; for each sample and step where
weight or bias is only a part of its name, as in recurrent layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention, Site
from convcost.count.conventions.sites import number
from convcost.count.conventions.torch_classes import (
    cells,
    ends_call,
    macs,
    modules_called,
    positions,
    steps,
    torch_class,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.module import Module
    from convcost.network.network import Network


def _charge(site: Site) -> Charge:
    name = torch_class(site)
    if not name or _has_parts(site):
        kind = name if "." in name else f"nn.{name}"
        return _left_out(site, f"torchinfo counts modules without parts only, not {kind}")
    if not ends_call(site):
        return _left_out(site, "counted with the last layer of the module's call")
    operations = _operations(name, site)
    if operations == macs(site):
        return Charge(operations)
    if not operations:
        return _left_out(
            site, "torchinfo goes by the parameters that a module calls weight or bias"
        )
    return _explained(name, site, operations)


def _left_out(site: Site, because: str) -> Charge:
    return Charge(0, because, fault=True) if macs(site) else Charge(0)


def _has_parts(site: Site) -> bool:
    if site.module is None:
        return site.layer.op.kind == "multi_head_attention"
    return _is_whole(site.module, site.network.modules)


def _is_whole(module: Module, modules: Iterable[Module]) -> bool:
    inside = f"{module.path}." if module.path else ""
    return any(other.path.startswith(inside) and other is not module for other in modules)


def _operations(name: str, site: Site) -> int:
    if any(True for _ in cells(site.layer.op)):
        return _steps(site) * _named(site)
    if "Conv" in name:
        return _positions(site) * _named(site)
    return number(site.call.outputs[0].axes[0].size) * _named(site)


def _named(site: Site) -> int:
    """Numbers in the parameters that have weight or bias in their names."""
    if site.module is None:
        return sum(number(row.elements) for row in site.call.parameters if row.learned)
    exact = not any(True for _ in cells(site.layer.op))
    names = {id_: id_.rpartition(".")[2] for id_ in site.module.parameters}
    return sum(
        number(site.network.table[id_].elements)
        for id_, name in names.items()
        if name in {"weight", "bias"} or (not exact and ("weight" in name or "bias" in name))
    )


def _steps(site: Site) -> int:
    """The product of the first two sizes of the result: for a single step, samples times units."""
    first, second = site.call.outputs[0].axes[:2]
    if site.module is None and not torch_class(site).endswith("Cell"):
        return steps(site)
    return number(first.size) * number(second.size)


def _positions(site: Site) -> int:
    result = site.call.outputs[0]
    if site.module is None:
        return positions(result)
    return number(result.elements) // number(result.axes[1].size)


def _explained(name: str, site: Site, operations: int) -> Charge:
    if not macs(site):
        because = "the parameters of a module without MACs, once per sample"
        return Charge(operations, because, fault=name == "Embedding")
    if name.endswith("Cell"):
        because = "a cell's parameters are counted once per unit instead of once"
        return Charge(operations, because, fault=True)
    if name.startswith("ConvTranspose") and operations > 2 * macs(site):
        because = "a transposed convolution is charged per position of its output, not of its input"
        return Charge(operations, because, fault=True)
    if operations < macs(site):
        because = "a linear layer is counted once per sample, not once per row of its input"
        return Charge(operations, because, fault=True)
    if any(True for _ in cells(site.layer.op)):
        return Charge(operations, "1 more per unit for each bias of a gate")
    return Charge(operations, "1 more per result for the bias")


def _parameters(network: Network) -> int:
    """Those of modules without parts, tied ones once for each, and what wholes hold besides."""
    if not network.modules:
        return sum(number(row.elements) for row in network.table.values() if row.learned)
    run = _run(network)
    left: dict[str, int] = {}
    for module in reversed(run):
        inside = f"{module.path}." if module.path else ""
        parts = [path for path in left if path.startswith(inside)]
        held = {id_ for m in network.modules if m is module or m.path.startswith(inside)
                for id_ in m.parameters}  # fmt: skip
        stored = sum(number(network.table[id_].elements) for id_ in held)
        left[module.path] = stored - sum(left[path] for path in parts)
    return sum(max(rest, 0) for rest in left.values())


def _run(network: Network) -> tuple[Module, ...]:
    """Modules that make a layer, or of which a part does."""
    called = modules_called(network)
    return tuple(
        module
        for module in network.modules
        if module.path in called
        or any(path.startswith(f"{module.path}." if module.path else "") for path in called)
    )


CONVENTION = Convention(
    name="torchinfo",
    version="1.8.0",
    unit="MAC",
    says="mult-adds",
    counts=(
        "calls of modules without parts: parameters times samples, times positions in "
        "convolutions, times steps in recurrent layers; biases and normalisations among them"
    ),
    charge=_charge,
    parameters=_parameters,
)
