"""``.h5`` files of Keras 1 to 3, ``.keras`` archives and folders, made by hand; and real files."""

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import convcost
from convcost.errors import MissingFramework, SourceError
from convcost.network.network import Network

Json = dict[str, Any]
Arrays = dict[str, Any]

MODELS = Path(__file__).parents[4] / "shared" / "data" / "models"


def dense(name: str, units: int, **config: Any) -> Json:
    return {"class_name": "Dense", "config": {"name": name, "units": units, **config}}


def norm(name: str) -> Json:
    return {"class_name": "BatchNormalization", "config": {"name": name}}


def sequential(*layers: Json, name: str = "net") -> Json:
    first = {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [None, 6]}}
    return {"class_name": "Sequential", "config": {"name": name, "layers": [first, *layers]}}


def nested(*layers: Json, name: str) -> Json:
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}


def random(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).random(shape, dtype=np.float32)


def write_h5(path: Path, config: Json | None, layers: dict[str, Arrays], *, split: bool = False,
             root: str = "model_weights") -> Path:  # fmt: skip
    """A file as Keras 1, 2 and 3 lay it out; `split` as Keras splits long lists of names."""
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        group = file.create_group(root) if root else file
        names = [name.encode() for name in layers]
        if split:
            group.attrs["layer_names0"], group.attrs["layer_names1"] = names[:1], names[1:]
        else:
            group.attrs["layer_names"] = names
        for layer, arrays in layers.items():
            own = group.create_group(layer)
            own.attrs["weight_names"] = [name.encode() for name in arrays]
            for name, values in arrays.items():
                own.create_dataset(name, data=values)
    return path


def weights_of(arrays: Arrays) -> bytes:
    """The weights of a ``.keras`` archive."""
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values)
    return data.getvalue()


def write_keras(path: Path, config: Json, arrays: Arrays, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights_of(arrays))
    return path


def values(network: Network) -> dict[str, Any]:
    """Every parameter's numbers; all of them have to be there and of the right shape."""
    found = {}
    for id_, parameter in network.table.items():
        assert parameter.values is not None, id_
        found[id_] = parameter.values()
        assert found[id_].shape == parameter.shape
    return found


KERNEL, BIAS = random(6, 4), random(4)
STATISTICS = {name: random(4) + number for number, name in enumerate("abcd")}


@pytest.mark.parametrize("suffix", [":0", ""])
@pytest.mark.parametrize("split", [False, True])
def test_arrays_of_an_h5_file(tmp_path: Path, suffix: str, split: bool) -> None:
    gamma, beta, mean, variance = STATISTICS.values()
    path = write_h5(
        tmp_path / "model.h5",
        sequential(dense("d", 4), norm("n")),
        {
            "d": {f"d_1/kernel{suffix}": KERNEL, f"d_1/bias{suffix}": BIAS},
            "n": {"n/gamma": gamma, "n/beta": beta, "n/mean": mean, "n/variance": variance},
        },
        split=split,
    )  # fmt: skip
    network = convcost.read(path)
    found = values(network)
    assert np.array_equal(found["d/kernel"], KERNEL)
    assert np.array_equal(found["n/moving_variance"], variance)
    total = convcost.count(network).total
    assert (total.parameters, total.statistics) == (6 * 4 + 4 + 8, 8)


@pytest.mark.parametrize("named", [True, False])
def test_a_nested_model_has_one_list_of_arrays(tmp_path: Path, named: bool) -> None:
    # all trainable ones first, then the others; without helpful names by their order alone
    gamma, beta, mean, variance = STATISTICS.values()
    second = random(4, 4)
    arrays = {"d/kernel": KERNEL, "d/bias": BIAS, "n/gamma": gamma, "n/beta": beta,
              "e/kernel": second, "e/bias": BIAS + 1, "n/moving_mean": mean,
              "n/moving_variance": variance}  # fmt: skip
    if not named:
        arrays = {f"array_{number}": array for number, array in enumerate(arrays.values())}
    inner = nested(dense("d", 4), norm("n"), dense("e", 4), name="inner")
    path = write_h5(tmp_path / "model.h5", sequential(inner), {"inner": arrays})
    network = convcost.read(path)
    found = values(network)
    assert np.array_equal(found["inner/n/moving_mean"], mean)
    assert np.array_equal(found["inner/e/kernel"], second)
    assert not network.notes


