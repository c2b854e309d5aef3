"""The peer of the few-shot GAN: lightweight-gan, trained on the same pixels as ours and for the same hours.

    python benchmarks/gan_peer_few_shot.py train FOLDER --data PICTURES [--hours 2]
    python benchmarks/gan_peer_few_shot.py sample FOLDER --count 1000

It needs the package lightweight-gan, which Nocturne does not: install it into an environment of its own, beside this
one's torch. It asserts CUDA when it is imported and moves everything there; both are patched out here, at run time, and
nothing else is. Its settings are its command line's defaults at 64 px, with the colour changes that its documentation
advises for few pictures; its probability of augmentation is the one that it sets by itself. `sample` writes
`samples.npz` with pictures of the generator and of its average, `plain` and `average`: (count, 64, 64, 3), 8-bit.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import random
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.gan.data.batches import middle
from core.gan.data.dataset import load
from core.gan.networks.recipe import GAN_PRESETS
from gan_stretches import State, Stretch

SIZE = 64
SEED = 42
"""Its command line's own."""
PLAN = {"image_size": SIZE, "aug_types": ["translation", "cutout", "color"], "num_workers": 0}
"""What is set apart from its defaults. The process that learns also reads, so that its CPU time is all that is used."""
RENAMED = {"learning_rate": "lr"}
"""What its trainer calls an argument of its command line."""


class OnCpu:
    """A module in which devices named cuda are the CPU."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def device(self, _name: str) -> torch.device:
        """The CPU, whatever is asked for."""
        return torch.device("cpu")


def imported() -> tuple[ModuleType, dict[str, Any]]:
    """lightweight-gan's module, moved to the CPU, and its command line's defaults."""
    there, torch.cuda.is_available = torch.cuda.is_available, lambda: True
    try:
        from lightweight_gan import cli, lightweight_gan
    except ImportError as error:
        raise SystemExit(f"lightweight-gan is not there ({error}); pip install it beside this torch.") from error
    finally:
        torch.cuda.is_available = there
    lightweight_gan.torch = OnCpu(torch)
    lightweight_gan.LightweightGAN.cuda = lambda network, _rank: network
    torch.Tensor.cuda = lambda tensor, *_: tensor  # type: ignore[method-assign,assignment]
    taken = inspect.signature(cli.train_from_folder).parameters
    return lightweight_gan, {name: argument.default for name, argument in taken.items()}


class LightweightGan:
    """Its trainer, with a state that can be saved whole: its own leaves out the optimisers and the step."""

    def __init__(self, folder: Path, changes: dict[str, Any]) -> None:
        module, defaults = imported()
        random.seed(SEED)
        np.random.seed(SEED)
        torch.manual_seed(SEED)
        known = inspect.signature(module.Trainer).parameters
        plan = {RENAMED.get(name, name): value for name, value in defaults.items()} | PLAN | changes
        folders = {"results_dir": str(folder / "results"), "models_dir": str(folder / "models")}
        self.trainer = module.Trainer(**{name: value for name, value in plan.items() if name in known} | folders)
        self.trainer.init_GAN()
        self.trainer.evaluate = lambda *_, **__: None  # sheets of samples: time that it need not lose
        self.trainer.save = lambda _number: None

    def show(self, pictures: Path) -> None:
        """Give it the folder that it learns from."""
        self.trainer.set_data_src(str(pictures))

    def step(self) -> None:
        """One step of both networks."""
        self.trainer.train()

    def state(self) -> State:
        """See Peer."""
        gan = self.trainer.GAN
        return {
            "gan": gan.state_dict(),
            "optimisers": [gan.G_opt.state_dict(), gan.D_opt.state_dict()],
            "steps": self.trainer.steps,
            "random": [torch.get_rng_state(), random.getstate()],
        }

    def restore(self, state: State) -> None:
        """See Peer."""
        gan = self.trainer.GAN
        gan.load_state_dict(state["gan"])
        for optimiser, saved in zip((gan.G_opt, gan.D_opt), state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.trainer.steps = state["steps"]
        torch.set_rng_state(state["random"][0])
        random.setstate(state["random"][1])

    def generators(self) -> State:
        """See Peer."""
        return {"plain": self.trainer.GAN.G.state_dict(), "average": self.trainer.GAN.GE.state_dict()}

    @torch.inference_mode()
    def sample(self, count: int) -> dict[str, np.ndarray]:
        """Pictures of both generators, of the same noise, as its own `generate` draws them."""
        gan = self.trainer.GAN
        gan.eval()
        torch.manual_seed(SEED)
        noise = torch.randn(count, gan.latent_dim)
        return {name: self._drawn(network, noise) for name, network in (("plain", gan.G), ("average", gan.GE))}

    def _drawn(self, generator: torch.nn.Module, noise: torch.Tensor) -> np.ndarray:
        made = torch.cat([self.trainer.generate_(generator, part) for part in noise.split(50)])
        return (made * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def written(data: Path, folder: Path) -> Path:
    """The pictures at `data` as our own training sees them without random crops, as PNG files."""
    prepared = load(data, GAN_PRESETS["few_shot"])
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(middle(prepared.pictures, SIZE)):
        Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(folder / f"{number:05}.png")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("train", "sample"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=os.environ.get("NOCTURNE_BENCH_DATA"), help="folder of pictures")
    parser.add_argument("--hours", type=float, default=2.0, help="of CPU time, on one thread, over all stretches")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=JSON", help="setting of its trainer to change"
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    changes = {name: json.loads(value) for name, _, value in (each.partition("=") for each in args.set)}
    peer = LightweightGan(args.folder, changes)
    if args.command == "train":
        peer.show(written(args.data, args.folder / "pictures"))
        print(Stretch(peer, args.folder).run(lambda clock: clock.cpu >= args.hours * 3600))
    else:
        print(Stretch(peer, args.folder).clock)
        np.savez(args.folder / "samples.npz", **peer.sample(args.count))


if __name__ == "__main__":
    main()
