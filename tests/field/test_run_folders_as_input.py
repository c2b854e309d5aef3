"""A run folder inside what is read is no input (libfm#28: a copy into its own folder goes on for ever)."""

import pytest

from core.classifier.data import load_pictures
from core.doctor.check_result import run_check
from core.doctor.spec import folders, library
from core.errors import SpecError
from core.gan.data.dataset import load
from core.gan.networks.recipe import GanRecipe
from core.planning.catalog import load_catalog
from core.planning.library import scan
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train import contents
from core.survey.similar import index_folder
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import make, planned, spec_of, states


@pytest.mark.parametrize("where", ["library", "catalog"])
def test_nights_into_a_folder_of_their_input_stay_as_they_are(where: str, studio: Studio) -> None:
    out = studio.root / where / "run"
    first = planned(studio, out=out)
    studio.out = out
    make(studio, first)
    (out / "thumbs/assets").mkdir(parents=True)
    studio.picture(f"{where}/run/thumbs/assets/cat.jpg", 5)
    second = planned(studio, out=out)
    assert states(second).keys() == states(first).keys()
    assert set(states(second).values()) == {"kept"}
    assert any("run folder is no input: run" in problem for problem in second.problems)


def test_the_run_of_another_spec_is_passed_over_too(studio: Studio) -> None:
    studio.out = studio.library / "old"
    make(studio, planned(studio))
    found = scan(studio.library)
    assert found.passed.runs == ["old"]
    assert [asset.name for asset in found.assets] == ["cat.jpg", "trip/sea.png"]


def test_a_training_folder_in_its_data_changes_no_data(studio: Studio) -> None:
    recipe = GanRecipe(size=16, channels=3)
    before = load(studio.library, recipe)
    for name in ("train.toml", "training.json"):
        (studio.library / "gan").mkdir(exist_ok=True)
        (studio.library / "gan" / name).write_text("")
    studio.picture("library/gan/samples/step-1.png", 6)
    after = load(studio.library, recipe)
    assert after.digest == before.digest
    assert any("run folder is no input: gan" in note for note in after.notes)


def test_a_classifier_in_its_data_is_no_class(studio: Studio) -> None:
    for label in ("a", "b"):
        studio.picture(f"data/{label}/1.png", ord(label))
    studio.picture("data/classifier/confusion.png", 7)
    (studio.root / "data/classifier/spec.toml").write_text("")
    assert load_pictures(studio.root / "data", 10**6).classes == ("a", "b")


@pytest.mark.parametrize("names", [[".lock"], [".lock", "spec.toml", "features/a.safetensors"]])
def test_a_run_folder_is_no_empty_class(names: list[str], studio: Studio) -> None:
    for label in ("a", "b"):
        studio.picture(f"data/{label}/1.png", ord(label))
    (studio.root / "data/c").mkdir()
    for name in names:
        (studio.root / "data/classifier" / name).parent.mkdir(parents=True, exist_ok=True)
        (studio.root / "data/classifier" / name).touch()
    skipped = load_pictures(studio.root / "data", 10**6).skipped
    assert [each for each in skipped if each.startswith("class ")] == ["class c has no picture; it is left out."]


@pytest.mark.parametrize("name", ["library", "catalog"])
def test_one_folder_for_out_and_input_is_refused(name: str, studio: Studio) -> None:
    with pytest.raises(SpecError, match=f"is the folder of {name} too"):
        spec_of(studio, out=studio.root / name).check()


def test_a_link_to_the_library_is_the_library(studio: Studio) -> None:
    (studio.root / "link").symlink_to(studio.library)
    with pytest.raises(SpecError, match="is the folder of library too"):
        spec_of(studio, out=studio.root / "link").check()


def test_a_run_folder_as_a_library_is_refused_and_its_outputs_are_not(studio: Studio) -> None:
    make(studio, planned(studio))
    with pytest.raises(SpecError, match="is the folder of a run; give the folder of pictures"):
        spec_of(studio, library=studio.out, out=studio.root / "next").check()
    spec_of(studio, library=studio.out / "outputs", out=studio.root / "next").check()


def test_a_run_does_not_paint_its_own_outputs(studio: Studio) -> None:
    make(studio, planned(studio))
    with pytest.raises(SpecError, match="keeps what it makes"):
        spec_of(studio, library=studio.out / "outputs").check()


def test_a_run_may_paint_its_own_samples_and_no_picture_twice_over(studio: Studio) -> None:
    make(studio, planned(studio))
    studio.picture("run/outputs/samples/1.png", 7)
    plan = planned(studio, library=studio.out / "outputs/samples")
    assert sorted(states(plan)) == ["night/1.png.png", "wave/1.png.png"]
    with pytest.raises(SpecError, match=r"is where outputs of the run .* are to lie"):
        planned(studio, library=studio.out / "outputs/wave")


def test_artworks_in_a_run_folder_are_no_styles(studio: Studio) -> None:
    studio.out = studio.catalog / "run"
    make(studio, planned(studio))
    assert [style.name for style in load_catalog(studio.catalog)] == ["night", "wave"]


def test_a_run_folder_is_no_folder_of_pictures_for_any_command(studio: Studio) -> None:
    make(studio, planned(studio))
    with pytest.raises(SpecError, match="is the folder of a run; give the folder of pictures"):
        scan(studio.out)
    with pytest.raises(SpecError, match="is the folder of a run"):
        index_folder(studio.out)


def test_a_run_in_the_pictures_of_a_style_training_is_left_out(studio: Studio) -> None:
    recipe = TransferRecipe(crops=(32, 64), batch=4, content_side=40)
    before = contents.load([studio.library], recipe)
    studio.out = studio.library / "old"
    make(studio, planned(studio))
    after = contents.load([studio.library], recipe)
    assert after.digest == before.digest
    assert any("1 run folder is no input: old" in note for note in after.notes)


def test_data_with_runs_alone_says_so(studio: Studio) -> None:
    data = studio.root / "data"
    studio.out = data / "old"
    make(studio, planned(studio))
    for read in (
        lambda: load(data, GanRecipe(size=16)),
        lambda: load_pictures(data, 10**6),
        lambda: contents.load([data], TransferRecipe(crops=(32, 64), batch=4, content_side=40)),
    ):
        with pytest.raises(SpecError, match="1 run folder is no input: old"):
            read()


def test_the_doctor_sees_a_run_in_the_library(studio: Studio) -> None:
    studio.out = studio.library / "old"
    make(studio, planned(studio))
    assert ("warning", "1 run folder is no input: old") in [
        (each.state, each.found) for each in library(spec_of(studio))
    ]


def test_the_doctor_refuses_one_folder_for_out_and_library(studio: Studio) -> None:
    found = run_check("spec", lambda: folders(spec_of(studio, out=studio.library)))
    assert [(each.state, "is the folder of library too" in each.found) for each in found] == [("problem", True)]


def test_excluded_run_folders_are_not_named(studio: Studio) -> None:
    studio.out = studio.library / "old"
    make(studio, planned(studio))
    assert scan(studio.library, exclude=["old/*"]).passed.sentences() == []
