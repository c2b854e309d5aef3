"""Weights: any bytes under any suffix are tensors, or one sentence; nothing that a file carries is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from core.errors import SpecError
from core.networks import tensor_file, weights
from tests.properties.kit import examples, read_or_refused, refusal, spoilt

STATE = {"features.0.weight": torch.arange(12.0).reshape(3, 4), "features.0.bias": torch.zeros(3)}
SUFFIXES = (".pth", ".pt", ".safetensors", ".SAFETENSORS", ".bin", "")


def pickled(value: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


FILES = {
    ".pth": pickled(STATE),
    ".pt": pickled(STATE, _use_new_zipfile_serialization=False),
    ".safetensors": save(STATE),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


def read(folder: Path, data: bytes, suffix: str = ".pth") -> dict[str, Any] | None:
    """The tensors in these bytes, and whether they are a backbone's; None if they were refused."""
    path = folder / f"net{suffix}"
    path.write_bytes(data)
    read_or_refused(lambda: weights.load(str(path)), path)
    return read_or_refused(lambda: tensor_file.read(path), path)


@pytest.mark.parametrize("suffix", FILES)
def test_a_whole_file_is_read(folder: Path, suffix: str) -> None:
    found = read(folder, FILES[suffix], suffix)
    assert found is not None
    assert all(torch.equal(found[name], STATE[name]) for name in STATE)


@pytest.mark.filterwarnings("ignore")  # torch warns of odd files in words of its own
@pytest.mark.parametrize("suffix", FILES)
def test_a_spoilt_file(folder: Path, suffix: str) -> None:
    @examples(120)
    @given(data=spoilt(FILES[suffix]))
    def check(data: bytes) -> None:
        read(folder, data, suffix)

    check()


@pytest.mark.filterwarnings("ignore")
@examples(150)
@given(
    data=st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=60).map(lambda end: b"\x80\x02" + end),
        st.binary(max_size=60).map(lambda end: b"PK\3\4" + end),
        st.binary(max_size=60).map(lambda end: struct.pack("<Q", len(end)) + end),
        st.lists(st.sampled_from([bytes((code,)) for code in b"()]}.0123NKMJIFSTUVXcoituaseqrQRbdg"]), max_size=40).map(
            lambda codes: b"\x80\x02" + b"".join(codes) + b"."
        ),
    ),
    suffix=st.sampled_from(SUFFIXES),
)
def test_any_bytes(folder: Path, data: bytes, suffix: str) -> None:
    read(folder, data, suffix)


def header(said: Any, body: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with this header."""
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(shape: list[int], begin: int, end: int, kind: str = "F32") -> dict[str, Any]:
    return {"a": {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}}


LIES: dict[str, bytes] = {
    "length of gigabytes": header({}, length=2**40),
    "length of all": header({}, length=2**64 - 1),
    "no length": b"\0\0",
    "nested without end": header(b'{"a":' * 100_000),
    "lists without end": header(b"[" * 100_000),
    "not utf-8": header(b"\xff\xfe{}"),
    "a list": header([]),
    "offsets beyond the end": header(tensor([1 << 40], 0, 1 << 42)),
    "offsets backwards": header(tensor([1], 4, 0), bytes(8)),
    "negative shape": header(tensor([-1], 0, 4), bytes(4)),
    "shape that overflows": header(tensor([2**32, 2**32, 2**32], 0, 4), bytes(4)),
    "overlapping": header({**tensor([1], 0, 4), "b": tensor([1], 0, 4)["a"]}, bytes(4)),
    "unknown type": header(tensor([1], 0, 4, "F7"), bytes(4)),
    "type of another size": header(tensor([1], 0, 4, "F64"), bytes(4)),
    "holes": header(tensor([1], 4, 8), bytes(8)),
    "name that steers": header({"\x1b[2J\n": tensor([1], 0, 4)["a"]}, bytes(4)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_safetensors_header_that_lies(folder: Path, lie: str) -> None:
    found = read(folder, LIES[lie], ".safetensors")
    assert found is None or lie == "name that steers"


class Code:
    """What a pickle that runs code carries."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call, self.arguments


CODES = (
    *(
        (os.system, "touch ran"),
        (exec, "open('ran', 'w')"),
        (eval, "open('ran', 'w')"),
        (os.mkdir, "ran"),
        (open, "ran", "w"),
    ),
    *((getattr, "x", "upper"), (__import__, "antigravity"), (torch.load, "ran"), (bytearray, 1 << 40), (str, "x")),
)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code[0].__name__)
@pytest.mark.parametrize("how", ["new", "old", "bare", "inside"])
def test_code_is_not_run(folder: Path, code: tuple[Any, ...], how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    bomb = Code(*code)
    data = {
        "new": lambda: pickled({**STATE, "x": bomb}),
        "old": lambda: pickled({**STATE, "x": bomb}, _use_new_zipfile_serialization=False),
        "bare": lambda: pickle.dumps(bomb, 2),
        "inside": lambda: _in_zip(pickle.dumps({"x": bomb}, 2)),
    }[how]()
    found = read(folder, data)
    assert found is None or code[0] in (str, bytearray)
    assert not (folder / "ran").exists()


def _in_zip(data: bytes, name: str = "archive/data.pkl", squeeze: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", squeeze) as archive:
        archive.writestr(name, data)
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


MUCH: dict[str, bytes] = {
    "inflates to gigabytes": _in_zip(bytes(64 << 20), squeeze=zipfile.ZIP_DEFLATED),
    "names that leave the archive": _in_zip(pickle.dumps({}, 2), "../../data.pkl"),
    "nested without end": _in_zip(b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b"."),
    "lists without end": _in_zip(b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."),
    "laughs": _in_zip(b"\x80\x02]q\0" + b"".join(b"]q%c(h%ch%ce" % (n + 1, n, n) for n in range(60)) + b"."),
    "long number": _in_zip(b"\x80\x02\x8b" + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20) + b"."),
    "negative length": _in_zip(b"\x80\x02\x8b\xff\xff\xff\xff."),
    "stack of nothing": _in_zip(b"\x80\x02" + b"0" * 100 + b"."),
    "memo of billions": _in_zip(b"\x80\x02Nr\xff\xff\xff\x7f."),
    "no end": _in_zip(b"\x80\x02]"),
    "no state dict": pickled([1, 2, 3]),
    "a number": pickled(7),
    "names that are none": pickled({1: torch.zeros(2), None: 3}),
    "a storage of others": pickled({"features.0.weight": torch.zeros(1).expand(64, 3, 3, 3)}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", MUCH)
def test_a_pickle_that_is_too_much(folder: Path, kind: str) -> None:
    for suffix in (".pth", ".safetensors"):
        read(folder, MUCH[kind], suffix)


@pytest.mark.parametrize(
    "name", ["a\0b.pth", "\x1b[2J\n.pth", "x" * 5000 + ".pth", "", ".", "/", "net.pth/", "~/net.pth"]
)
def test_a_name_that_no_file_has(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for ask in (weights.load, weights.digest):
        with pytest.raises(SpecError) as caught:
            ask(name)
        refusal(caught.value, "")


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to itself", "link to nothing"])
def test_something_that_is_no_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "net.pth"
    {
        "fifo": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "link to itself": lambda: path.symlink_to(path.name),
        "link to nothing": lambda: path.symlink_to("nothing"),
    }[kind]()
    assert read_or_refused(lambda: tensor_file.read(path), path) is None
    assert read_or_refused(lambda: weights.digest(str(path)), path) is None
