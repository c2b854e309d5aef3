"""Annotator of the survey `analyse`: measures, and for each picture its palette as files and its structure as overlays."""

from __future__ import annotations

from core.assist.analysis import analysed
from core.assist.measures import measures
from core.assist.overlays import overlays
from core.assist.swatches import WRITERS
from core.images.image import Picture, thumbnail
from core.storage.run_paths import earlier_view_name, view_name
from core.storage.store import Store
from core.survey.annotator import Annotation

PALETTES, OVERLAYS, THUMBS = "palettes", "overlays", "thumbs"
"""Folders of a survey's files; below each, a file is called as its picture, and what it is."""


class AnalysisAnnotator:
    """Measures colours, mood and structure; with `files`, it makes palettes, overlays and thumbnails too."""

    def __init__(self, files: bool = True) -> None:
        self._files = files

    def annotate(self, picture: Picture, name: str) -> Annotation:
        """The picture's measures and files."""
        found = analysed(picture)
        if not self._files:
            return Annotation(measures(found))
        files = {file_name(THUMBS, name, "jpg"): thumbnail(picture)}
        if found is not None:
            swatches = found.palette
            files |= {file_name(PALETTES, name, suffix): write(swatches, name) for suffix, write in WRITERS.items()}
            files |= {file_name(OVERLAYS, name, f"{what}.jpg"): data for what, data in overlays(found).items()}
        return Annotation(measures(found), files)


def file_name(folder: str, asset: str, suffix: str) -> str:
    """Where a file of a picture lies in the survey's folder.

    >>> file_name("palettes", "trip/cat.jpg", "ase")
    'palettes/trip/cat.jpg.ase'
    """
    return f"{folder}/{view_name(asset)}.{suffix}"


def file_there(store: Store, folder: str, asset: str, suffix: str) -> str | None:
    """The file of a picture, if there is one; surveys of earlier versions call some otherwise."""
    names = file_name(folder, asset, suffix), f"{folder}/{earlier_view_name(asset)}.{suffix}"
    return next(filter(store.exists, names), None)
