"""A network as ONNX: the same pictures at any size, in any style, and files that say what they hold."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import NocturneError, SpecError
from core.stylize.feedforward import onnx_file
from core.stylize.feedforward.onnx_file import SIZES, TOLERANCE, OnnxFile
from core.stylize.feedforward.transfer_file import load
from core.stylize.feedforward.transfer_model import TransferModel
from tests.core.stylize.conftest import waves
from tests.core.stylize.networks import known, seeded_model, whole_bytes
from tests.flows.command import here
from tests.needs import needs_onnx

pytestmark = [pytest.mark.slow, needs_onnx]
STYLES = (known("wave", ("a" * 64, 1.0)), known("night \N{SNOWMAN}", ("b" * 64, 1.0)))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("networks") / "net.safetensors"
    path.write_bytes(whole_bytes(seeded_model(2), STYLES))
    return path


@pytest.fixture(scope="module")
def model(path: Path) -> TransferModel:
    return load(path, torch.device("cpu"), "float32")


@pytest.fixture(scope="module")
def made(model: TransferModel) -> OnnxFile:
    return onnx_file.onnx_file(model)


def session_of(made: OnnxFile) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(made.data)


@pytest.mark.parametrize("size", [(16, 17), (50, 33), (64, 120)])
def test_it_paints_what_torch_paints_at_sizes_that_were_not_checked(
    made: OnnxFile, model: TransferModel, size: tuple[int, int]
) -> None:
    assert size not in SIZES
    session, picture = session_of(made), waves(*size).unsqueeze(0)
    for style in (*model.embeddings.split(1), model.embeddings.mean(0, keepdim=True)):
        with torch.no_grad():
            expected = model.network(picture, style).numpy()
        (painted,) = session.run(None, {"picture": picture.numpy(), "style": style.numpy()})
        np.testing.assert_allclose(painted, expected, atol=1e-4)


def test_it_was_checked_and_says_which_network_it_is(made: OnnxFile, model: TransferModel) -> None:
    assert set(made.differences) == set(SIZES)
    assert max(made.differences.values()) < 0.05
    about = session_of(made).get_modelmeta().custom_metadata_map
    assert {"network": "net", "digest": model.info.digest, "step": "3"}.items() <= about.items()


def test_embeddings_come_by_name_without_pickle(made: OnnxFile, model: TransferModel) -> None:
    styles = np.load(io.BytesIO(made.styles), allow_pickle=False)
    assert list(styles["names"]) == [style.name for style in STYLES]
    np.testing.assert_array_equal(styles["embeddings"], model.embeddings.numpy())
    np.testing.assert_array_equal(styles["identity"], model.identity.numpy())


def test_other_pictures_than_torchs_are_refused(
    made: OnnxFile, model: TransferModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "_graph", lambda _: made.data)
    other = replace(model, network=seeded_model(2, seed=1).network)
    with pytest.raises(NocturneError, match=f"{TOLERANCE} are allowed"):
        onnx_file.onnx_file(other)


def test_without_the_extra_a_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "NEEDED", ("json", "not_a_package"))
    with pytest.raises(SpecError, match=r"needs not_a_package; install .*\[onnx\]"):
        onnx_file.require()


def test_the_command_writes_both_files_and_prints_the_check(
    path: Path, made: OnnxFile, model: TransferModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {model.info.digest: made}  # made once, it takes seconds
    monkeypatch.setattr(onnx_file, "onnx_file", lambda model: known[model.info.digest])
    ended = here("export", path, "-o", tmp_path / "out" / "style.onnx")
    assert ended.code == 0, ended.err
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"style.onnx", "style.npz"}
    assert ended.out.count("checked against torch") == len(SIZES)


def test_the_command_refuses_what_it_cannot_write_or_read(path: Path, tmp_path: Path) -> None:
    for network, to, word in ((path, "style.pb", ".onnx"), (tmp_path / "absent.safetensors", "style.onnx", "absent")):
        ended = here("export", network, "-o", tmp_path / to)
        assert ended.code == 2
        assert word in ended.err
    assert not list(tmp_path.iterdir())