def test_arrays_of_a_keras_archive(tmp_path: Path) -> None:
    inner = nested(dense("first", 4), dense("second", 4), name="inner")
    path = write_keras(
        tmp_path / "model.keras",
        sequential(inner, dense("third", 3)),
        {
            "layers/sequential/layers/dense/vars/0": KERNEL,
            "layers/sequential/layers/dense/vars/1": BIAS,
            "layers/sequential/layers/dense_1/vars/0": random(4, 4),
            "layers/sequential/layers/dense_1/vars/1": BIAS + 1,
            "layers/dense/vars/0": random(4, 3),
            "layers/dense/vars/1": random(3),
            "optimizer/vars/0": np.int64(7),
        },
    )
    found = values(convcost.read(path))
    assert np.array_equal(found["inner/second/bias"], BIAS + 1)
    assert found["third/kernel"].shape == (4, 3)
    assert len(found) == 6


@pytest.mark.parametrize("group", ["conv_lstm2d", "conv_lst_m2d"], ids=["Keras 3", "Keras 2.12"])
def test_groups_are_found_by_either_spelling(tmp_path: Path, group: str) -> None:
    shape = {"batch_input_shape": [None, 5, 8, 8, 2]}
    config = {"name": "c", "filters": 4, "kernel_size": [3, 3], **shape}
    layers = [{"class_name": "ConvLSTM2D", "config": config}]
    arrays = {"0": random(3, 3, 2, 16), "1": random(3, 3, 4, 16), "2": random(16)}
    path = write_keras(
        tmp_path / "model.keras",
        {"class_name": "Sequential", "config": {"name": "net", "layers": layers}},
        {f"layers/{group}/cell/vars/{number}": array for number, array in arrays.items()},
    )
    assert [len(array) for array in values(convcost.read(path)).values()] == [3, 3, 16]


