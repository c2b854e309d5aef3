"""What a scan passed over: hidden files, other kinds of file, links, run folders, system folders, closed folders; and
patterns that fitted nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.safe_text import portable, printable, truncated

NAMED = 3
"""Folders of a kind that a sentence names; the others are counted."""


_WORDS = {
    "closed": ("folder cannot be entered", "folders cannot be entered", "put that right, or exclude it."),
    "runs": (
        "run folder is no input",
        "run folders are no input",
        "give a folder in it by itself to use its pictures.",
    ),
    "linked": (
        "linked folder is not entered",
        "linked folders are not entered",
        "put the folder itself in its place.",
    ),
    "system": (
        "system folder is not entered",
        "system folders are not entered",
        "`system_folders` has them entered.",
    ),
    "unmatched": ("pattern fits nothing", "patterns fit nothing", "correct it, or leave it out."),
}
"""What is said of one and of several of a kind, and what to do; in the order of their weight."""


@dataclass
class PassedOver:
    """Counts of files, relative names of the folders that were not entered, of `closed` ones with the system's words, and
    `unmatched` patterns.
    """

    hidden: int = 0
    others: int = 0
    linked: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)

    def add(self, other: PassedOver) -> None:
        """Add what another scan passed over."""
        self.hidden += other.hidden
        self.others += other.others
        for name in ("linked", "runs", "system", "closed", "unmatched"):
            getattr(self, name).extend(getattr(other, name))

    def sentences(self, where: str = "") -> list[str]:
        """One for each kind of folder that was not entered, and for patterns that fitted nothing; `where` names what was
        scanned, such as `library /a`, unless that is said already.
        """
        begin = f"{where}: " if where else ""
        counted = ((len(getattr(self, field)), field, words) for field, words in _WORDS.items())
        return [
            f"{begin}{count:,} {one if count == 1 else many}: {self._names(field)}; {remedy}"
            for count, field, (one, many, remedy) in counted
            if count
        ]

    def _names(self, field: str) -> str:
        """The first names of a kind, of closed folders with the system's words, and how many more there are."""
        names = [(name, "") if isinstance(name, str) else (name[0], f" ({name[1]})") for name in getattr(self, field)]
        shown = ", ".join(truncated(printable(name or ".")) + why for name, why in names[:NAMED])
        return shown + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")

    def hides(self) -> Callable[[str], bool]:
        """Tells whether an asset's name lies in a folder that could not be entered, so that nothing is known of it."""
        below = tuple(f"{portable(name)}/" if name else "" for name, _ in self.closed)
        return lambda asset: asset.startswith(below)
