"""Engines that could run the network on a CPU: milliseconds of a forward pass on two threads, and what they do to pixels.

    python benchmarks/fast_engines.py NETWORK [--rounds 15]

Engines take turns at each size; the least time of all rounds counts, as a busy machine only ever adds. Grey levels are
differences from eager float32, mean and largest; white is 255. The eager ones differ in type and memory layout; `compiled`
is torch.compile; ONNX Runtime and OpenVINO run the file that `nocturne export` writes, also with its convolutions in 8
bits, quantised by ONNX Runtime: `dynamic`, or `static` by the ranges of six photographs. What is not installed is left out
with a word.
"""

from __future__ import annotations

import argparse
import copy
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import numpy as np
import numpy.typing as npt
import torch
import torch._dynamo

from core.networks import device as devices
from core.networks.memory import retain_freed_memory
from core.stylize.feedforward.onnx_file import onnx_file
from core.stylize.feedforward.transfer_file import load
from core.stylize.feedforward.transfer_model import TransferModel
from fast_network import CPU
from fast_pictures import cuts
from figure_rows import Row, missing
from style_pairs import load as read
from style_records import Records, Values, child, engine

Array = npt.NDArray[np.float32]
Run = Callable[[Array], Array]
"""A picture (1, 3, h, w) in [0, 1] -> the painted one."""
SIZES = ((512, 269), (1024, 538))
THREADS = 2
ROUNDS = 15
BASE, KEPT = "eager float32", "eager bfloat16, channels_last"
LAYOUTS = {"": torch.contiguous_format, ", channels_last": torch.channels_last}
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def eager(model: TransferModel, dtype: torch.dtype, layout: torch.memory_format, compiled: bool = False) -> Run:
    """torch's own, in one type and memory layout."""
    network = copy.deepcopy(model.network).to(dtype, memory_format=layout)
    forward: Callable[..., torch.Tensor] = torch.compile(network, dynamic=False) if compiled else network

    def same(*_: object) -> torch.memory_format:  # a plain function: a compiler must see through it
        return layout

    @torch.no_grad()
    def run(picture: Array) -> Array:
        with mock.patch.object(devices, "memory_format", same):
            found: Array = forward(torch.from_numpy(picture), model.embeddings[:1]).numpy()
            return found

    return run


def onnx_runtime(model: Path | bytes, style: Array) -> Run:
    """ONNX Runtime on a model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = THREADS, 3
    source = model if isinstance(model, bytes) else str(model)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return lambda picture: session.run(None, {"picture": picture, "style": style})[0]


def openvino(model: Path, style: Array, precision: str) -> Run:
    """OpenVINO on a model; it chooses bfloat16 by itself where the machine has it."""
    import openvino as vino

    hints = {"INFERENCE_NUM_THREADS": THREADS, "INFERENCE_PRECISION_HINT": precision}
    compiled = vino.Core().compile_model(str(model), "CPU", hints)
    return lambda picture: compiled({"picture": picture, "style": style})[0]


def quantised(model: Path, style: Array, pictures: list[Array], to: Path) -> Path:
    """The model with its convolutions in 8 bits, weights by channel; without pictures, ranges are found at run time."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = iter(pictures)

        def get_next(self) -> dict[str, Array] | None:
            picture = next(self._left, None)
            return None if picture is None else {"picture": picture, "style": style}

    if not pictures:
        quantize_dynamic(model, to, op_types_to_quantize=["Conv"], weight_type=QuantType.QUInt8)
        return to
    types = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
    quantize_static(model, to, Reader(), op_types_to_quantize=["Conv"], per_channel=True, **types)
    return to


def engines(transfer: TransferModel, folder: Path) -> dict[str, Callable[[], Run]]:
    """How each engine is started, by name."""
    style = transfer.embeddings[:1].numpy()
    model = folder / "network.onnx"
    model.write_bytes(onnx_file(transfer).data)
    pictures = [_picture(path) for path in cuts(folder / "pictures", 6)]
    found: dict[str, Callable[[], Run]] = {}
    for kind, dtype in TYPES.items():
        for word, layout in LAYOUTS.items():
            found[f"eager {kind}{word}"] = lambda dtype=dtype, layout=layout: eager(transfer, dtype, layout)
    for kind, dtype in TYPES.items():
        found[f"compiled {kind}, channels_last"] = lambda dtype=dtype: eager(transfer, dtype, torch.channels_last, True)
    found["ONNX Runtime float32"] = lambda: onnx_runtime(model, style)
    for word, seen in {"dynamic": [], "static": pictures}.items():
        found[f"ONNX Runtime int8, {word}"] = lambda word=word, seen=seen: onnx_runtime(
            quantised(model, style, seen, folder / f"{word}.onnx"), style
        )
    if find_spec("openvino"):
        for hint in ("f32", "bf16"):
            found[f"OpenVINO {hint}"] = lambda hint=hint: openvino(model, style, hint)
    return found


def measured(model: TransferModel, rounds: int) -> Values:
    """Per engine and size: `ms`, `mean` and `most` grey levels; or what went wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder, running, found = Path(name), dict[str, Run](), dict[str, Values]()
        pictures = {size: _picture(cuts(folder / f"{size[0]}", 1, *size)[0]) for size in SIZES}
        for engine_name, start in engines(model, folder).items():
            try:
                run = start()
                for picture in pictures.values():
                    run(picture)
            except Exception as error:  # whatever an engine's compiler finds
                found[engine_name] = {"fault": str(error).strip().splitlines()[0][:160]}
            else:
                running[engine_name] = run
        for size, picture in pictures.items():
            base = running[BASE](picture)
            times: dict[str, list[float]] = {each: [] for each in running}
            for _ in range(rounds):
                for each, run in running.items():
                    begun = time.perf_counter()
                    run(picture)
                    times[each].append(1000 * (time.perf_counter() - begun))
            for each, run in running.items():
                apart = 255 * np.abs(run(picture) - base)
                figures = {"ms": min(times[each]), "mean": float(apart.mean()), "most": float(apart.max())}
                found.setdefault(each, {})[f"{size[0]} x {size[1]}"] = figures
        return found


def rows(records: Records, network: Path, rounds: int = ROUNDS) -> Iterator[Row]:
    """A row an engine."""
    model = load(network, CPU, "float32")
    about = {"network": model.info.digest, "rounds": rounds, "openvino": bool(find_spec("openvino")), **engine()}
    script = Path(__file__)
    found = records.get("fast/engines", about, lambda: child(script, network.absolute(), "--rounds", rounds))
    kept = found[KEPT]
    for name, figures in found.items():
        if name == "load":
            continue
        if "fault" in figures:
            yield Row(name, f"does not run here: {figures['fault']}")
            continue
        parts = [
            f"{size}: {each['ms']:.0f} ms ({each['ms'] / kept[size]['ms']:.2f}x), {each['mean']:.2f} grey levels, at most "
            f"{each['most']:.0f}"
            for size, each in figures.items()
        ]
        yield Row(name, "; ".join(parts))
    if not find_spec("openvino"):
        yield missing("OpenVINO", "install openvino into an interpreter that runs this file")


def _picture(path: Path) -> Array:
    rgb = read(path).astype(np.float32) / 255
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    devices.make_deterministic(THREADS)
    retain_freed_memory()
    torch._dynamo.config.recompile_limit = 64  # two types, two sizes, and every shape within
    print(json.dumps(measured(load(args.network, CPU, "float32"), args.rounds)))


if __name__ == "__main__":
    main()
