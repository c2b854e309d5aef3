"""The manifest's columns, as data: name, Arrow type, meaning, and whether a file must have it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """One column of a table: its Arrow type and what it means, with its unit.

    A file without a `needed` column is refused; any other that it lacks is null, so that files of earlier versions open.
    """

    name: str
    type: pa.DataType
    meaning: str
    needed: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("output", pa.string(), "Path of the picture under `outputs/`; the row's identity.", needed=True),
    Column("run", pa.string(), "Name of the run folder that made the picture."),
    Column("kind", pa.string(), "`stylize`, or `sample`: drawn from a checkpoint."),
    Column("asset", pa.string(), "Path of the asset in the library."),
    Column("asset_sha256", pa.string(), "SHA-256 of the asset's bytes."),
    Column("style", pa.string(), "Name of the style in the catalog."),
    Column("style_sha256", pa.string(), "SHA-256 over the style's ordered (artwork, weight) pairs."),
    Column("mask_sha256", pa.string(), "SHA-256 of the asset's mask, if the run has masks."),
    Column("regions_sha256", pa.string(), "SHA-256 of the asset's region map, if the style has regions."),
    Column("checkpoint", pa.string(), "Name of the checkpoint that a sample was drawn from."),
    Column("recipe", pa.string(), "Hash of the recipe: every parameter that decides pixels."),
    Column("preset", pa.string(), "Name of the preset the recipe began as."),
    Column("seed", pa.int64(), "Seed of the job."),
    Column("weights", pa.string(), "Digest of the network tensors used."),
    Column("key", pa.string(), "Hash of all that decides the pixels; equal keys are computed once.", needed=True),
    Column("status", pa.string(), "`pending`, `done`, `rejected` or `failed`.", needed=True),
    Column("reason", pa.string(), "Why not, in one word; null when done."),
    Column("message", pa.string(), "Why not, in a sentence that names the file and a remedy."),
    Column("pixels_sha256", pa.string(), "SHA-256 of the output's decoded pixels."),
    Column(
        "fingerprint",
        pa.string(),
        "What the picture looks like, 256 bits as hex: of near-identical ones few differ.",
    ),
    Column("traits", pa.list_(pa.float32()), "What the picture shows, as 32 numbers that a taste is learnt on."),
    Column("alike", pa.string(), "Output of the first in the style that is nearly the same picture; set by a merge."),
    Column("width", pa.int32(), "Width of the output, pixels."),
    Column("height", pa.int32(), "Height of the output, pixels."),
    Column("score", pa.float32(), "How good the transfer, or a curated sample, is, 0 to 1, higher is better."),
    Column(
        "percentile", pa.float32(), "Share of its style's scores in the run that are lower, 0 to 100; set by a merge."
    ),
    Column("score_content", pa.float32(), "Content kept, 0 (nothing of the asset) to 1 (the asset itself)."),
    Column(
        "score_style",
        pa.float32(),
        "Style reached, 0 (no nearer than the asset) to 1 (the style's own statistics).",
    ),
    Column("score_quality", pa.float32(), "Technical quality, 1 if it has no fault that asset and style have not."),
    Column("score_coherence", pa.float32(), "How evenly the picture's quarters reach the style, 0 to 1."),
    Column("flaw", pa.string(), "Technical measure that took most from `score_quality`; null where nothing did."),
    Column("content_distance", pa.float32(), "Distance between the features of output and asset, 0 is equal."),
    Column(
        "style_distance",
        pa.float32(),
        "Gram distance output-style over asset-style; 1 is no nearer than the asset.",
    ),
    Column("class_kept", pa.bool_(), "Whether the asset's top ImageNet class is in the output's top 5."),
    Column("label", pa.string(), "Likeliest class by the spec's `scorer`."),
    Column("probability", pa.float32(), "Probability of the label, calibrated, 0 to 1."),
    Column("known", pa.bool_(), "Whether the scorer knows: the label is probable enough, and the picture no outlier."),
    Column("outlier", pa.bool_(), "Whether the picture is unlike all that the scorer was trained on."),
    Column("scorer", pa.string(), "Classifier that gave the label, as name@digest."),
    Column("loss", pa.float32(), "Last value of the optimised loss."),
    Column(
        "losses",
        pa.list_(pa.float32()),
        "History of the loss, at most 64 values evenly spread over the steps.",
    ),
    Column("seconds", pa.float32(), "Time to decode, make, score and write the picture, seconds."),
    Column("engine", pa.string(), "Device, torch version, CPU capability and threads that made the pixels."),
    Column(
        "attempt",
        pa.int32(),
        "How many times the picture was tried, after failures or by the gate.",
    ),
    Column("retry_of", pa.string(), "Output of the picture's first try, where the gate had it tried again."),
    Column("best", pa.bool_(), "Whether it has the highest score of its picture's tries; set by a merge."),
    Column("started", pa.timestamp("ms", tz="UTC"), "When the job began."),
    Column("finished", pa.timestamp("ms", tz="UTC"), "When its picture was written."),
    Column("versions", pa.string(), "Versions of Nocturne, torch and Pillow."),
)

SCHEMA = pa.schema([pa.field(c.name, c.type, metadata={"meaning": c.meaning}) for c in COLUMNS])

NEEDED = tuple(column.name for column in COLUMNS if column.needed)
"""Columns without which a row says nothing: they are in every file, and null in none."""

LISTS = tuple(column.name for column in COLUMNS if pa.types.is_list(column.type))
"""Columns that are lists."""

TIMES = frozenset({"seconds", "started", "finished"})
"""Columns that may differ between two undisturbed runs of one spec."""


def type_name(kind: pa.DataType) -> str:
    """A column's type in the words of the documentation."""
    return {"string": "text", "bool": "yes/no"}.get(str(kind), "time" if pa.types.is_timestamp(kind) else str(kind))
