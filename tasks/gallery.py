"""Task `gallery`: build the page that shows the run."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from core.manifest import manifest
from core.report.gallery import build_gallery
from core.storage.store import Store


@task(name="gallery", cache_policy=NO_CACHE)
def gallery(run: str, problems: list[str]) -> str:
    """Build the gallery of the run folder, with what the plan had to say of its inputs. Returns the path of its page."""
    store = Store(run)
    return str(build_gallery(store, manifest.read(store), store.root.name, problems))
