"""Who is nearer to the painting's style and to the photograph's content in one pass: ours, or the peer's network of any
style?

Four photographs that neither was trained on, longest side 512 px. Both get the artwork without its white margin and
frame, and so does the judge (`style_distances`, EfficientNet-Lite0). The peer works at 384 px and enlarges; pictures are
compared at 512. A pair is won if both distances are smaller than the peer's at full strength.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from core.images import image
from core.images.border_crop import artwork_cropped
from fast_network import Measured
from fast_served import Served
from figure_rows import Row
from style_distances import judges
from style_pairs import Rgb, fitted, load, photograph, save
from style_records import Records, Values, engine, machine

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
SIZE = 512
STRENGTHS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
KINDS = ("style", "content")
WON, UNSEEN = 0.8, 0.5
JUDGE = "EfficientNet-Lite0"


@dataclass(frozen=True)
class Sight:
    """A photograph and an artwork as the judge sees them."""

    photograph: str
    artwork: Path

    @cached_property
    def content(self) -> Rgb:
        """The photograph."""
        return content(self.photograph)

    @cached_property
    def style(self) -> Rgb:
        """The artwork without its margin and frame."""
        return fitted(_picture(self.artwork), SIZE)

    @property
    def name(self) -> str:
        """What files call it."""
        return f"{self.photograph}-{self.artwork.stem}"

    @property
    def digest(self) -> str:
        """A hash of all their pixels."""
        return hashlib.sha256(self.content.tobytes() + self.style.tobytes()).hexdigest()[:16]


@dataclass
class Contest:
    """Both contestants' distances, kept in the records."""

    records: Records
    network: Measured
    peer: Served
    versions: Values = field(default_factory=dict)

    def theirs(self, sight: Sight, strength: float = 1.0) -> Values:
        """The peer's distances."""
        name = f"fast/peer/{sight.name}-{strength}"
        about = {"peer": self.versions, "pictures": sight.digest, **machine()}
        return self.records.get(name, about, lambda: self._distances(self._peers(sight, strength), sight))

    def ours(self, sight: Sight, embedding: Tensor, kind: str, strength: float = 1.0) -> Values:
        """Our distances; `kind` says where the embedding is from."""
        name = f"fast/ours/{sight.name}-{kind}-{strength}"
        about = {**self.network.about, "pictures": sight.digest, **engine()}
        return self.records.get(
            name, about, lambda: self._distances(self._made(sight, embedding, name, strength), sight)
        )

    def _made(self, sight: Sight, embedding: Tensor, name: str, strength: float) -> Rgb:
        made = self.network.paint(sight.content, embedding, strength)
        save(made, self.records.path(f"{name}.png"))
        return made

    def _peers(self, sight: Sight, strength: float) -> Rgb:
        files = {name: self.records.path(f"fast/inputs/{name}.png") for name in (sight.photograph, sight.artwork.stem)}
        save(sight.content, files[sight.photograph])
        save(np.asarray(_picture(sight.artwork)), files[sight.artwork.stem])
        to = self.records.path(f"fast/peer/{sight.name}-{strength}.png")
        to.parent.mkdir(parents=True, exist_ok=True)
        asked = {"content": files[sight.photograph], "artwork": files[sight.artwork.stem], "to": to}
        self.peer.ask(strength=strength, **{key: str(path.absolute()) for key, path in asked.items()})
        self.peer.answer()
        return load(to)

    def _distances(self, made: Rgb, sight: Sight) -> Values:
        return judges()[JUDGE].distances(made, sight)


Found = list[tuple[Values, Values]]
"""Ours and theirs, pair by pair."""


def known_found(contest: Contest, styles: dict[str, tuple[int, Path]]) -> dict[str, Found]:
    """The pairs of each style that the network knows."""
    found: dict[str, Found] = {}
    for name, (number, artwork) in styles.items():
        embedding, sights = _known(contest, number), _sights(artwork)
        found[name] = [(contest.ours(sight, embedding, "known"), contest.theirs(sight)) for sight in sights]
    return found


