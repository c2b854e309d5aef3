"""Command-line options made from the models: one flag a field of Spec and Recipe, with the field's own description."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from core.recipe import Recipe
from core.spec import Spec, read_toml, spec_from


def with_spec(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `spec` first a SPEC argument and a flag for every field; flags override the file."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        kept = {parameter.name: values.pop(parameter.name) for parameter in own}
        command(_spec(values.pop("spec_file"), values), **kept)

    file = Annotated[Path | None, typer.Argument(metavar="SPEC", help="Spec file (TOML); flags override it.")]
    parameters = [inspect.Parameter("spec_file", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=file)]
    parameters += [_option(name, field, "Spec") for name, field in Spec.model_fields.items() if name != "recipe"]
    parameters += [_option(name, field, "Recipe") for name, field in Recipe.model_fields.items()]
    parameters += [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapped


def _spec(file: Path | None, flags: dict[str, Any]) -> Spec:
    given = {name: value for name, value in flags.items() if value not in (None, [])}
    values = read_toml(file) if file else {}
    recipe = {name: given.pop(name) for name in list(given) if name in Recipe.model_fields}
    for name, value in given.items():
        values[name] = str(value) if isinstance(value, Path) else value
    if recipe:
        before = values.get("recipe")
        values["recipe"] = {**before, **recipe} if isinstance(before, dict) else recipe
    return spec_from(values, f"spec {file}" if file and not given else "flags")


def _option(name: str, field: FieldInfo, panel: str) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    shown = f" (default: {default})" if panel == "Spec" and default not in (None, []) else ""
    info = typer.Option(flag, help=(field.description or "") + shown, rich_help_panel=panel, show_default=False)
    kind = _flag_type(field.annotation)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, info]
    )


def _flag_type(annotation: Any) -> Any:
    """What the command line parses for a field: a list for tuples and lists, a word for choices; pydantic checks it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _flag_type(next(argument for argument in arguments if argument is not type(None)))
    if origin in (list, tuple):
        return list[str]
    if origin is Literal or annotation is Path:
        return str
    return annotation
