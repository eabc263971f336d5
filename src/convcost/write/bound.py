"""Networks ready to be written: every size known, but perhaps the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import BATCH

if TYPE_CHECKING:
    from convcost.network.network import Network


def bound(network: Network, batch: int | None) -> Network:
    """The network with the batch set, or open where it is None.

    Raises:
        NetworkError: another size is open.
    """
    if batch is not None:
        network = network.bind({str(BATCH): batch})
    if opened := sorted(network.symbols - {str(BATCH)}):
        raise NetworkError(
            f"sizes that are not known: {', '.join(opened)}",
            hint=f"set them: network.bind({{'{opened[0]}': 32}}), or --dim {opened[0]}=32",
        )
    return network
