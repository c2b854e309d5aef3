"""Report folder of an evaluation of samples: figures as JSON and text, and a page of the nearest pairs."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.table import Table

from core.gan.checkpoints.checkpoint import CheckpointInfo
from core.gan.data.dataset import Dataset
from core.gan.metrics.features import rgb_of
from core.gan.metrics.memorisation_check import CLOSE, COPY
from core.gan.metrics.set_report import Appraisal
from core.images.pixel_types import RgbPictures
from core.report.evaluation import FIGURES, evaluation_text, formatted
from core.report.nearest import SHOWN, ComparisonCounts, NearestMatch, nearest_page
from core.storage.store import Store
from flows.console import print_line

RECORD, TEXT, NEAREST = "evaluation.json", "evaluation.md", "nearest.html"
"""Files of the report folder."""
FILES = (RECORD, TEXT, NEAREST)

VIEW = 192
"""Side in pixels at which pictures are shown in the report; smaller ones stay as they are."""


def write(folder: Path, record: dict[str, Any], appraisal: Appraisal, drawn: RgbPictures, training: Dataset) -> None:
    """Write the three files; `record` is the JSON document, `drawn` the samples (n, h, w, 3). Raises StorageFailed."""
    store = Store(folder)
    seeds = [one["seed"] for one in record["near_copies"]["nearest"]]
    page = nearest_page(
        record["checkpoint"]["name"], _pairs(appraisal, drawn, training, seeds), _tally(appraisal, len(training))
    )
    store.put(RECORD, json.dumps(record, indent=1).encode())
    store.put(TEXT, evaluation_text(record).encode())
    store.put(NEAREST, page)


def notes(info: CheckpointInfo, training: Dataset, held_out: Dataset | None) -> list[str]:
    """What a reader of the figures must know, in sentences."""
    sentences = []
    if held_out is None:
        sentences.append(
            "There were no held-out pictures, so samples are compared with the training pictures themselves: a network "
            "that copied them would score best. Look at the near-copy rate, or give --held-out."
        )
    known = info.data.get("digest")
    if known and known != training.digest:
        sentences.append(
            "These are not the pictures that the checkpoint was trained on (their digest differs): the near-copy rate says "
            "nothing of those that it saw."
        )
    for what, data in (("data", training), ("held-out pictures", held_out)):
        if data is None:
            continue
        if data.skipped:
            files = "1 file" if len(data.skipped) == 1 else f"{len(data.skipped):,} files"
            sentences.append(f"{files} of the {what} could not be read: left out.")
        sentences += data.notes if data is training else (f"held-out: {note}" for note in data.notes)
    sentences.append(
        "EfficientNet-Lite0 also chooses checkpoints in training and curates samples; VGG-19 does neither, so where the two "
        "disagree, trust VGG-19's figures. Figures are comparable only between equal features and equal numbers of pictures."
    )
    return sentences


def show(screen: Console, record: dict[str, Any], folder: Path) -> None:
    """Print the figures, and where the report is."""
    for metrics, training in zip(record["metrics"], record["training_as_samples"], strict=True):
        table = Table(box=None, padding=(0, 2, 0, 0), title=metrics["features"], title_justify="left")
        table.add_column("")
        table.add_column(f"{metrics['fake']:,} samples", no_wrap=True)
        if training:
            table.add_column(f"{training['fake']:,} training pictures", no_wrap=True)
        for key, name, _ in FIGURES:
            table.add_row(name, formatted(key, metrics[key]), *([formatted(key, training[key])] if training else []))
        screen.print(f"Against {metrics['real']:,} {record['against']} pictures:")
        screen.print(table)
    near = record["near_copies"]
    screen.print(
        f"Copies of training pictures: {near['copies']:,} of {near['samples']:,} ({near['rate']:.1%}); worth a look: "
        f"{near['close']:,}."
    )
    for line in (*record["notes"], f"Report: {folder / NEAREST}, {folder / TEXT}"):
        print_line(screen, line)


def _pairs(appraisal: Appraisal, drawn: RgbPictures, training: Dataset, seeds: Sequence[int]) -> list[NearestMatch]:
    """The nearest pairs, as many as the page shows, with their pictures."""
    order = sorted(range(len(drawn)), key=lambda place: (appraisal.near[place].nearness, seeds[place]))
    shown_pairs = []
    for place in order[:SHOWN]:
        near = appraisal.near[place]
        shown_pairs.append(
            NearestMatch(
                sample=_encoded(drawn[place]),
                sample_name=f"seed {seeds[place]}",
                original=_encoded(rgb_of(training.pictures[near.index : near.index + 1])[0]),
                original_name=training.names[near.index],
                mirrored=near.mirrored,
                ratio=near.ratio,
                bits=near.bits,
                usual_bits=appraisal.bits,
                nearness=near.nearness,
                verdict=near.verdict,
            )
        )
    return shown_pairs


def _tally(appraisal: Appraisal, originals: int) -> ComparisonCounts:
    """The page's counts."""
    return ComparisonCounts(
        samples=len(appraisal.near),
        originals=originals,
        copies=appraisal.count("copy"),
        close=appraisal.count("close"),
        features=appraisal.near_features,
        copy_at=COPY,
        close_at=CLOSE,
    )


def _encoded(picture: RgbPictures) -> bytes:
    file = io.BytesIO()
    small = Image.fromarray(picture)
    small.thumbnail((VIEW, VIEW))
    small.save(file, "JPEG", quality=90)
    return file.getvalue()
