"""Seeds as people write them."""

import pytest

from core.gan.sampling.seeds import HIGHEST, count, each_seed, parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("7", [7]),
        ("0-3", [0, 1, 2, 3]),
        ("0-2,9, 4 - 5", [0, 1, 2, 9, 4, 5]),
        ("3-5,4-6,3", [3, 4, 5, 6]),
        (str(HIGHEST), [HIGHEST]),
    ],
)
def test_ranges_are_read_in_their_order_and_each_seed_once(text: str, seeds: list[int]) -> None:
    assert list(each_seed(parse_seeds(text))) == seeds
    assert count(parse_seeds(text)) == len(seeds)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be seeds and ranges"),
        ("a", "must be seeds and ranges"),
        ("-3", "must be seeds and ranges"),
        ("1,,2", "must be seeds and ranges"),
        ("9-3", "write 3-9"),
        (str(HIGHEST + 1), "has a seed over"),
        ("0-99999999", "more than 10,000,000 seeds"),
    ],
)
def test_what_is_no_range_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_seeds(text)
