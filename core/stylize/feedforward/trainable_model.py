"""Trainable modules of style training: transfer network, style predictor, and an offset for each catalog style."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.stylize.feedforward.network import Embedding, TransferNetwork
from core.stylize.feedforward.predictor import Look, StylePredictor


class TrainableModel(nn.Module):
    """A transfer network that knows a catalog and predicts what it does not know.

    The embedding of a style of the catalog is what is predicted from its look and an offset of its own; the identity,
    which leaves a picture as it is, is an offset alone.
    """

    looks: Tensor

    def __init__(self, looks: Look, breadth: float = 1.0) -> None:
        """looks: those of the catalog's styles, in their order. breadth: see TransferNetwork."""
        super().__init__()
        self.network = TransferNetwork(breadth)
        size = self.network.embedding_size
        self.predictor = StylePredictor(looks.shape[1], size)
        self.register_buffer("looks", looks.clone())
        self.offsets = nn.Parameter(torch.zeros(len(looks), size))
        self.identity = nn.Parameter(torch.zeros(1, size))

    def known(self, numbers: Sequence[int]) -> Embedding:
        """Embeddings of styles of the catalog."""
        chosen = list(numbers)
        return self.predictor(self.looks[chosen]) + self.offsets[chosen]  # type: ignore[no-any-return]
