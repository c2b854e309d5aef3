"""The registry of kinds: every reference leads somewhere, and a spec finds its kind."""

from pathlib import Path

import pytest

from core.config.run_spec import RunSpec
from core.config.spec import Spec
from core.errors import SpecError
from core.gan.jobs.sample_spec import SampleSpec
from core.planning.run_context import RunContext
from core.runs.run_kinds import RUN_KINDS, load_spec, spec_of_run
from core.storage.run_paths import SPEC
from core.storage.store import Store

STYLIZE = 'library = "photos"\ncatalog = "styles"\n'
SAMPLE = 'checkpoint = "a.safetensors"\n'


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("kind", "part"), [(kind.name, part) for kind in RUN_KINDS.values() for part in kind.references()]
)
def test_references_load(kind: str, part: str) -> None:
    assert callable(RUN_KINDS[kind].load(part))


@pytest.mark.parametrize("kind", RUN_KINDS.values(), ids=list(RUN_KINDS))
def test_classes_of_a_kind_bear_its_name(kind: object) -> None:
    spec, context = kind.load("spec"), kind.load("context")  # type: ignore[attr-defined]
    assert issubclass(spec, RunSpec)
    assert spec.kind == kind.name  # type: ignore[attr-defined]
    assert issubclass(context, RunContext)
    assert context.model_fields["kind"].default == kind.name  # type: ignore[attr-defined]
    assert spec.model_fields[kind.known_by].is_required()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STYLIZE, Spec),
        (SAMPLE, SampleSpec),
        (f'kind = "stylize"\n{STYLIZE}', Spec),
        (f'kind = "sample"\n{SAMPLE}', SampleSpec),
    ],
)
def test_load_spec_finds_the_kind_by_its_name_or_by_its_fields(tmp_path: Path, text: str, expected: type) -> None:
    spec = load_spec(written(tmp_path / "spec.toml", text))
    assert type(spec) is expected


def test_load_spec_takes_paths_from_the_files_folder(tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path / "spec.toml", SAMPLE))
    assert isinstance(spec, SampleSpec)
    assert spec.checkpoint == tmp_path / "a.safetensors"


@pytest.mark.parametrize("kind", ['"paint"', "3", '["sample"]', '"\\u001b[2J"'])
def test_load_spec_refuses_an_unknown_kind(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SpecError, match=r"`kind` .*must be `stylize` or `sample`") as refusal:
        load_spec(written(tmp_path / "spec.toml", f"kind = {kind}\n{STYLIZE}"))
    assert "\x1b" not in str(refusal.value)


def test_a_spec_of_another_kind_is_refused_by_a_class() -> None:
    with pytest.raises(SpecError, match="is a spec of kind 'stylize'"):
        Spec.from_values({"kind": "sample", "library": "a", "catalog": "b"}, "flags")


def test_toml_of_a_spec_names_its_kind_and_comes_back_equal(tmp_path: Path) -> None:
    before = load_spec(written(tmp_path / "spec.toml", SAMPLE))
    file = written(tmp_path / "again.toml", before.toml())
    assert file.read_text().startswith('kind = "sample"\n')
    assert load_spec(file) == before


def test_spec_of_run_takes_out_from_where_the_folder_is_now(tmp_path: Path) -> None:
    written(tmp_path / "moved" / SPEC, f'out = "/elsewhere"\n{SAMPLE}')
    assert spec_of_run(Store(tmp_path / "moved")).out == tmp_path / "moved"
