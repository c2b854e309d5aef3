"""`nocturne inspire`: a board of a folder's pictures, with small drafts of what to try."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.assist.recommend import check_mood
from core.config.spec_fields import check_folder
from core.errors import JobError, NocturneError
from core.images import image
from core.planning.catalog import Style, load_catalog
from core.report.board import StyleDraft, inspiration_page
from core.runs.single_job import single_job
from core.safe_text import printable
from core.storage.run_paths import style_thumb
from core.storage.store import Store
from core.survey.boards import PAGE
from core.survey.inspiration import Idea, Inspiration, pick_ideas
from core.survey.matching import analyse_both
from core.survey.similar import index_folder
from core.survey.spec import AnalyseSpec
from core.survey.survey import Survey
from core.survey.survey_kinds import ANALYSE
from core.survey.table import batches
from flows.commands.style import open_session, opened
from flows.console import console, print_line
from flows.progress import Bar
from flows.shell_command import shell_command

SAMPLES = Path(__file__).resolve().parents[2] / "data/styles"
"""The catalog that is taken where none is named."""
DRAFT = {"preset": "fast", "recipe": {"size": 256, "format": "jpg"}}
DRAFTS = "drafts"


def inspire(pictures: Path, out_folder: Path, catalog: Path, count: int, mood: str | None, as_json: bool) -> None:
    """Look, group, paint `count` drafts, write the board and print its path. Raises SpecError, RunBusy."""
    check_mood(mood)
    check_folder("catalog", catalog)
    styles = [style for style in load_catalog(catalog) if not style.regions]
    out = console(as_json)
    spec = AnalyseSpec.from_values({"pictures": str(pictures), "out": str(out_folder)}, "flags")
    with Bar(out, "pictures") as bar, Survey(spec, ANALYSE, lambda _, done, total: bar.tick(done, total)) as survey:
        rows = [row for some in batches(survey.complete()) for row in some]
        with Bar(out, "features") as features:
            found = Inspiration(rows, index_folder(spec.pictures, features.tick))
        known = analyse_both(spec.pictures, catalog, styles)
        proposed = pick_ideas(found.done, found.order(), known.styles, count, mood) if found.done else []
        drafts, notes = _drawn(proposed, spec.pictures, catalog, styles, survey.store)
        survey.store.put(PAGE, inspiration_page(found.board(spec.pictures.name, survey.store, drafts, notes)))
    page = survey.store.path(PAGE)
    if as_json:
        made = [{"asset": idea.asset, "style": idea.fit.style, "reason": idea.fit.reason} for idea in proposed]
        print(json.dumps({"page": str(page), "pictures": len(rows), "groups": len(found.groups), "drafts": made}))
        return
    for line in (*known.problems, f"Board: {page}"):
        print_line(out, line)


def _drawn(
    proposed: Sequence[Idea], library: Path, catalog: Path, styles: Sequence[Style], store: Store
) -> tuple[list[StyleDraft], list[str]]:
    """Drafts of the ideas, and a sentence for each that could not be painted."""
    by_name = {style.name: style for style in styles}
    drafts, notes = [], []
    for number, idea in enumerate(proposed):
        place = _Place(library / idea.asset, catalog, by_name[idea.fit.style], store)
        try:
            drafts.append(place.draft(idea, f"{DRAFTS}/{number:02d}.jpg"))
        except (JobError, NocturneError) as error:
            notes.append(printable(f"No draft of {idea.asset} as {idea.fit.style}: {error}"))
    return drafts, notes


@dataclass(frozen=True)
class _Place:
    """Where one draft comes from and goes to."""

    photo: Path
    catalog: Path
    style: Style
    store: Store

    def draft(self, idea: Idea, name: str) -> StyleDraft:
        """Paint and put it. Raises JobError, NocturneError."""
        artworks = [self.catalog / artwork.file for artwork in self.style.artworks]
        weighted = [f"{file}:{each.weight:g}" for file, each in zip(artworks, self.style.artworks, strict=True)]
        posed = single_job(self.photo, weighted, DRAFT)
        recipe = posed.spec.base_recipe()
        session = open_session(opened(posed, [recipe]), posed.job(recipe, posed.spec.start, posed.spec.seed))
        painted = session.paint(lambda *_: None)
        self.store.put(name, session.encoded(session.delivered(painted)))
        thumb = style_thumb(self.style.name)
        self.store.put(thumb, image.thumbnail(image.read(artworks[0])))
        command = shell_command("style", self.photo, *weighted, "-o", "large.png", "--preset", "polish")
        return StyleDraft(idea.place, idea.fit.style, thumb, name, idea.fit.reason, idea.fit.fit, command)
