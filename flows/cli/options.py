"""Command-line options made from the models: one flag a field of a spec and its recipe, with the field's own description."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.classifier.recipe import ClassifierRecipe
from core.classifier.spec import TrainClassifierSpec
from core.config.base_spec import BaseSpec, as_spec_error, placed, read_toml
from core.config.recipe import Recipe
from core.config.spec import Spec
from core.config.spec_fields import CHOOSERS
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.networks.recipe import GanRecipe, SampleRecipe
from core.gan.train.train_spec import PACKAGED, TrainSpec
from core.storage.allowed_roots import check_inside
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.train_spec import TrainStyleSpec
from core.survey.spec import AnalyseSpec, AppraiseSpec

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what Prefect says.")]

ALIASES = {"label": ("--class",)}
"""Further names of flags; what they take may be a name where the field is a number."""

RENAMED = {"quality": "file_quality"}
"""Flags of recipe fields that are not called as the field: a spec has a quality too."""

OF_ONE_PICTURE = ("preset", "seed", "max_megapixels", "device")
"""Fields of a spec that matter for one picture outside a run."""


Checked = TypeVar("Checked", BaseSpec, LearnStyleSpec)
Command = Callable[..., None]
Prepare = Callable[[dict[str, Any], dict[str, Any]], None]
"""Changes the values of a spec's file and those of the flags before they are merged."""


def with_file(
    model: type[BaseSpec],
    recipe: type[BaseModel],
    metavar: str,
    words: str,
    field: str | None = None,
    prepare: Prepare = lambda *_: None,
) -> Callable[[Command], Command]:
    """Gives a command that takes `spec` first an argument and a flag for every field of the spec and its recipe.

    The argument is a spec file, over which flags take precedence, or, if it is no .toml file, the value of `field`.
    """
    file = Annotated[str | None, typer.Argument(metavar=metavar, help=f"{words} (TOML); flags override it.")]
    flags = [inspect.Parameter("spec_file", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=file)]
    flags += [_option(name, each, "Spec") for name, each in model.model_fields.items() if name != "recipe"]
    flags += _recipe_options(recipe)

    def build(values: dict[str, Any]) -> BaseSpec:
        named: str | None = values.pop("spec_file")
        path = None if named is None else Path(named)
        given = _given(values)
        source = f"spec {path}" if path and not given else "flags"
        before = _file_values(model, path, field)
        prepare(before, given)
        return _inside(model.from_values(_merged(before, given, recipe), source))

    return functools.partial(_with, flags=flags, build=build)


def with_field(model: type[BaseSpec] | type[LearnStyleSpec], field: str, metavar: str) -> Callable[[Command], Command]:
    """Gives a command that takes `spec` first an argument for one field of the spec, and a flag for every other."""
    argument = typer.Argument(metavar=metavar, help=model.model_fields[field].description)
    flags = [inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Path, argument])]
    flags += [_option(name, each, "Options") for name, each in model.model_fields.items() if name != field]

    def build(values: dict[str, Any]) -> BaseSpec | LearnStyleSpec:
        if issubclass(model, BaseSpec):
            return _inside(model.from_values(_given(values), "flags"))
        with as_spec_error("flags", LearnStyleSpec.kind):
            spec = model.model_validate(_given(values))
        return _inside(spec)

    return functools.partial(_with, flags=flags, build=build)


def _inside(spec: Checked) -> Checked:
    """The spec, unless a path in it lies outside the allowed roots: nothing is read or made for one. Raises SpecError."""
    check_inside(spec.paths())
    return spec


def _without_choosers(values: dict[str, Any], given: dict[str, Any]) -> None:
    """Flags that choose a recipe take the place of what the file says of choosing."""
    if any(name in given for name in CHOOSERS):
        for name in CHOOSERS:
            values.pop(name, None)


def _with_class(values: dict[str, Any], given: dict[str, Any]) -> None:
    """The number of the class that a flag names or numbers."""
    if "label" in given:
        from core.gan.checkpoints.checkpoint import read_info
        from core.gan.checkpoints.classes import class_number

        checkpoint = Path(str(given.get("checkpoint", values.get("checkpoint", ""))))
        check_inside([("checkpoint", checkpoint)])
        given["label"] = class_number(read_info(checkpoint), given["label"])


def with_recipe(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `values` first a flag for every field of the recipe, and of a spec those that matter for
    one picture. The values are those given, as a spec has them.
    """
    flags = [_option(name, Spec.model_fields[name], "Spec") for name in OF_ONE_PICTURE]
    flags += _recipe_options(Recipe)
    return _with(command, flags, lambda values: _merged({}, _given(values), Recipe), own_first=True)


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


def _file_values(model: type[BaseSpec], file: Path | None, field: str | None) -> dict[str, Any]:
    """The values that a spec file holds, or that of the field which it is. Raises SpecError."""
    if file is None:
        return {}
    if field is not None and file.suffix.lower() != ".toml":
        return {field: str(file)}
    check_inside([("spec", file)])
    values = placed(read_toml(file), file.absolute().parent, model)
    data = Path(str(values.get("data", "")))
    if model is TrainSpec and data.name == PACKAGED and not data.exists():
        values["data"] = PACKAGED
    return values


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


with_spec = with_file(Spec, Recipe, "SPEC", "Spec file", prepare=_without_choosers)
with_sample_spec = with_file(
    SampleSpec,
    SampleRecipe,
    "CHECKPOINT",
    "Checkpoint (.safetensors), or spec file",
    field="checkpoint",
    prepare=_with_class,
)
with_train_spec = with_file(
    TrainSpec,
    GanRecipe,
    "DATA",
    f"Folder of pictures or of MNIST's files, `{PACKAGED}`, or spec file",
    field="data",
)
with_train_style_spec = with_file(
    TrainStyleSpec, TransferRecipe, "CATALOG", "Catalog folder, or spec file", field="catalog"
)
with_train_classifier_spec = with_file(
    TrainClassifierSpec,
    ClassifierRecipe,
    "DATA",
    "Folder whose subfolders are classes, CSV of file,label, or spec file",
    field="data",
)
with_learn_style_spec = with_field(LearnStyleSpec, "catalog", "CATALOG")
with_appraise_spec = with_field(AppraiseSpec, "pictures", "FOLDER")
with_analyse_spec = with_field(AnalyseSpec, "pictures", "FOLDER")
