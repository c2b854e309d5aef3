"""Permission for paths: every path that a command of the command line is given lies inside the allowed roots.

One rule for all commands, asked before a command's body: what a parameter of type Path is given, and every path of the spec
that flags and file make. A command has nothing to do for it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import typer
from typer.models import ArgumentInfo, ParameterInfo

from core.storage.allowed_roots import check_inside

Command = Callable[..., None]


def keep_to_roots(app: typer.Typer) -> None:
    """Have every command of `app`, and of those that were added to it, raise SpecError for a path outside the roots."""
    for group in app.registered_groups:
        if group.typer_instance is not None:
            keep_to_roots(group.typer_instance)
    for command in app.registered_commands:
        if command.callback is not None:
            command.callback = _checked(command.callback)


def _checked(command: Command) -> Command:
    names = dict(_paths_of(command))

    @functools.wraps(command)
    def checked(**values: Any) -> None:
        given = ((names[name], value) for name, value in values.items() if name in names)
        check_inside((name, value) for name, value in given if isinstance(value, Path))
        command(**values)

    return checked


def _paths_of(command: Command) -> Iterator[tuple[str, str]]:
    """The parameters of type Path, each with what the command's help calls it."""
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        annotated, *info = get_args(parameter.annotation) or (parameter.annotation,)
        if annotated is Path or Path in get_args(annotated):
            yield parameter.name, _shown(parameter.name, info[0])


def _shown(name: str, info: ParameterInfo) -> str:
    if isinstance(info, ArgumentInfo):
        return info.metavar or name
    flags = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str)]
    return max(flags, key=len, default=f"--{name}")
