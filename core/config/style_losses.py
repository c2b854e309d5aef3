"""Table of style losses: the name that a recipe's `style_statistic` gives each, and its class; imports no torch.

A loss is added by a line here and a file of its own; see `core/stylize/optimise/style_loss.py` for what the file holds.
"""

from __future__ import annotations

STYLE_LOSSES = {
    "gram": "core.stylize.optimise.moment_losses:GramLoss",
    "moments": "core.stylize.optimise.moment_losses:MomentsLoss",
    "wasserstein": "core.stylize.optimise.moment_losses:WassersteinLoss",
}
