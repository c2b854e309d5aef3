"""Output names and sizes of jobs."""

from core.planning.jobs import OutputNames, fitted


def test_every_output_has_its_own_name() -> None:
    names = OutputNames()
    made = [
        names.name("wave", "cat.jpg", "png", "0123456789abc", 0),
        names.name("wave", "cat.jpg", "png", "fedcba9876543", 1),
        names.name("wave", "cat.jpg", "png", "aaaaaaaaaaaaa", 0),
        names.name("wave", "cat.jpg", "png", "aaaaaaaaaaaaa", 0),
        names.name("wave", "a\n.jpg", "png", "bbbbbbbbbbbbb", 0),
        names.name("wave", "a%0A.jpg", "png", "ccccccccccccc", 0),
    ]
    assert made[:2] == ["wave/cat.jpg.png", "wave/cat.jpg~fedcba9876.png"]
    assert len(set(made)) == 6


def test_fitted_never_enlarges_and_never_vanishes() -> None:
    assert fitted(100, 50, 512) == (100, 50)
    assert fitted(5000, 1, 512) == (512, 1)
    assert fitted(1, 1, 512) == (1, 1)
