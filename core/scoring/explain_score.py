"""Explanation of a score: its parts in a sentence without numbers, which stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTENT = (
    (0.1, "hardly anything of the asset is left"),
    (0.25, "little of the asset is left, though enough to be recognised"),
    (0.6, "the asset is plain to see"),
    (1.01, "nearly all of the asset is kept"),
)
STYLE = (
    (0.05, "the style is not reached"),
    (0.2, "little of the style is reached"),
    (0.4, "the style is partly reached"),
    (0.6, "the style is well reached"),
    (1.01, "the style is reached as far as transfers go"),
)
COHERENCE = (
    (0.6, "parts of the picture are painted and others are not"),
    (0.8, "the style is stronger in some quarters of the picture than in others"),
    (1.01, ""),
)
"""Phrases of each part, by the value below which they hold."""

FLAWS = {
    "sharpness": "it is softer than its asset and its style",
    "noise": "it is noisier than its asset and its style",
    "blocking": "it is blocky, as if it had been compressed too far",
    "clipping": "it has lost its drawing in black or white",
    "banding": "it has bands where tones should run evenly",
    "checkerboard": "it has a fine chessboard over it",
}
STANDING = (
    (10, "among the weakest"),
    (35, "below the middle"),
    (65, "about the middle"),
    (90, "above most"),
    (101, "among the best"),
)


LEAST_SHARE = 0.05
"""Of the logarithm of the odds: what adds less is not spoken of."""


def score_sentence(row: Mapping[str, Any]) -> str | None:
    """What a manifest row's score comes from; None without the parts of one.

    >>> parts = {"score_content": 0.7, "score_style": 0.5, "score_quality": 0.4, "score_coherence": 0.9}
    >>> score_sentence({**parts, "flaw": "blocking"})
    'Nearly all of the asset is kept and the style is well reached; it is blocky, as if it had been compressed too far.'
    """
    parts = [row.get(f"score_{name}") for name in ("content", "style", "quality", "coherence")]
    if parts[0] is None or parts[1] is None:
        return None
    sentence = f"{_phrase(CONTENT, parts[0])} and {_phrase(STYLE, parts[1])}"
    rest = [_flaw_phrase(parts[2], row.get("flaw")), "" if parts[3] is None else _phrase(COHERENCE, parts[3])]
    sentence = "; ".join([sentence, *filter(None, rest)])
    return f"{sentence[0].upper()}{sentence[1:]}."


def rank_sentence(percentile: float | None, style: str) -> str | None:
    """Where an output stands among those of its style, in a sentence; None if that is not known."""
    if percentile is None:
        return None
    return f"That is {_phrase(STANDING, percentile)} of {style} in this run (percentile {percentile:.0f})."


def taste_sentence(shares: Mapping[str, float]) -> str:
    """What tells for a picture and against it by a taste, the most first.

    >>> taste_sentence({"score_style": 0.8, "score_quality": -0.4, "traits": 0.01})
    'By your taste: for it style; against it quality.'
    """
    counted = sorted(((abs(share), share, name.removeprefix("score_")) for name, share in shares.items()), reverse=True)
    named = [
        (name.replace("traits", "what it shows"), share > 0) for size, share, name in counted if size >= LEAST_SHARE
    ]
    sides = [", ".join(name for name, is_for in named if is_for is side) for side in (True, False)]
    parts = [f"{words} it {names}" for words, names in zip(("for", "against"), sides, strict=True) if names]
    return f"By your taste: {'; '.join(parts) or 'nothing for it and nothing against it'}."


def score_lines(
    row: Mapping[str, Any], weights: Mapping[str, float], shares: Mapping[str, float] | None = None
) -> list[str]:
    """All that there is to say of a row's score, line by line: the sentence, the parts with their weights, the standing.

    shares: what each part adds by a taste, where that makes the score in place of the weights.
    """
    sentence = score_sentence(row)
    if sentence is None or row.get("score") is None:
        return [row.get("message") or f"{row['output']} has no score with parts: it is {row['status']}."]
    lines = [f"{row['output']} scores {row['score']:.3f}. {sentence}"]
    for name, weight in weights.items():
        value = row.get(f"score_{name}")
        if value is not None:
            counts = f"weight {weight:g}" if shares is None else f"{shares[f'score_{name}']:+.2f} by your taste"
            flaw = f", mostly for its {row['flaw']}" if name == "quality" and row.get("flaw") else ""
            lines.append(f"  {name:10} {value:.3f}, {counts}{flaw}")
    last = None if shares is None else taste_sentence(shares)
    lines += filter(None, [last, rank_sentence(row.get("percentile"), row.get("style") or ""), row.get("message")])
    return lines


def _flaw_phrase(quality: float | None, flaw: str | None) -> str:
    if quality is None or flaw is None or quality > 0.97:
        return ""
    return FLAWS.get(flaw, flaw) + (", a little" if quality > 0.8 else "")


def _phrase(words: tuple[tuple[float, str], ...], value: float) -> str:
    return next((text for below, text in words if value < below), words[-1][1])
