"""The checks of a spec: its folders, artworks, weights and devices."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.config.recipe import RecipeOverrides
from core.config.spec import Spec, load_spec
from core.doctor import machine, networks
from core.doctor.check_result import Check, CheckResult, run_check
from core.doctor.spec import spec_at, spec_checks
from core.errors import SpecError
from core.networks import device, device_checks, weights
from core.networks.device_checks import DeviceMemory
from core.storage.run_paths import SPEC
from tests.conftest import Studio
from tests.core.stylize.networks import seeded_file
from tests.runs import contents


def only(findings: Iterable[CheckResult]) -> CheckResult:
    (finding,) = findings
    return finding


def run_all(checks: Iterable[tuple[str, Check]]) -> dict[str, list[CheckResult]]:
    return {name: run_check(name, check) for name, check in checks}


def states(findings: dict[str, list[CheckResult]]) -> dict[str, set[str]]:
    return {name: {finding.state for finding in found} for name, found in findings.items()}


@pytest.fixture
def spec(studio: Studio) -> Spec:
    return Spec(library=studio.library, catalog=studio.catalog, out=studio.out)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of weights that were asked for; only `packaged` is there."""
    asked: list[str] = []

    def load(name: str, _: str) -> Any:
        asked.append(name)
        if name != "packaged":
            raise SpecError(f"There is no weights file {name}", "give another.")
        return SimpleNamespace(digest="d" * 16)

    monkeypatch.setattr(weights, "load", load)
    return asked


def test_a_spec_that_can_be_made(spec: Spec) -> None:
    found = run_all(spec_checks(spec))
    assert set(found) == {"spec", "library", "artworks", "recipes", "spec's device"}
    assert all(state == {"ok"} for state in states(found).values())
    assert weights.PACKAGED_DIGEST in only(found["recipes"]).found


def test_faults_of_a_spec_are_found_each_by_itself(spec: Spec, studio: Studio, loaded: list[str]) -> None:
    whole = (studio.catalog / "night.jpg").read_bytes()
    (studio.catalog / "night.jpg").write_bytes(whole[: len(whole) // 2])
    (studio.catalog / "line\nfeed.png").write_bytes(b"nonsense")
    (studio.library / "raw.nef").write_bytes(b"raw")
    (studio.catalog / "catalog.toml").write_text('[styles.wave]\nfile = "wave.png"\nrecipe = {weights = "mine.pth"}\n')
    found = run_all(spec_checks(spec.model_copy(update={"device": "cuda:97,cpu"})))
    assert [finding.state for finding in found["artworks"]] == ["problem", "problem"]
    assert "style night: " in found["artworks"][1].found
    assert "is damaged" in found["artworks"][1].found
    assert [finding.state for finding in found["library"]] == ["ok", "warning"]
    assert "raw.nef" in found["library"][1].found
    mine = str(studio.catalog.resolve() / "mine.pth")
    assert loaded == [mine, "packaged"]
    assert found["recipes"][0].found == f"There is no weights file {mine}"
    assert [finding.state for finding in found["recipes"]] == ["problem", "ok"]
    assert [finding.state for finding in found["spec's device"]] == ["problem", "ok"]
    assert states(found)["spec"] == {"ok"}


def test_a_gpu_that_has_no_room_for_the_specs_pictures(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: 1)
    monkeypatch.setattr(networks, "compute_error", lambda name: "")
    large = spec.model_copy(update={"device": "cuda,cpu", "recipe": RecipeOverrides(size=1024)})
    for free, state in ((1.0e9, "problem"), (20e9, "ok")):
        monkeypatch.setattr(
            device_checks, "device_memory", lambda chosen, free=free: DeviceMemory(int(free), int(24e9))
        )
        found = run_all(spec_checks(large))["spec's device"]
        assert found[0].state == state
        if state == "problem":
            assert "'cuda:0' has 1.0 of 24.0 GB free" in found[0].found
            assert "a picture of 1,024 px needs about 2.1 GB" in found[0].found


def test_a_catalog_that_is_gone(spec: Spec, studio: Studio, loaded: list[str]) -> None:
    for path in studio.catalog.iterdir():
        path.unlink()
    studio.catalog.rmdir()
    found = run_all(spec_checks(spec))
    assert only(found["spec"]).found == f"catalog {studio.catalog} is not a folder"
    assert states(found)["artworks"] == states(found)["recipes"] == {"problem"}


def test_an_empty_library(spec: Spec, studio: Studio) -> None:
    found = dict(spec_checks(spec.model_copy(update={"include": ["*.nothing"]})))
    assert only(run_check("library", found["library"])).state == "problem"


def test_weights_of_a_pairs_file_count_too(spec: Spec, studio: Studio, loaded: list[str]) -> None:
    pairs = studio.root / "pairs.csv"
    pairs.write_text("asset,style,weights\ncat.jpg,wave,\ncat.jpg,night,torchvision\n")
    checks = dict(spec_checks(spec.model_copy(update={"pairs": str(pairs)})))
    assert [finding.state for finding in run_check("recipes", checks["recipes"])] == ["ok", "problem"]
    assert loaded == ["packaged", "torchvision"]
    pairs.write_text("asset,style\ndog.jpg,wave\n")
    assert "dog.jpg" in only(run_check("recipes", checks["recipes"])).found


def test_weights_of_the_backbone_that_a_style_names(
    spec: Spec, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(studio.root))
    (studio.catalog / "catalog.toml").write_text('[styles.wave]\nfile = "wave.png"\nrecipe = {backbone = "resnet50"}\n')
    found = run_all(spec_checks(spec))["recipes"]
    assert [finding.state for finding in found] == ["ok", "problem"]
    assert "torchvision's ResNet-50 is not on this machine" in found[1].found


def test_a_spec_is_a_file_or_a_run_folder(studio: Studio, tmp_path: Path) -> None:
    file = studio.root / "tonight.toml"
    file.write_text('library = "library"\ncatalog = "catalog"\nout = "elsewhere"\n')
    assert spec_at(file).out == studio.root / "elsewhere"
    assert spec_at(file, tmp_path / "mine").out == tmp_path / "mine"
    studio.out.mkdir()
    (studio.out / SPEC).write_text(load_spec(file).toml())
    assert spec_at(studio.out).out == studio.out
    with pytest.raises(SpecError, match="does not exist"):
        spec_at(tmp_path)


def test_checking_a_spec_writes_nothing(spec: Spec, studio: Studio, loaded: list[str]) -> None:
    before = contents(studio.root)
    run_all([*spec_checks(spec), *machine.machine_checks(spec.out)])
    assert contents(studio.root) == before


def test_a_network_is_loaded_and_the_weights_that_it_does_not_need_are_not(
    spec: Spec, studio: Studio, loaded: list[str]
) -> None:
    path = studio.root / "net.safetensors"
    path.write_bytes(seeded_file(["a", "b"]))
    fast = spec.model_copy(update={"preset": "fast", "recipe": RecipeOverrides(network=str(path), weights="other.pth")})
    assert "knows 2 styles" in only(run_all(spec_checks(fast))["recipes"]).found
    assert not loaded
    path.write_bytes(path.read_bytes()[:-1])
    assert "cut off" in only(run_all(spec_checks(fast))["recipes"]).found
