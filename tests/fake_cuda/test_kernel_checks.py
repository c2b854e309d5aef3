"""No CUDA kernel refuses the tensors that our graphs give it; `make bench-torch` asks the oldest torch, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import torch

from tests.fake_cuda.process import ROOT, run
from tests.needs import needs_fake_cuda

OLD = "needs a torch before 2.12; to have it, run `make bench-torch`"
GRAPHS = {
    "one pass": ("count_one_pass", "8", "512", "512"),
    "one pass, of another width": ("count_one_pass", "1", "270", "511"),
    "one pass, trained": ("count_one_pass", "4", "128", "128", "train"),
    "good": ("count_optimise", "good", "2", "64", "detail=0.5", "smooth=0.5"),
    "gatys": ("count_optimise", "gatys", "2", "64", 'pooling="average"'),
    "wasserstein": ("count_optimise", "good", "2", "64", 'style_statistic="wasserstein"'),
    "a GAN for few pictures": ("count_gan", "few_shot"),
    "a GAN of every part": (
        *("count_gan", "digits", "size=16", "width=8", "batch=8", "conditional=true", 'augment="signal"', "r1_every=1"),
        *("accumulate=2", "mirror=true"),
    ),
    "a GAN of products alone": ("count_gan", "mlp"),
    "train-style": ("count_train_style",),
    "score": ("count_score", "384", "512"),
}


def checked(calls: list[Any]) -> dict[str, Any]:
    """What the kernels say to calls, in a process that sees no GPU and has no pretended one."""
    command = [sys.executable, "-m", "tests.fake_cuda.kernel_checks"]
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, env=env, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def tensor(*shape: int, nhwc: bool = False) -> dict[str, Any]:
    like = torch.empty(shape, device="meta")
    like = like.to(memory_format=torch.channels_last) if nhwc else like
    return {"tensor": [list(shape), list(like.stride()), "float32", "cuda"]}


@needs_fake_cuda
@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_no_kernel_refuses_what_a_graph_gives_it(name: str) -> None:
    module, *arguments = GRAPHS[name]
    found = checked(run("tests.fake_cuda.kernel_calls", f"tests.fake_cuda.{module}", *arguments))
    assert len(found["kernels"]) > 10
    assert found["refused"] == {}


@pytest.mark.skipif(not torch.backends.cuda.is_built(), reason="this torch was built without CUDA")
def test_kernels_that_do_not_repeat_themselves_and_tensors_that_do_not_fit_are_refused() -> None:
    picture, gradient = tensor(1, 3, 8, 8), tensor(1, 3, 10, 10)
    found = checked(
        [
            ["replication_pad2d_backward", "default", [gradient, picture, [1, 1, 1, 1]], {}],
            ["_adaptive_avg_pool2d_backward", "default", [tensor(1, 3, 4, 4), picture], {}],
            ["bmm", "default", [tensor(2, 3, 4), tensor(2, 3, 4)], {}],
            ["mul", "Tensor", [picture, 2.0], {}],
        ]
    )
    assert set(found["kernels"]) == {"replication_pad2d_backward", "_adaptive_avg_pool2d_backward", "bmm", "mul"}
    refused = found["refused"]
    assert "does not have a deterministic implementation" in refused.pop("replication_pad2d_backward")
    assert "does not have a deterministic implementation" in refused.pop("_adaptive_avg_pool2d_backward")
    assert "Expected size for first two dimensions" in refused.pop("bmm")
    assert refused == {}


@pytest.mark.skipif(torch.__version__ >= "2.12" or not torch.backends.cuda.is_built(), reason=OLD)
def test_an_old_torch_refuses_to_normalise_groups_in_nhwc() -> None:
    found = checked(
        [["native_group_norm", "default", [tensor(2, 8, 6, 6, nhwc=True), None, None, 2, 8, 36, 8, 1e-5], {}]]
    )
    assert "X.is_contiguous(memory_format)" in found["refused"]["native_group_norm"]
