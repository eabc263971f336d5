"""What is known of the rows where a published table and an exact count disagree.

Every figure in these texts is counted when it is asked for; a text is only the frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from networks import chain, conv, counted, depthwise, load, mobilenet_v2, total

from convcost.count.conventions.difference import count_as

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Network

Key = tuple[str, str, str, str]

_GOOGLENET = "GoogLeNet 224"
_MOBILENET = "MobileNet v1 1.0 224"


def finding(key: Key, verdict: str) -> str:
    """The text for a row; empty where there is nothing to say."""
    found = _REMARKS if verdict == "exact" else _FINDINGS
    text = found.get(key)
    if text is None and verdict == "differs" and key[0] == "mobilenet_v2_slim":
        text = _kernels
    return text(key) if text is not None else ""


def _figures(network: Network) -> str:
    return f"{total(network, 'params'):,} weights and {total(network, 'MACs') / 1e6:.2f}M MACs"


def _stem(key: Key) -> str:
    del key
    dense = chain(224, 3, conv(64, 7, 2))
    separable = chain(224, 3, depthwise(7, 2, multiplier=8), conv(64, 1))
    return (
        f"not the dense 7x7/2 that the row names ({_figures(dense)}) but a depthwise separable one "
        f"with multiplier 8: {_figures(separable)}"
    )


def _module_5a(key: Key) -> str:
    del key

    def module(reduced: int) -> tuple[int, int]:
        branches = (
            chain(7, 832, conv(256, 1)),
            chain(7, 832, conv(160, 1), conv(320, 3)),
            chain(7, 832, conv(reduced, 1), conv(128, 5)),
            chain(7, 832, conv(128, 1)),
        )
        return (
            sum(total(branch, "params") for branch in branches),
            sum(total(branch, "MACs") for branch in branches),
        )

    own, other = module(32), module(48)
    return (
        f"the row's own columns give {own[0] / 1024:.0f}K and {own[1] / 1e6:.1f}M; 48 instead of "
        f"32 filters before the 5x5 would give {other[0] / 1024:.0f}K and {other[1] / 1e6:.1f}M"
    )


def _columns(key: Key) -> str:
    return f"the row's own columns give {int(counted(*key)) / 1024:.1f}K"


def _sum(key: Key) -> str:
    stem = counted(key[0], key[1], "conv1 7x7/2 (112x112x64)", "MACs")
    return (
        f"the columns as written cost {int(counted(*key)) / 1e6:.1f}M; the stem of the first row "
        f"alone has {int(stem) / 1e6:.0f}M, where the table adds 34M"
    )


def _swapped(key: Key) -> str:
    kinds = ("Conv 1x1", "Conv DW 3x3", "Conv 3x3", "Fully Connected")
    figures = {kind: int(counted(key[0], key[1], kind, key[3])) for kind in kinds}
    share = 100 * figures["Conv 3x3"] / sum(figures.values())
    return f"two digits changed places: {share:.2f}%; the column as printed adds up to 99.29%"


def _slim(key: Key) -> str:
    return f"counted {int(counted(*key)) / 1e6:.1f}M; the paper's own figures agree with the count"


def _documented(key: Key) -> str:
    return f"counted {int(counted(*key)) / 1e6:.1f}M, as in the paper's table 4 (569M)"


def _two_strides(key: Key) -> str:
    del key
    keras, other = (count_as(load(name), "paper") for name in ("resnet50-keras", "resnet50"))
    return (
        f"this ResNet-50 has its stride on the 1x1 ({keras.operations / 1e6:.1f}M MACs); with it "
        f"on the 3x3 it is another network ({other.operations / 1e6:.1f}M)"
    )


def _other_network(key: Key) -> str:
    return f"that of Keras has {int(counted(*key)):,}: another implementation"


def _more_than_products(key: Key) -> str:
    macs = int(counted(*key)) / 1e6
    return f"convolutions and linear layers alone are {macs:.1f}M: the rest is not multiply-adds"


def _kernels(key: Key) -> str:
    kernels = total(mobilenet_v2(key[1]), "params") / 1e6
    return f"kernels alone, without biases and normalisation, are {kernels:.2f}M"


def _no_biases(key: Key) -> str:
    away = int(counted(*key))
    return (
        f"4 per channel would vanish from that of Keras ({away:,}), whose convolutions have "
        f"biases; 3 per channel are {away // 4 * 3:,}: the network that was folded has none"
    )


def _first(set_: str, model: str, row: str) -> Mapping[Key, Callable[[Key], str]]:
    return {(set_, model, row, quantity): _stem for quantity in ("params", "MACs")}


_SLIM = [*(("0.75", image) for image in (224, 192, 160, 128)), ("0.25", 192)]

_FINDINGS: Mapping[Key, Callable[[Key], str]] = {
    **_first("googlenet_t1", _GOOGLENET, "conv1 7x7/2 (112x112x64)"),
    **{("googlenet_t1", _GOOGLENET, "inception (5a)", what): _module_5a
       for what in ("params", "MACs")},
    **{("googlenet_t1", _GOOGLENET, f"inception ({name})", "params"): _columns
       for name in ("4c", "4d", "5b")},
    ("googlenet_t1", _GOOGLENET, "TOTAL", "MACs"): _sum,
    ("mobilenet_t2", _MOBILENET, "Conv 3x3", "share of mult-adds"): _swapped,
    **{("mobilenet_v1_slim", f"MobileNet v1 {alpha} {image}", "network", "MACs"): _slim
       for alpha, image in _SLIM},
    ("keras_doc", "MobileNet v1 1.0 224 (TF Keras docs)", "network", "MACs"): _documented,
    ("kito_bn_fold", "ResNet152 224", "before -> after BN folding", "params"): _no_biases,
    ("xception", "Inception V3 (as in Xception paper)", "network", "params"): _other_network,
    ("xception", "Xception 299", "network", "MACs"): _more_than_products,
    ("inception_v3", "Inception-v3 299", "network", "MACs"): _more_than_products,
}  # fmt: skip

#: Of rows that are right.
_REMARKS: Mapping[Key, Callable[[Key], str]] = {
    ("kito_bn_fold", "ResNet50 224", "before -> after BN folding", "params"): _two_strides,
}
