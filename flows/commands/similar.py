"""`nocturne similar`: the pictures of a folder that are most like one."""

from __future__ import annotations

import json
from pathlib import Path

from rich.text import Text

from core.errors import JobError, SpecError
from core.images import image
from core.planning.file_digests import sha256_of
from core.safe_text import printable
from core.survey.similar import index_folder
from flows.console import console, plain_table, print_line
from flows.progress import Bar
from flows.streams import print_result

ABOUT = (
    "Likeness is the cosine of the pictures' features (EfficientNet-Lite0), 1 the same: it goes by what is shown and how, "
    "not by single pixels."
)


def similar(picture: Path, folder: Path, count: int, as_json: bool) -> None:
    """Print the pictures of `folder` most like `picture`, itself left out. Raises SpecError, RunBusy."""
    print_result()
    out = console(as_json)
    try:
        shown, own = image.read(picture), sha256_of(str(picture))
    except JobError as error:
        raise SpecError(str(error)) from error
    with Bar(out, "pictures") as bar:
        found = index_folder(folder, bar.tick)
    import torch

    from core.networks.features import FeatureExtractor

    asked = FeatureExtractor(torch.device("cpu")).of(shown.rgb)
    near = found.index.search(asked, count + found.sha256.count(own))
    near = [each for each in near if found.sha256[each.place] != own][:count]
    rows = [{"picture": found.index.names[each.place], "likeness": round(each.likeness, 4)} for each in near]
    if as_json:
        print(json.dumps({"folder": str(folder), "failed": found.failed, "problems": found.problems, "similar": rows}))
        return
    table = plain_table("likeness", "picture")
    for row in rows:
        table.add_row(f"{row['likeness']:.3f}", Text(printable(str(row["picture"]))))
    out.print(table)
    if found.failed:
        out.print(f"{found.failed:,} pictures of the folder could not be read.")
    for problem in found.problems:
        print_line(out, problem)
    out.print(ABOUT, soft_wrap=True)
