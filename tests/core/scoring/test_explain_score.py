from __future__ import annotations

from typing import Any

import pytest

from core.config.score_weights import PARTS, ScoreWeights
from core.scoring.explain_score import FLAWS, rank_sentence, score_lines, score_sentence


def row(*parts: float, flaw: str | None = None, **more: Any) -> dict[str, Any]:
    named = {f"score_{name}": value for name, value in zip(PARTS, parts, strict=True)}
    return {"output": "wave/a.png", "style": "wave", "status": "done", "flaw": flaw, "score": 0.5, **named, **more}


def test_the_sentence_follows_the_parts() -> None:
    said = score_sentence(row(0.7, 0.5, 0.4, 0.9, flaw="blocking"))
    assert said == (
        "Nearly all of the asset is kept and the style is well reached; it is blocky, as if it had been compressed too far."
    )
    assert "Hardly anything" in (score_sentence(row(0.02, 0.5, 1, 1)) or "")
    assert "is not reached" in (score_sentence(row(0.9, 0.0, 1, 1)) or "")
    assert "others are not" in (score_sentence(row(0.5, 0.3, 1, 0.3)) or "")


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_faint_flaw_is_said_to_be_little_and_none_is_not_spoken_of(flaw: str) -> None:
    assert (score_sentence(row(0.5, 0.5, 0.9, 1, flaw=flaw)) or "").endswith("a little.")
    assert FLAWS[flaw] not in (score_sentence(row(0.5, 0.5, 0.99, 1, flaw=flaw)) or "")


def test_what_has_no_parts_has_no_reason() -> None:
    assert score_sentence({"output": "a", "status": "pending"}) is None
    pending = {"output": "a", "status": "pending", "message": None, "score": None}
    assert score_lines(pending, {}) == ["a has no score with parts: it is pending."]


def test_everything_is_said_at_once() -> None:
    lines = score_lines(row(0.7, 0.5, 0.4, 0.9, flaw="noise", percentile=95.0), ScoreWeights().model_dump())
    assert "scores 0.500" in lines[0]
    assert any("quality" in line and "noise" in line for line in lines)
    assert lines[-1] == "That is among the best of wave in this run (percentile 95)."
    assert rank_sentence(None, "wave") is None


def test_a_taste_says_what_each_part_adds() -> None:
    shares = {"score_content": 0.3, "score_style": -0.2, "score_quality": 0.0, "score_coherence": 0.1, "traits": 1.5}
    lines = score_lines(row(0.7, 0.5, 1.0, 0.9), ScoreWeights().model_dump(), shares)
    assert any("style" in line and "-0.20 by your taste" in line for line in lines)
    assert "By your taste: for it what it shows, content, coherence; against it style." in lines
