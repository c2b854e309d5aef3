"""ONNX export of the transfer network, for programs without torch: picture and embedding in, painted picture out.

Height and width are free, from 16 pixels. The file is checked against torch before it is handed out: ONNX Runtime must
paint the same pictures, up to rounding of float32.
"""

from __future__ import annotations

import io
import logging
import warnings
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import NocturneError, SpecError
from core.networks import device as devices
from core.networks.transfer_flops import REDUCTION
from core.storage.bounded_read import open_regular
from core.stylize.feedforward.network import LEAST, TransferNetwork
from core.stylize.feedforward.transfer_model import TransferModel

NEEDED = ("onnx", "onnxscript", "onnxruntime")
"""Packages of the extra `onnx`."""
MOST = 16_384
"""Pixels that a side has at most."""
SIZES = ((LEAST, LEAST), (131, 205), (269, 512))
"""Heights and widths at which the file is compared with torch."""
GREY = 255
TOLERANCE = 0.5
"""Grey levels that any value may differ by: a picture in 8 bits then differs by one at most."""


@dataclass(frozen=True)
class OnnxFile:
    """ONNX bytes, the style embeddings, and the largest difference from torch in grey levels, by picture size."""

    data: bytes
    styles: bytes
    """An .npz: `names` (n,), `embeddings` (n, embedding) and `identity` (1, embedding), float32."""
    differences: dict[tuple[int, int], float]


def require() -> None:
    """Check that the packages of the extra `onnx` are there. Raises SpecError."""
    if absent := [name for name in NEEDED if find_spec(name) is None]:
        raise SpecError(
            f"Writing ONNX needs {', '.join(absent)}",
            "install the extra: `pip install -e '.[onnx]'` in Nocturne's folder.",
        )


def onnx_file(model: TransferModel) -> OnnxFile:
    """Export a float32 network as ONNX. Raises SpecError without the extra, NocturneError if ONNX Runtime differs."""
    require()
    data = _graph(model)
    differences = _differences(data, model)
    if not max(differences.values()) <= TOLERANCE:
        raise NocturneError(
            f"ONNX Runtime paints other pictures than torch: they differ by {max(differences.values()):.2f} grey levels, "
            f"{TOLERANCE} are allowed. Nothing was written",
            f"try other versions of {', '.join(NEEDED)}.",
        )
    return OnnxFile(data, _styles(model), differences)


class _AnySize(nn.Module):
    """Continues a picture to multiples of 8 in a way that a graph can follow, before the network would."""

    def __init__(self, network: TransferNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, style: Tensor) -> Tensor:
        """(1, 3, h, w) from 16 pixels a side, and an embedding (1, embedding)."""
        height, width = picture.shape[2:]
        down, right = (REDUCTION * ((side + REDUCTION - 1) // REDUCTION) - side for side in (height, width))
        whole = F.pad(picture, (0, right, 0, down), mode="reflect")
        painted: Tensor = self.network(whole, style)
        return painted[..., :height, :width]


def _graph(model: TransferModel) -> bytes:
    picture, sides = torch.rand(1, 3, 131, 205), [torch.export.Dim(n, min=LEAST, max=MOST) for n in ("height", "width")]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the exporter's own innards
        program = torch.onnx.export(
            _AnySize(model.network).eval(),
            (picture, model.identity),
            dynamo=True,
            dynamic_shapes={"picture": {2: sides[0], 3: sides[1]}, "style": None},
            input_names=["picture", "style"],
            output_names=["painted"],
            verbose=False,
        )
    if program is None:
        raise NocturneError("torch's exporter gave nothing", "try another version of onnxscript.")
    graph = program.model_proto
    info = model.info
    for key, value in {"network": info.name, "digest": info.digest, "step": str(info.step)}.items():
        graph.metadata_props.add(key=key, value=value)
    data: bytes = graph.SerializeToString()
    return data


def _differences(data: bytes, model: TransferModel) -> dict[tuple[int, int], float]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    style, found = (model.embeddings if len(model.embeddings) else model.identity)[:1], {}
    for height, width in SIZES:
        picture = torch.rand(1, 3, height, width, generator=devices.generator(0))
        with torch.no_grad():
            ours = model.network(picture, style).numpy()
        theirs = session.run(None, {"picture": picture.numpy(), "style": style.numpy()})[0]
        found[height, width] = float(np.abs(ours - theirs).max()) * GREY
    return found


def is_styles_file(path: Path) -> bool:
    """Whether `path` is an .npz of styles as it is written beside an ONNX file."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            return sorted(archive.namelist()) == ["embeddings.npy", "identity.npy", "names.npy"]
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _styles(model: TransferModel) -> bytes:
    out = io.BytesIO()
    names = np.array([style.name for style in model.info.styles], dtype=np.str_)
    np.savez(out, names=names, embeddings=model.embeddings.numpy(), identity=model.identity.numpy())
    return out.getvalue()
