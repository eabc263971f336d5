"""What times depend on, against the ledger."""

import numpy as np
import pytest

from convcost.count import Workload, count
from convcost.network.dims import symbol
from convcost.predict import columns
from convcost.predict.geometry import kind_of
from convcost.predict.work import Works
from convcost.zoo import load

NETWORKS = ("seed000", "seed001-cnn", "resnet18?image=64", "mobilenet?image=64", "googlenet")


def forward(network, workload):
    works = Works(network, workload, symbolic=bool(network.symbols))
    return [works.of((layer.name,), "forward") for layer in network.layers if layer.inputs]


@pytest.mark.parametrize("name", NETWORKS)
def test_works_of_all_layers_are_the_ledger(name):
    workload = Workload(batch=4, training=True)
    network = load(name)
    total = count(network, workload).total
    bound = network.bind({"N": 4})
    works = Works(bound, workload)
    names = [layer.name for layer in bound.layers if layer.inputs]
    once = [works.of((each,), "forward") for each in names]
    back = [works.of((each,), "backward") for each in names]
    assert sum(work.macs for work in once) == total.forward.macs
    assert sum(work.elementwise for work in once) == total.forward.elementwise
    assert sum(work.weights for work in once) == total.forward.weight_bytes
    backward = total.backward_data + total.backward_weights
    assert sum(work.macs for work in back) == backward.macs
    assert sum(work.read + work.weights for work in back) == backward.read_bytes
    assert sum(work.written for work in back) == backward.write_bytes


def test_what_stays_inside_a_group_is_not_moved():
    network = load("resnet18").bind({"N": 2})
    works = Works(network, Workload(batch=2))
    group = ("layer1.0.conv2", "layer1.0.bn2", "layer1.0.add", "layer1.0.relu_1")
    work = works.of(group, "forward")
    image = 2 * 64 * 56 * 56 * 4
    assert (work.read, work.written, work.operands, work.parts) == (2 * image, image, 2, 4)
    assert work.kind == "conv"
    assert (work.channels_in, work.channels_out, work.taps, work.reduction) == (64, 64, 9, 576)
    assert (work.padding, work.width, work.positions) == (4, 56, 2 * 56 * 56)


def test_asymmetric_and_grouped_windows():
    network = load("inception-v3").bind({"N": 1})
    works = Works(network, Workload())
    convolutions = (layer.name for layer in network.layers if layer.op.kind == "conv")
    found = {works.of((name,), "forward") for name in convolutions}
    assert {(7, 1), (7, 7)} <= {(work.taps, work.tall) for work in found}


def test_arrays_are_as_one_by_one():
    network = load("seed003?kernel=5&padding=valid")
    symbolic = forward(network, Workload())
    batches = np.array([1, 2, 32, 128])
    found = columns.sizes(symbolic, {"N": batches})
    for place, batch in enumerate(batches):
        bound = forward(network.bind({"N": int(batch)}), Workload(batch=int(batch)))
        assert (found[:, place] == columns.sizes(bound)).all()
    assert symbolic[0].batch == symbol("N")


def test_terms_are_as_by_hand():
    network = load("seed000").bind({"N": 1})
    (conv,) = (work for work in forward(network, Workload()) if work.kind == "conv")
    rows = columns.sizes([conv])
    terms = dict(zip(columns.TERMS, columns.terms(rows)[0], strict=True))
    assert terms["launch"] == 1
    assert terms["macs"] == 32 * 32 * 32 * 27
    assert terms["macs over filled inputs"] == terms["macs"] * 16 / 3
    assert terms["macs over filled outputs"] == terms["macs"]
    traffic = (32 * 32 * 3 + 32 * 32 * 32) * 4
    assert terms["bytes in the near cache"] == traffic
    assert terms["bytes beyond it"] == terms["bytes beyond the far cache"] == 0
    assert terms["weight bytes"] == (27 * 32 + 32) * 4


def test_update_and_loss_and_loop():
    network = load("seed001-mlp").bind({"N": 8})
    works = Works(network, Workload(batch=8, training=True, optimizer="adam"))
    update, loss, loop = (works.of((), phase) for phase in ("update", "loss", "loop"))
    total = count(load("seed001-mlp"), Workload(batch=8, training=True, optimizer="adam")).total
    assert (update.read, update.written) == (total.update.read_bytes, total.update.write_bytes)
    assert update.parts == sum(p.trainable for p in network.table.values())
    assert loss.elements == 8 * 10
    assert loop.parts == len(network.layers)


def test_a_depthwise_convolution_is_one_however_it_is_written():
    network = load("mobilenet")
    kinds = {kind_of(x.op, network.call(x)) for x in network.layers if "conv" in x.op.kind}
    assert kinds == {"conv", "depthwise_conv"}


def test_a_work_knows_the_run_around_it():
    network = load("seed001-cnn").bind({"N": 8})
    total = count(load("seed001-cnn"), Workload(batch=8)).total.forward
    works = Works(network, Workload(batch=8))
    for work in (works.of(("conv2d_36",), "forward"), works.of((), "loop")):
        assert (work.run_written, work.run_weights, work.run_macs) == (
            total.write_bytes, total.weight_bytes, total.macs,
        )  # fmt: skip


@pytest.mark.parametrize(("name", "layer", "last"), [
    ("seed001-cnn", "conv2d_37", 1), ("seed001-cnn", "flatten_17", 1),
    ("seed001-cnn", "dense_40", 0), ("resnet18", "conv1", 0), ("resnet18", "fc", 0),
])  # fmt: skip
def test_how_images_lie(name, layer, last):
    work = Works(load(name).bind({"N": 2}), Workload(batch=2)).of((layer,), "forward")
    assert work.channels_last == last
