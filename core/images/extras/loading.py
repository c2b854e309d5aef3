"""Decoders of formats that extras read: loaded when a file of theirs comes, and set to do no more than needed."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import IO, Any

from PIL import ImageFile

Decoder = Callable[[IO[bytes]], ImageFile.ImageFile]


@functools.cache
def extra_decoder(decoder: str) -> Decoder:
    """What opens an undecoded picture, by a format's `decoder`. Raises ImportError if the extra is missing or broken."""
    module, _, name = decoder.partition(":")
    found: Decoder = getattr(importlib.import_module(module), name)
    if module == "pi_heif.as_plugin":
        _restrain(importlib.import_module("pi_heif.options"))
    return found


def _restrain(options: Any) -> None:
    """Nothing but the picture is looked at, by one thread: jobs run side by side, and hostile files have many parts."""
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    options.DECODE_THREADS = 1
