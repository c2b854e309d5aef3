"""Paths in a run folder: spec, plan, parts, manifest, outputs, thumbs, gallery, records of nights.

runs/<name>/spec.toml  plan.parquet  parts/*.parquet  manifest.parquet  manifest.csv  outputs/...  rejected/...
            thumbs/...  gallery/index.html  nights/<utc>.json  log.jsonl  .lock
"""

from __future__ import annotations

from core.safe_text import components_cut, portable

SPEC = "spec.toml"
PLAN = "plan.parquet"
PARTS = "parts"
MANIFEST = "manifest.parquet"
MANIFEST_CSV = "manifest.csv"
OUTPUTS = "outputs"
REJECTED = "rejected"
THUMBS = "thumbs"
GALLERY = "gallery/index.html"
NEAREST = "gallery/nearest.html"
NIGHTS = "nights"
LOG = "log.jsonl"
LOCK = ".lock"
MADE = (
    OUTPUTS,
    REJECTED,
    THUMBS,
    PARTS,
    NIGHTS,
    "gallery",
    "checkpoints",
    "samples",
    "features",
    "overlays",
    "explained",
)
"""Folders in which runs of any kind keep what they make."""


def output_name(style: str, asset: str, suffix: str, mark: str = "") -> str:
    """`<style>/<asset path with its suffix>[~mark].<suffix>`, the identity of a stylised picture's row.

    >>> output_name("wave", "trip/cat.jpg", "png")
    'wave/trip/cat.jpg.png'
    """
    tail = f"~{mark}.{suffix}" if mark else f".{suffix}"
    return components_cut(f"{portable(style)}/{portable(asset)}") + tail


def output_path(output: str) -> str:
    """Where the picture of the row `output` lies in the run folder."""
    return f"{OUTPUTS}/{output}"


def rejected_path(output: str) -> str:
    """Where the picture of a row lies once it is rejected, apart from the others."""
    return f"{REJECTED}/{output}"


def picture_paths(output: str, status: str | None) -> tuple[str, ...]:
    """Where the picture of a row may lie: a rejected one is kept apart, and moved there after its row says so."""
    apart = (rejected_path(output),) if status == "rejected" else ()
    return (*apart, output_path(output))


def output_thumb(output: str) -> str:
    """The small view of an output."""
    return f"{THUMBS}/outputs/{output}.jpg"


def output_of(name: str) -> str | None:
    """The row whose picture or small view the file `name` of a run folder is; None if it is of no row.

    >>> [output_of(name) for name in (output_path("wave/a.png"), output_thumb("wave/a.png"), asset_thumb("a.jpg"))]
    ['wave/a.png', 'wave/a.png', None]
    """
    if name.startswith(f"{OUTPUTS}/"):
        return name.removeprefix(f"{OUTPUTS}/")
    if name.startswith(f"{THUMBS}/outputs/"):
        return name.removeprefix(f"{THUMBS}/outputs/").removesuffix(".jpg")
    return None


def asset_thumb(asset: str) -> str:
    """The small view of an asset."""
    return f"{THUMBS}/assets/{components_cut(portable(asset))}.jpg"


def style_thumb(style: str) -> str:
    """The small view of a style."""
    return f"{THUMBS}/styles/{components_cut(portable(style))}.jpg"
