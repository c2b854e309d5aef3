"""Folders that systems make are no input (photoprism#555 and #4921, immich#7980)."""

from pathlib import Path

import pytest

from core.classifier.data import load_pictures
from core.classifier.spec import TrainClassifierSpec
from core.config.spec import Spec
from core.gan.data.dataset import load
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.networks.recipe import GanRecipe
from core.gan.train.train_spec import TrainSpec
from core.planning.catalog import load_catalog
from core.planning.library import scan
from core.storage.system_folders import SYSTEM_FOLDERS, is_system_folder
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train import contents
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.train_spec import TrainStyleSpec
from core.survey.spec import SurveySpec
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import planned, spec_of

NAMES = ("@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", "__MACOSX", ".Trash-1000")


@pytest.mark.parametrize("name", NAMES)
def test_a_system_folder_is_passed_over_and_named(name: str, studio: Studio) -> None:
    studio.picture(f"library/trip/{name}/thumb.jpg", 5)
    found = scan(studio.library)
    assert len(found.assets) == 2
    assert found.passed.system == [f"trip/{name}"]


@pytest.mark.parametrize("name", NAMES)
def test_a_system_folder_is_entered_where_that_is_asked_for(name: str, studio: Studio) -> None:
    studio.picture(f"library/trip/{name}/thumb.jpg", 5)
    assert planned(studio).summary.assets == 2
    assert planned(studio, system_folders=True).summary.assets == 3


def test_a_system_folder_is_no_style_no_class_and_no_data(studio: Studio) -> None:
    studio.picture("catalog/@eaDir/wave.jpg", 5)
    assert [style.name for style in load_catalog(studio.catalog)] == ["night", "wave"]
    for label in ("a", "b", "#recycle"):
        studio.picture(f"data/{label}/1.png", ord(label[-1]))
    labelled = load_pictures(studio.root / "data", 10**6)
    assert labelled.classes == ("a", "b")
    assert any("#recycle" in sentence for sentence in labelled.skipped)
    assert load(studio.root / "data", GanRecipe(size=16)).classes == ("a", "b")


def test_a_system_folder_is_no_content_of_a_style_training(studio: Studio) -> None:
    recipe = TransferRecipe(crops=(32, 64), batch=4, content_side=40)
    studio.picture("library/@eaDir/thumb.jpg", 5)
    found = contents.load([studio.library], recipe)
    assert len(found.files) == 2
    assert any("1 system folder is not entered: @eaDir" in note for note in found.notes)
    assert len(contents.load([studio.library], recipe, system_folders=True).files) == 3


def test_a_mask_in_a_system_folder_is_none(studio: Studio) -> None:
    studio.picture("library/#recycle/cat.jpg", 1)
    for name in ("cat", "#recycle/cat"):
        studio.picture(f"masks/{name}.png", 5)
    studio.picture("masks/trip/sea.png", 5, (32, 40))
    masks = studio.root / "masks"
    assert any("masks" in each and "#recycle" in each for each in planned(studio, masks=masks).problems)
    assert planned(studio, masks=masks, system_folders=True).summary.failed == 0


def test_every_model_has_the_option(studio: Studio) -> None:
    for model in (Spec, SampleSpec, TrainSpec, TrainStyleSpec, TrainClassifierSpec, LearnStyleSpec, SurveySpec):
        assert model.model_fields["system_folders"].default is False


def test_a_folder_that_is_named_itself_is_looked_at(studio: Studio) -> None:
    studio.picture("@eaDir/a.jpg", 5)
    assert len(scan(studio.root / "@eaDir").assets) == 1


@pytest.mark.parametrize("name", ["recycle", "Trash", "eaDir", "thumbs", "Temporary", "found", "lost", "MACOSX"])
def test_a_folder_of_an_ordinary_name_is_none(name: str) -> None:
    assert not is_system_folder(name)


def test_every_listed_name_is_one_whatever_its_case() -> None:
    names = [name for names in SYSTEM_FOLDERS.values() for name in names if not set(name) & set("*[")]
    assert all(is_system_folder(name.upper()) and is_system_folder(name.lower()) for name in names)


def test_the_option_changes_no_key(studio: Studio) -> None:
    keys = [planned(studio, system_folders=wanted).jobs["key"].to_pylist() for wanted in (False, True)]
    assert keys[0] == keys[1]
    assert spec_of(studio).system_folders is False


def test_the_page_on_pictures_lists_every_name() -> None:
    page = (Path(__file__).parents[2] / "docs/pictures.md").read_text()
    for makers, names in SYSTEM_FOLDERS.items():
        listed = ", ".join(f"`{name}`" for name in names)
        assert f"| {makers} | {listed} |" in page
