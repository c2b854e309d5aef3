"""Loaded transfer network: weights, style predictor and embeddings of learnt styles, for inference."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from core.stylize.feedforward.network import TransferNetwork
from core.stylize.feedforward.predictor import StylePredictor
from core.stylize.feedforward.transfer_info import TransferInfo


@dataclass(frozen=True)
class TransferModel:
    """The network in the recipe's precision, the predictor in float32, and embeddings (n, embedding), float32: of the
    styles that the network knows, in their order, and (1, embedding) of the asset's own look.
    """

    info: TransferInfo
    network: TransferNetwork
    predictor: StylePredictor
    embeddings: Tensor
    identity: Tensor
