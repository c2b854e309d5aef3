"""Command-line options made from the models: one flag a field of a spec and its recipe, with the field's own description."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.classifier.recipe import ClassifierRecipe
from core.classifier.spec import TrainClassifierSpec
from core.config.base_spec import as_spec_error, read_toml
from core.config.recipe import Recipe
from core.config.spec import Spec
from core.config.spec_fields import CHOOSERS
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.networks.recipe import GanRecipe, SampleRecipe
from core.gan.train.train_spec import PACKAGED, TrainSpec
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.train_spec import TrainStyleSpec
from core.survey.spec import SurveySpec

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what Prefect says.")]

ALIASES = {"label": ("--class",)}
"""Further names of flags; what they take may be a name where the field is a number."""

RENAMED = {"quality": "file_quality"}
"""Flags of recipe fields that are not called as the field: a spec has a quality too."""

OF_ONE_PICTURE = ("preset", "seed", "max_megapixels", "device")
"""Fields of a spec that matter for one picture outside a run."""


def with_spec(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `spec` first a SPEC argument and a flag for every field; flags override the file."""
    file = Annotated[Path | None, typer.Argument(metavar="SPEC", help="Spec file (TOML); flags override it.")]
    return _with_file(command, Spec, Recipe, file, _spec)


def with_sample_spec(command: Callable[..., None]) -> Callable[..., None]:
    """The same for sampling; the argument is a checkpoint or a spec file."""
    words = "Checkpoint (.safetensors), or spec file (TOML); flags override it."
    file = Annotated[Path | None, typer.Argument(metavar="CHECKPOINT", help=words)]
    return _with_file(command, SampleSpec, SampleRecipe, file, _sample_spec)


def with_train_spec(command: Callable[..., None]) -> Callable[..., None]:
    """The same for training a GAN; the argument is the pictures or a spec file."""
    words = f"Folder of pictures or of MNIST's files, `{PACKAGED}`, or spec file (TOML); flags override it."
    file = Annotated[Path | None, typer.Argument(metavar="DATA", help=words)]
    return _with_file(command, TrainSpec, GanRecipe, file, _train_spec)


def with_train_style_spec(command: Callable[..., None]) -> Callable[..., None]:
    """The same for training a network that paints; the argument is the catalog or a spec file."""
    words = "Catalog folder, or spec file (TOML); flags override it."
    file = Annotated[Path | None, typer.Argument(metavar="CATALOG", help=words)]
    return _with_file(command, TrainStyleSpec, TransferRecipe, file, _train_style_spec)