def test_a_compressed_archive_and_one_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = {"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS}
    path = write_keras(tmp_path / "x.bin", sequential(dense("d", 4)), arrays, zipfile.ZIP_DEFLATED)
    assert np.array_equal(values(convcost.read(path))["d/kernel"], KERNEL)

    class Stdin:
        buffer = io.BytesIO(path.read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert np.array_equal(values(convcost.read("-"))["d/kernel"], KERNEL)


def test_a_folder_with_the_members_of_an_archive(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(sequential(dense("d", 4))))
    arrays = {"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS}
    (tmp_path / "model.weights.h5").write_bytes(weights_of(arrays))
    assert np.array_equal(values(convcost.read(str(tmp_path)))["d/bias"], BIAS)


def test_a_custom_layer_has_a_parameter_per_array(tmp_path: Path) -> None:
    custom = {"class_name": "Capsules", "module": "mine", "config": {"name": "caps"}}
    path = write_keras(
        tmp_path / "model.keras",
        sequential(custom),
        {
            "layers/capsules/vars/0": random(3, 5),
            "layers/capsules/query_dense/vars/0": random(2),
            "layers/capsules/key_dense/vars/0": random(4),
            "layers/capsules/seed_generator/vars/0": np.zeros(2, np.uint32),
        },
    )
    network = convcost.read(path)
    assert [p.shape for p in network.table.values()] == [(3, 5), (2,), (4,)]
    assert convcost.count(network).total.parameters == 21
    values(network)


def test_arrays_that_do_not_fit_are_a_contradiction(tmp_path: Path) -> None:
    arrays = {"d": {"d/kernel": random(5, 4), "d/bias": BIAS}}
    network = convcost.read(write_h5(tmp_path / "m.h5", sequential(dense("d", 4)), arrays))
    (note,) = network.notes
    assert (note.kind, note.layer) == ("contradiction", "d")
    assert "(5, 4)" in note.text


def test_reading_does_not_load_and_loading_needs_the_file(tmp_path: Path) -> None:
    arrays = {"d": {"d/kernel": KERNEL, "d/bias": BIAS}}
    path = write_h5(tmp_path / "m.h5", sequential(dense("d", 4)), arrays)
    network = convcost.read(path)
    path.unlink()
    load = network.table["d/kernel"].values
    assert load is not None
    with pytest.raises(SourceError, match="cannot be read"):
        load()


def test_bfloat16(tmp_path: Path) -> None:
    bits = (KERNEL.view(np.uint32) >> 16).astype(np.uint16)
    path = tmp_path / "m.keras"
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=bits).attrs["dtype"] = "bfloat16"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(sequential(dense("d", 4, use_bias=False))))
        archive.writestr("model.weights.h5", data.getvalue())
    network = convcost.read(path)
    assert network.table["d/kernel"].dtype == "bfloat16"
    assert np.allclose(values(network)["d/kernel"], KERNEL, rtol=1e-2)


@pytest.mark.parametrize("root", ["", "model_weights"])
def test_weights_alone_are_refused_with_the_way_out(tmp_path: Path, root: str) -> None:
    path = write_h5(tmp_path / "m.h5", None, {"d": {"d/kernel": KERNEL}}, root=root)
    with pytest.raises(SourceError, match="holds weights only") as caught:
        convcost.read(path)
    assert "model.save" in (caught.value.hint or "")


def test_weights_alone_of_keras_3(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.h5"
    path.write_bytes(weights_of({"layers/dense/vars/0": KERNEL}))
    with pytest.raises(SourceError, match="holds weights only"):
        convcost.read(path)


def test_an_hdf5_file_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "data.hdf5"
    path.write_bytes(weights_of({"images": KERNEL}))
    with pytest.raises(SourceError, match="not one of Keras"):
        convcost.read(path)


def test_a_subclassed_model_is_refused_with_the_way_out(tmp_path: Path) -> None:
    config = {"module": "mine", "class_name": "Net", "config": {"width": 3}}
    with pytest.raises(SourceError, match="subclassed") as caught:
        convcost.read(write_keras(tmp_path / "m.keras", config, {}))
    assert "convcost.read(model" in (caught.value.hint or "")


def test_without_h5py_the_command_to_install_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_h5(tmp_path / "m.h5", sequential(dense("d", 4)), {})
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingFramework, match="h5py") as caught:
        convcost.read(path)
    assert caught.value.exit_code == 4


def test_the_name_is_the_models_own_or_the_files(tmp_path: Path) -> None:
    config = sequential(dense("d", 4))
    assert convcost.read(write_keras(tmp_path / "a.keras", config, {})).name == "net"
    del config["config"]["name"]
    assert convcost.read(write_keras(tmp_path / "b.keras", config, {})).name == "b"


@pytest.mark.skipif(not MODELS.is_dir(), reason="the real model files are not here")
@pytest.mark.parametrize(
    ("file", "stored", "macs"),
    [
        ("fer2013_mini_xception_0.66.hdf5", 58_423, 10_163_392),
        ("fer2013_big_xception_0.66.hdf5", 208_871, 65_768_288),
        ("mlperftiny_ic_resnet8_cifar10.h5", 78_666, 12_501_632),
        ("mlperftiny_vww_mobilenetv1_025.h5", 221_794, 7_489_664),
        ("mlperftiny_ad_autoencoder_dense.h5", 269_992, 264_192),
    ],
)
def test_real_files(file: str, stored: int, macs: int) -> None:
    network = convcost.read(MODELS / file)
    count = convcost.count(network)
    assert count.total.parameters + count.total.statistics == stored  # type: ignore[operator]
    assert count.total.forward.macs == macs
    assert count.complete
    assert not network.notes
    with h5py.File(MODELS / file) as opened:
        sizes: list[int] = []
        opened["model_weights"].visititems(
            lambda _, item: sizes.append(item.size) if isinstance(item, h5py.Dataset) else None
        )
    assert sum(sizes) == stored
    values(network)
