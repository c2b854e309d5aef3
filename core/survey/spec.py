"""Specs of surveys: what a user decides about one. They feed the command line and the dashboard's form."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from core.config.base_spec import BaseSpec
from core.config.spec_fields import (
    MaxMegapixels,
    PlainPath,
    PlainText,
    ScorerName,
    SystemFolders,
    check_apart,
    check_folder,
    check_out,
    check_scorer,
)
from core.errors import SpecError
from core.storage.allowed_roots import check_inside
from core.storage.run_marks import SURVEY
from core.storage.run_paths import MANIFEST, MANIFEST_CSV

NOBODY = "none"
"""Named as scorer by who wants no labels."""


class SurveySpec(BaseSpec):
    """A folder of pictures to look at, and where the table goes."""

    kind: ClassVar[str] = "survey"
    path_fields: ClassVar[tuple[str, ...]] = ("pictures", "out")

    pictures: PlainPath = Field(title="Pictures", description="Folder of pictures, searched recursively.")
    out: PlainPath = Field(title="Out", description="Folder for the table and what goes with it.")
    include: list[PlainText] = Field(
        [], title="Include", description="Patterns of pictures to keep, such as `trip/*.jpg`."
    )
    exclude: list[PlainText] = Field([], title="Exclude", description="Patterns of pictures to leave out.")
    system_folders: SystemFolders = False
    max_megapixels: MaxMegapixels = Field(120.0, description="Largest picture, megapixels.")
    processes: int | None = Field(
        None,
        ge=1,
        le=256,
        title="Processes",
        description="Pictures looked at side by side; empty: one a core, at most 8.",
    )

    @property
    def options(self) -> dict[str, Any]:
        """What the annotator is made from: it decides the rows."""
        return {}

    def check(self) -> None:
        """Look at the folders before any work. Raises SpecError."""
        check_inside(self.paths())
        check_folder("pictures", self.pictures)
        check_out(self.out, SURVEY, (MANIFEST, MANIFEST_CSV))
        check_apart(self.out, [("pictures", self.pictures)])


class AppraiseSpec(SurveySpec):
    """Appraising a folder: what each picture is and how well it is made."""

    kind: ClassVar[str] = "appraise"
    path_fields: ClassVar[tuple[str, ...]] = (*SurveySpec.path_fields, "scorer")

    scorer: ScorerName = Field(
        "genres",
        title="Scorer",
        description=f"Classifier that labels the pictures: a shipped one, or a file; `{NOBODY}`: measures alone.",
    )
    explain: bool = Field(
        False, title="Explain", description="Show what in each picture speaks for its label, in `explained/`."
    )

    def check(self) -> None:
        """Look at the folders and the classifier before any work. Raises SpecError."""
        super().check()
        if self.named_scorer is None and self.explain:
            raise SpecError(
                "explain: without labels there is nothing to explain", f"name a scorer instead of `{NOBODY}`."
            )
        check_scorer(self.named_scorer)

    @property
    def named_scorer(self) -> str | None:
        """The scorer, if there is one."""
        return None if self.scorer == NOBODY else self.scorer

    @property
    def options(self) -> dict[str, Any]:
        """What the annotator is made from; another version of the classifier makes rows anew."""
        from core.networks.classifier_file import read  # numpy comes with it, and the command line is to be quick

        version = None if self.named_scorer is None else read(self.named_scorer).version
        return {"scorer": self.named_scorer, "version": version, "explain": self.explain}


class AnalyseSpec(SurveySpec):
    """Analysing a folder: colours, moods and structure of each picture."""

    kind: ClassVar[str] = "analyse"

    measures_only: bool = Field(
        False, title="Measures only", description="The table alone: no palette files, overlays or page."
    )

    @property
    def options(self) -> dict[str, Any]:
        """What the annotator is made from."""
        return {"files": not self.measures_only}
