"""Quarantine of faulty files: moved to `set-aside/`, never deleted, so that the next night makes them again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import NocturneError
from core.manifest.outputs_on_disk import is_within, outer_link
from core.manifest.verify import OutputFault
from core.storage.run_paths import OUTPUTS
from core.storage.store import TEMPORARY, Store

SET_ASIDE = "set-aside"
"""Folder in a run folder; a file goes to the path there that it had in the run folder."""

MOST = 1000
"""How many files of one path may be set aside, in `set-aside-2` and so on."""


@dataclass(frozen=True, slots=True)
class Move:
    """A file that was to be moved: `to` says where it is now, or is None and `message` says why it stayed."""

    name: str
    to: str | None
    message: str = ""


def set_aside(store: Store, faults: Iterable[OutputFault]) -> list[Move]:
    """Move altered, damaged and stray files out of `outputs/`; a link is moved itself, not what it points to.

    Call it under the run's lock, with faults that were found under it.
    """
    movable: dict[str, bool] = {}
    for fault in faults:
        if fault.kind != "missing":
            movable[fault.name] = movable.get(fault.name, True) and fault.movable
    moves: list[Move] = []
    gone: set[str] = set()
    for name in sorted(movable):
        if any(folder in gone for folder in _above(name)):  # it went with its folder
            continue
        move = _move(store, name) if movable[name] else Move(name, None, "was left where it is; see to it yourself")
        moves.append(move)
        if move.to is not None:
            gone.add(name)
    return moves


def _move(store: Store, name: str) -> Move:
    try:
        source = store.root / name
        if not _is_in_outputs(store, name):
            return Move(name, None, f"lies behind a link that leaves {OUTPUTS}/; move it yourself")
        if not os.path.lexists(source):
            return Move(name, None, "is gone")
        target = _free_place(store, _kept_name(name))
        os.rename(source, store.root / target)
    except (OSError, NocturneError) as error:
        return Move(name, None, f"could not be moved ({getattr(error, 'strerror', None) or error})")
    return Move(name, target)


def _is_in_outputs(store: Store, name: str) -> bool:
    """Whether renaming `name` would move something of `outputs/`: a rename follows every link but the last."""
    folder, _, last = name.rpartition("/")
    outputs = os.path.realpath(store.root / OUTPUTS)
    is_below = is_within(os.path.realpath(store.root / folder), outputs)
    return last not in ("", ".", "..") and outer_link(store, OUTPUTS) is None and is_below


def _free_place(store: Store, name: str) -> str:
    """A path where nothing lies yet, in a folder that exists. Raises NocturneError or OSError."""
    for serial in range(1, MOST + 1):
        top = SET_ASIDE if serial == 1 else f"{SET_ASIDE}-{serial}"
        place = f"{top}/{name}"
        if outer_link(store, place.rpartition("/")[0]) is not None:
            raise NocturneError(f"{top} is a link that leaves the run folder")
        try:
            (store.root / place).parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):  # a file of that name was set aside before
            continue
        if not os.path.lexists(store.root / place):
            return place
    raise NocturneError(f"{MOST:,} files of that name were set aside before")


def _kept_name(name: str) -> str:
    """The name without the mark of temporary files: a night sweeps those away wherever they lie in its folder."""
    folder, _, last = name.rpartition("/")
    return f"{folder}/{last.removeprefix('.')}" if last.startswith(TEMPORARY) else name


def _above(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
