"""Paths in a run folder: spec, plan, parts, manifest, outputs, thumbs, gallery, records of nights.

runs/<name>/spec.toml  plan.parquet  parts/*.parquet  manifest.parquet  manifest.csv  outputs/...  rejected/...
            thumbs/...  gallery/index.html  nights/<utc>.json  log.jsonl  .lock

A run folder may lie on any volume, and be copied to any. Names that are made here hold nothing that exFAT, NTFS or SMB
refuse (core.safe_text.volume_safe), and those of one folder differ in more than case and Unicode composition
(core.safe_text.comparable): outputs are told apart by core.planning.jobs.OutputNames, small views by `view_name`. Outputs
that earlier versions named keep their names while their keys are planned; a run into a new folder with `--reuse` gives
them names that go anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.safe_text import comparable, components_cut, portable, volume_safe

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
    "palettes",
    "explained",
    "set-aside",
)
"""Folders in which runs of any kind keep what they make."""


def output_name(style: str, asset: str, suffix: str, mark: str = "") -> str:
    """`<style>/<asset path with its suffix>[~mark].<suffix>`, the identity of a stylised picture's row.

    >>> output_name("wave", "trip/cat.jpg", "png")
    'wave/trip/cat.jpg.png'
    """
    tail = f"~{mark}.{suffix}" if mark else f".{suffix}"
    return components_cut(volume_safe(f"{portable(style)}/{portable(asset)}")) + tail


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


def asset_thumb(asset: str, called: Callable[[str], str] | None = None) -> str:
    """The small view of an asset, by `view_name` or what else it is `called` by."""
    return f"{THUMBS}/assets/{(called or view_name)(asset)}.jpg"


def style_thumb(style: str, called: Callable[[str], str] | None = None) -> str:
    """The small view of a style, by `view_name` or what else it is `called` by."""
    return f"{THUMBS}/styles/{(called or view_name)(style)}.jpg"


def thumb_there(exists: Callable[[str], bool], thumb: Callable[..., str], name: str) -> str:
    """The small view of an asset or a style, by `asset_thumb` or `style_thumb`, as a run folder has it, of which `exists`
    tells what is there: runs of earlier versions call some otherwise.
    """
    own, earlier = thumb(name), thumb(name, earlier_view_name)
    return earlier if earlier != own and not exists(own) and exists(earlier) else own


def view_name(name: str) -> str:
    """What the files that show an asset or a style are called, before their suffix: its own name, or where a volume may
    refuse that, take it for another, or need a folder in the place of a file, its folded name with a mark.

    >>> view_name("trip/cat.jpg"), view_name("Cat.jpg")
    ('trip/cat.jpg', 'cat.jpg~3513817d3a')
    """
    plain = portable(name)
    safe = comparable(volume_safe(plain))
    folders, _, last = safe.rpartition("/")
    # No folder ends as files do that lie beside it, such as the view x.jpg.jpg of x.jpg.
    path = "".join(f"{folder}~/" if "." in folder else f"{folder}/" for folder in folders.split("/") if folder) + last
    if path == plain:
        return components_cut(path)
    return f"{components_cut(path)}~{hashlib.sha256(plain.encode()).hexdigest()[:10]}"


def earlier_view_name(name: str) -> str:
    """What `view_name` was in earlier versions, whose run folders have such files."""
    return components_cut(portable(name))