def with_learn_style_spec(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `spec` first a CATALOG argument and a flag for every other field of LearnStyleSpec."""
    file = Annotated[Path, typer.Argument(metavar="CATALOG", help=LearnStyleSpec.model_fields["catalog"].description)]
    flags = [inspect.Parameter("catalog", inspect.Parameter.KEYWORD_ONLY, annotation=file)]
    fields = LearnStyleSpec.model_fields.items()
    flags += [_option(name, field, "Options") for name, field in fields if name != "catalog"]
    return _with(command, flags, lambda values: _checked(LearnStyleSpec, _given(values)))


def with_survey_spec(model: type[SurveySpec]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command that takes `spec` first a FOLDER argument and a flag for every other field of a survey's spec."""
    field = model.model_fields["pictures"]
    folder = Annotated[Path, typer.Argument(metavar="FOLDER", help=field.description)]
    flags = [inspect.Parameter("pictures", inspect.Parameter.KEYWORD_ONLY, annotation=folder)]
    flags += [_option(name, field, "Options") for name, field in model.model_fields.items() if name != "pictures"]

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        return _with(command, flags, lambda values: model.from_values(_given(values), "flags"))

    return decorated


def with_train_classifier_spec(command: Callable[..., None]) -> Callable[..., None]:
    """The same for training a classifier; the argument is the labelled pictures or a spec file."""
    words = "Folder whose subfolders are classes, CSV of file,label, or spec file (TOML); flags override it."
    file = Annotated[Path | None, typer.Argument(metavar="DATA", help=words)]
    return _with_file(command, TrainClassifierSpec, ClassifierRecipe, file, _train_classifier_spec)


def with_recipe(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `values` first a flag for every field of the recipe, and of a spec those that matter for
    one picture. The values are those given, as a spec has them.
    """
    flags = [_option(name, Spec.model_fields[name], "Spec") for name in OF_ONE_PICTURE]
    flags += _recipe_options(Recipe)
    return _with(command, flags, lambda values: _merged({}, _given(values), Recipe), own_first=True)


def _with_file(
    command: Callable[..., None],
    model: type[BaseModel],
    recipe: type[BaseModel],
    file: Any,
    build: Callable[[Path | None, dict[str, Any]], Any],
) -> Callable[..., None]:
    flags = [inspect.Parameter("spec_file", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=file)]
    flags += [_option(name, field, "Spec") for name, field in model.model_fields.items() if name != "recipe"]
    flags += _recipe_options(recipe)
    return _with(command, flags, lambda values: build(values.pop("spec_file"), values))


def _with(
    command: Callable[..., None],
    flags: list[inspect.Parameter],
    build: Callable[[dict[str, Any]], Any],
    own_first: bool = False,
) -> Callable[..., None]:
    """The command with flags beside its own, its first argument built from what they are given."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        kept = {parameter.name: values.pop(parameter.name) for parameter in own}
        command(build(values), **kept)

    last = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    parameters = [*last, *flags] if own_first else [*flags, *last]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapped


def _spec(file: Path | None, flags: dict[str, Any]) -> Spec:
    given = _given(flags)
    before = read_toml(file, Spec.path_fields) if file else {}
    if any(name in given for name in CHOOSERS):
        before = {name: value for name, value in before.items() if name not in CHOOSERS}
    values = _merged(before, given, Recipe)
    return Spec.from_values(values, f"spec {file}" if file and not given else "flags")


def _sample_spec(file: Path | None, flags: dict[str, Any]) -> SampleSpec:
    given = _given(flags)
    if file is not None and file.suffix.lower() == ".toml":
        values = read_toml(file, SampleSpec.path_fields)
    else:
        values = {"checkpoint": str(file)} if file else {}
    merged = _merged(values, given, SampleRecipe)
    if "label" in given:
        merged["recipe"]["label"] = _class(merged, given["label"])
    return SampleSpec.from_values(merged, f"spec {file}" if file and not given else "flags")


def _train_spec(file: Path | None, flags: dict[str, Any]) -> TrainSpec:
    given = _given(flags)
    if file is not None and file.suffix.lower() == ".toml":
        values = read_toml(file, TrainSpec.path_fields)
        data = Path(str(values.get("data", "")))
        if data.name == PACKAGED and not data.exists():
            values["data"] = PACKAGED
    else:
        values = {"data": str(file)} if file else {}
    return TrainSpec.from_values(_merged(values, given, GanRecipe), f"spec {file}" if file and not given else "flags")


def _train_style_spec(file: Path | None, flags: dict[str, Any]) -> TrainStyleSpec:
    given = _given(flags)
    if file is not None and file.suffix.lower() == ".toml":
        values = read_toml(file, TrainStyleSpec.path_fields)
    else:
        values = {"catalog": str(file)} if file else {}
    return TrainStyleSpec.from_values(
        _merged(values, given, TransferRecipe), f"spec {file}" if file and not given else "flags"
    )


def _train_classifier_spec(file: Path | None, flags: dict[str, Any]) -> TrainClassifierSpec:
    given = _given(flags)
    if file is not None and file.suffix.lower() == ".toml":
        values = read_toml(file, TrainClassifierSpec.path_fields)
    else:
        values = {"data": str(file)} if file else {}
    source = f"spec {file}" if file and not given else "flags"
    return TrainClassifierSpec.from_values(_merged(values, given, ClassifierRecipe), source)


def _checked(model: type[LearnStyleSpec], values: dict[str, Any]) -> LearnStyleSpec:
    with as_spec_error("flags", model.kind):
        return model.model_validate(values)


def _class(values: dict[str, Any], wanted: str) -> int:
    """The number of the class that a flag names or numbers."""
    from core.gan.checkpoints.checkpoint import read_info
    from core.gan.checkpoints.classes import class_number

    return class_number(read_info(Path(str(values.get("checkpoint", "")))), wanted)


def _given(flags: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in flags.items() if value not in (None, [])}


def _merged(values: dict[str, Any], flags: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """The values of a file with those of the flags in their place."""
    given = dict(flags)
    flags_of = {name: RENAMED.get(name, name) for name in model.model_fields}
    recipe = {name: given.pop(flag) for name, flag in flags_of.items() if flag in given}
    for name, value in given.items():
        values[name] = str(value) if isinstance(value, Path) else value
    if recipe:
        before = values.get("recipe")
        values["recipe"] = {**before, **recipe} if isinstance(before, dict) else recipe
    return values


def _recipe_options(recipe: type[BaseModel]) -> list[inspect.Parameter]:
    return [_option(RENAMED.get(name, name), field, "Recipe") for name, field in recipe.model_fields.items()]


def _option(name: str, field: FieldInfo, panel: str) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    plain = None if isinstance(default, BaseModel) else default
    shown = f" (default: {plain})" if panel != "Recipe" and plain not in (None, []) else ""
    info = typer.Option(
        flag, *ALIASES.get(name, ()), help=(field.description or "") + shown, rich_help_panel=panel, show_default=False
    )
    kind = str if name in ALIASES else _flag_type(field.annotation)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, info]
    )


def _flag_type(annotation: Any) -> Any:
    """What the command line parses for a field: lists for tuples, lists and tables, words for choices."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _flag_type(arguments[0])
    if origin in (Union, types.UnionType):
        return _flag_type(next(argument for argument in arguments if argument is not type(None)))
    if origin in (list, tuple, dict) or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return list[str]
    if origin is Literal or annotation is Path:
        return str
    return annotation
