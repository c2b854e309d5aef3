"""Sections of the benchmark of a GPU, in order: what must be known first comes first. Nothing is imported for the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Section:
    """One thing to look at: `work` is the function that does it, called with the setup and the arguments, and `limit` the
    seconds after which it is stopped.
    """

    name: str
    work: str
    arguments: tuple[Any, ...] = ()
    limit: float = 60.0


OPTIMISATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "good": ("good", {}),
    "gatys": ("gatys", {}),
    "wasserstein": ("good", {"style_statistic": "wasserstein"}),
    "adam": ("good", {"optimiser": "adam"}),
    "detail and smooth": ("good", {"detail": 0.5, "smooth": 0.5}),
    "average pooling": ("good", {"pooling": "average"}),
    "strength": ("good", {"strength": 0.5}),
    "tiles": ("good", {"whole_megapixels": 0.011, "tile_steps": 3}),
}
"""Preset and changed fields of optimisations that take different ways through the code."""

GANS: dict[str, tuple[str, dict[str, Any]]] = {
    "digits": ("digits", {}),
    "mlp": ("mlp", {}),
    "few_shot": ("few_shot", {}),
    "everything": (
        "digits",
        {"size": 16, "width": 8, "batch": 8, "conditional": True, "augment": "signal", "r1": 1.0, "r1_every": 2,
         "accumulate": 2, "mirror": True},
    ),
}  # fmt: skip
"""Preset and changed fields of trainings; `everything` has every part that the presets leave out."""

KEY_TIME = "good, 8 lanes of 512 px"
NIGHTS = {preset: f"night of {preset}, 512 px" for preset in ("fast", "good")}


def sections(quick: bool) -> list[Section]:
    """All of them; `quick` ones are so small that a CPU of two cores is through in a minute."""
    return [*_checks(), *(_quick_times() if quick else _times())]


def _checks() -> Iterator[Section]:
    """Does everything run, twice alike, and near the CPU?"""
    yield Section("machine", "gpu_machine:machine")
    for name, chosen in OPTIMISATIONS.items():
        yield Section(f"twice alike: optimise, {name}", "gpu_checks:optimisation", chosen)
    yield Section("a lane alone and beside others", "gpu_checks:lanes")
    yield Section("a picture of 6,144 px", "gpu_checks:large")
    yield Section("near the CPU: optimise", "gpu_checks:near_cpu")
    yield Section("near the CPU: one pass", "gpu_checks:one_pass")
    yield Section("twice alike: polish", "gpu_checks:polish")
    yield Section("twice alike: train-style", "gpu_checks:train_style")
    for name, chosen in GANS.items():
        yield Section(f"twice alike: GAN, {name}", "gpu_checks:gan", chosen)
    yield Section("near the CPU: score", "gpu_checks:score")
    yield Section("near the CPU: sampling", "gpu_checks:sampling")


def _times() -> Iterator[Section]:
    """How fast is it, and what keeps it from being faster?"""
    yield Section(KEY_TIME, "gpu_times:optimisation", ("good", 8, 512, True), 90)
    yield Section(NIGHTS["fast"], "gpu_nights:night", ("fast", 512, 1200), 90)
    yield Section(NIGHTS["good"], "gpu_nights:night", ("good", 512, 96), 90)
    for preset, size, count in (
        ("draft", 256, 64), ("good", 512, 32), ("good", 256, 64), ("good", 1024, 8), ("best", 512, 16), ("polish", 512, 32),
        ("fast", 512, 128), ("fast", 1024, 64), ("gatys", 512, 16),
    ):  # fmt: skip
        yield Section(f"pictures of {preset}, {size} px", "gpu_rates:pictures", (preset, size, count))
    yield Section("train-style, 128 px", "gpu_times:train_style")
    for size, batch in ((64, 8), (128, 8), (128, 64)):
        fields = {"size": size, "batch": batch}
        yield Section(f"GAN few_shot, {size} px, batch {batch}", "gpu_times:gan", ("few_shot", fields))
    yield Section("GAN digits", "gpu_times:gan", ("digits", {}))
    yield Section("GAN dcgan, 64 px", "gpu_times:gan", ("digits", {"size": 64, "channels": 3, "r1": 0.0}))
    yield Section("score", "gpu_times:score")
    for lanes in (8, 64, 256):
        yield Section(f"sampling, 64 px, {lanes} lanes", "gpu_rates:samples", (lanes,))
    yield Section("night of samples, 64 px", "gpu_nights:samples", (4096,), 90)
    yield Section("good, 1 lane of 512 px", "gpu_times:optimisation", ("good", 1, 512, True))
    for lanes in (1, 8, 32):
        yield Section(f"one pass, {lanes} of 512 px", "gpu_times:one_pass", (lanes, 512))
    for lanes, side in ((16, 512), (1, 256), (8, 256), (16, 256), (1, 128), (16, 128)):
        yield Section(f"good, {lanes} lanes of {side} px", "gpu_times:optimisation", ("good", lanes, side, False))
    yield Section("gatys, 8 lanes of 512 px", "gpu_times:optimisation", ("gatys", 8, 512, False))


def _quick_times() -> Iterator[Section]:
    yield Section("good, 2 lanes of 48 px", "gpu_times:optimisation", ("good", 2, 48, True))
    yield Section("night of fast, 64 px", "gpu_nights:night", ("fast", 64, 6))
    yield Section("night of good, 48 px", "gpu_nights:night", ("good", 48, 4))
    yield Section("pictures of polish, 48 px", "gpu_rates:pictures", ("polish", 48, 2))
    yield Section("train-style, 32 px", "gpu_times:train_style")
    yield Section("GAN digits", "gpu_times:gan", ("digits", {"width": 8, "batch": 4}))
    yield Section("score", "gpu_times:score")
    yield Section("sampling, 64 px, 8 lanes", "gpu_rates:samples", (8,))
    yield Section("one pass, 1 of 64 px", "gpu_times:one_pass", (1, 64))
