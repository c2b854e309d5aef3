"""What a scan passed over, in sentences, and what is thereby unknown."""

from core.storage.passed_over import PassedOver


def test_sentences_name_three_of_a_kind_and_count_the_rest() -> None:
    passed = PassedOver(runs=["a"], system=["b", "c", "d", "e", "f"])
    runs, system = passed.sentences("library /x")
    assert runs.startswith("library /x: 1 run folder is no input: a; ")
    assert system.startswith("library /x: 5 system folders are not entered: b, c, d and 2 more; ")


def test_sentences_keep_the_reason_of_a_name_that_is_cut_and_steer_no_terminal() -> None:
    (sentence,) = PassedOver(closed=[("\x1b[2J" + "d/" * 900, "File name too long")]).sentences()
    assert "\x1b" not in sentence
    assert "... (File name too long); " in sentence
    assert len(sentence) < 300


def test_sentences_of_nothing_are_none() -> None:
    assert PassedOver(hidden=3, others=2).sentences() == []


def test_add_sums_counts_and_joins_names() -> None:
    passed = PassedOver(hidden=1, closed=[("a", "gone")])
    passed.add(PassedOver(hidden=2, others=1, linked=["b"], closed=[("c", "gone")], unmatched=["*.x"]))
    assert passed == PassedOver(3, 1, ["b"], [], [], [("a", "gone"), ("c", "gone")], ["*.x"])


def test_hides_what_lies_below_a_closed_folder_as_assets_are_called() -> None:
    hides = PassedOver(closed=[("trip\\\udce9", "gone")]).hides()
    assert hides("trip%5C%E9/cat.jpg")
    assert not hides("trip%5C%E9.jpg")
    assert not hides("other/cat.jpg")


def test_hides_everything_where_the_root_is_closed() -> None:
    assert PassedOver(closed=[("", "gone")]).hides()("cat.jpg")
    assert not PassedOver().hides()("cat.jpg")