def known_rows(contest: Contest, styles: dict[str, tuple[int, Path]]) -> Iterator[Row]:
    """A row of all pairs, and one a style."""
    by_style = known_found(contest, styles)
    found = [pair for each in by_style.values() for pair in each]
    share = won(found) / len(found)
    what = f"both distances smaller than the peer's, {len(styles)} styles x {len(PHOTOGRAPHS)} photographs, {SIZE} px"
    yield Row(
        what, f"{won(found)} of {len(found)} ({share:.0%}; {_smaller(found)}; {medians(found)})", "80 %", share >= WON
    )
    for name, pairs in by_style.items():
        yield Row(f"the same, {name}", f"{won(pairs)} of {len(pairs)} ({_smaller(pairs)}; {medians(pairs)})")


def curve_rows(contest: Contest, styles: dict[str, tuple[int, Path]]) -> Iterator[Row]:
    """Median distances of both over their own strength."""
    sights = [(number, sight) for number, artwork in styles.values() for sight in _sights(artwork)]
    full = [contest.theirs(sight) for _, sight in sights]
    for strength in STRENGTHS:
        ours = [contest.ours(sight, _known(contest, number), "known", strength) for number, sight in sights]
        theirs = [contest.theirs(sight, strength) for _, sight in sights]
        beaten = won(list(zip(ours, full, strict=True)))
        shown = medians(list(zip(ours, theirs, strict=True)))
        yield Row(f"strength {strength}, both", f"{shown}; ours beats the peer at 1 in {beaten} of {len(sights)}")


def unseen_rows(contest: Contest, paintings: Sequence[Path]) -> Iterator[Row]:
    """Artworks that ours was never trained on, by an embedding that is read off them."""
    found: list[Found] = []
    for artwork in paintings:
        embedding, sights = contest.network.predicted(artwork), _sights(artwork)
        found.append([(contest.ours(sight, embedding, "predicted"), contest.theirs(sight)) for sight in sights])
    pairs = [pair for each in found for pair in each]
    nearer = sum(sum(ours["style"] for ours, _ in each) < sum(theirs["style"] for _, theirs in each) for each in found)
    what = f"style distance smaller than the peer's, {len(found)} artworks never seen"
    by_pairs = f"{_smaller(pairs)} of {len(pairs)} pairs; {medians(pairs)}"
    shown = f"{nearer} of {len(found)} by the mean of {len(PHOTOGRAPHS)} photographs ({by_pairs})"
    yield Row(what, shown, "half", nearer >= UNSEEN * len(found))


def evenly(folder: Path, count: int) -> list[Path]:
    """So many pictures of a folder, evenly over its sorted files."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return [found[number * len(found) // count] for number in range(min(count, len(found)))]


def content(name: str) -> Rgb:
    """A photograph with its longest side 512 px."""
    return fitted(photograph(name), SIZE)


def _picture(artwork: Path) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(artwork_cropped(image.read(artwork).rgb)))


def _known(contest: Contest, number: int) -> Tensor:
    return contest.network.model.embeddings[number : number + 1]


def _sights(artwork: Path) -> list[Sight]:
    return [Sight(name, artwork) for name in PHOTOGRAPHS]


def won(found: Found) -> int:
    """In how many pairs both of our distances are the smaller ones."""
    return sum(all(ours[kind] < theirs[kind] for kind in KINDS) for ours, theirs in found)


def _smaller(found: Found) -> str:
    return ", ".join(f"{kind} in {sum(ours[kind] < theirs[kind] for ours, theirs in found)}" for kind in KINDS)


def medians(found: Found) -> str:
    """Median distances of both sides."""

    def median(side: int, kind: str) -> float:
        return statistics.median(pair[side][kind] for pair in found)

    return "medians: " + ", ".join(f"{kind} {median(0, kind):.2f} against {median(1, kind):.2f}" for kind in KINDS)
