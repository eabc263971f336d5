"""The same network read from every form that its framework gives it has one fingerprint."""

import contextlib
import io
from pathlib import Path

import pytest

import convcost
from convcost.measure.store.fingerprint import fingerprint

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")

CODE = """
model = Sequential()
model.add(Conv2D(8, (3, 3), padding="same", activation="relu", input_shape=(16, 16, 3)))
model.add(BatchNormalization())
model.add(MaxPooling2D(2))
model.add(Flatten())
model.add(Dense(10, activation="softmax"))
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_keras_model(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    printed = io.StringIO()
    model.summary(print_fn=lambda text, **_: print(text, file=printed))
    forms = [model, printed.getvalue(), CODE]
    for name in ("m.keras", "m.h5"):
        with contextlib.redirect_stderr(io.StringIO()):
            model.save(tmp_path / name)
        forms.append(str(tmp_path / name))
    (tmp_path / "m.json").write_text(model.to_json())
    forms.append(str(tmp_path / "m.json"))
    assert len({fingerprint(convcost.read(form)) for form in forms}) == 1
    model.layers[0].trainable = False
    assert fingerprint(convcost.read(model)) != fingerprint(convcost.read(CODE))


def test_a_torch_module(tmp_path: Path) -> None:
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 7 * 7, 10),
    ).eval()
    network = convcost.read(module, inputs=[(1, 3, 16, 16)])
    sizes = ({0: torch.export.Dim("b")},)
    program = torch.export.export(module, (torch.zeros(2, 3, 16, 16),), dynamic_shapes=sizes)
    torch.export.save(program, tmp_path / "m.pt2")
    convcost.write(network, tmp_path / "m.onnx")
    forms = [convcost.read(str(tmp_path / name)) for name in ("m.pt2", "m.onnx")]
    assert {fingerprint(each) for each in forms} == {fingerprint(network)}
