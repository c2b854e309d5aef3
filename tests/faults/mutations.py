"""Hostile inputs by the thousand: a seeded generator of every mutation, name and thing that is no file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from core.safe_text import portable
from tests.faults import bombs, damage, impostors, jpeg_lies, metadata, png_lies, tiff_index_lies, tiff_lies, webp_lies
from tests.faults.bases import base, kinds
from tests.faults.damage import Mutation
from tests.faults.hostile_names import HIDDEN, MOST_BYTES, NAMES, beyond, farthest
from tests.faults.outcomes import NO_ROW

MUTATIONS: dict[str, Mutation] = {
    name: mutation
    for module in (damage, png_lies, jpeg_lies, tiff_lies, tiff_index_lies, webp_lies, metadata, bombs, impostors)
    for name, mutation in module.MUTATIONS.items()
}
COSTLY = frozenset({*bombs.MUTATIONS, "jpeg: thousands of comments", "jpeg: a megabyte of fill bytes"})
"""Mutations whose files are large or slow to make: once each, and a few times more among thousands."""


@dataclass(frozen=True)
class Mutant:
    """A hostile input: what was done to it, its path below the library, and how it is put there."""

    mutation: str
    file: bytes
    plant: Callable[[Path], object]

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        return portable(os.fsdecode(self.file))

    @property
    def is_asset(self) -> bool:
        """Whether a scan is to make an asset of it."""
        return self.mutation not in NO_ROW

    def put(self, library: Path) -> None:
        """Write it into the library, and the folders on the way."""
        path = library / os.fsdecode(self.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.plant(path)


def mutants(count: int, seed: int, library: Path) -> Iterator[Mutant]:
    """`count` hostile inputs, always the same for a seed: every mutation once, every name, then more at random.

    How long a name can be depends on the path of the library; nothing is written.
    """
    rng = Random(seed)
    made = [*_special(), *_named(rng, MOST_BYTES - len(os.fsencode(library)) - 1)]
    made += [_broken(name, number, rng) for number, name in enumerate(MUTATIONS)]
    cheap = [name for name in MUTATIONS if name not in COSTLY]
    for number in range(len(made), count):
        name = rng.choice(cheap) if rng.random() < 0.97 else rng.choice(sorted(COSTLY))
        made.append(_broken(name, number, rng))
    yield from made if count >= len(made) else _one_each(made, count)


def _one_each(made: list[Mutant], count: int) -> list[Mutant]:
    """Of names that are hostile in the same way, only as many as there is room for."""
    first = list({mutant.mutation: mutant for mutant in reversed(made)}.values())
    assert len(first) <= count, f"there are {len(first)} mutations; ask for as many"
    others = [mutant for mutant in made if mutant not in first]
    return [*first, *others[: count - len(first)]]


def _broken(name: str, number: int, rng: Random) -> Mutant:
    suffix, data = MUTATIONS[name](rng)
    folder = name.partition(":")[0].replace(" ", "-")
    return Mutant(name, f"{folder}/{number:05}{suffix}".encode(), lambda path: path.write_bytes(data))


def _special() -> Iterator[Mutant]:
    for name, (file, plant) in impostors.PLANTS.items():
        yield Mutant(name, f"special/{file}".encode(), plant)


def _named(rng: Random, room: int) -> Iterator[Mutant]:
    """Good pictures; half of them alike, so that there are jobs of equal keys too."""
    apart = base("png") + b"no other has these bytes"
    yield Mutant("name: too long for an output", farthest(room).encode(), lambda path: path.write_bytes(apart))
    yield Mutant("name: out of reach", b"beyond", _out_of_reach)
    for kind, names in {**NAMES, "no asset": HIDDEN}.items():
        for place, name in enumerate(names):
            data = base(rng.choice(kinds("jpeg", "png")) if place % 2 else "png", rng.randrange(5))
            folder = kind.partition(",")[0].replace(" ", "-")
            path = f"names/{folder}/".encode() + (name if isinstance(name, bytes) else name.encode())
            yield Mutant(f"name: {kind}", path, lambda path, data=data: path.write_bytes(data))  # type: ignore[misc]


def _out_of_reach(path: Path) -> None:
    path.mkdir()
    folder = os.open(path, os.O_RDONLY)
    beyond(folder)
    os.close(folder)
