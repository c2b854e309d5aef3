"""Names of good pictures that break scripts, terminals, web pages, tables and file systems.

A name is a path below the library in bytes, as the disk has it. Pictures with these names are whole, so each of them is
to be made; names that a scan passes over, by its rules, are listed apart.
"""

from __future__ import annotations

import os

NAMES: dict[str, tuple[str | bytes, ...]] = {
    "arabic": ("صورة جميلة.jpg",),
    "hebrew": ("תמונה יפה.png",),
    "devanagari": ("सुंदर चित्र.jpg",),
    "thai": ("ภาพสวยงาม.webp",),
    "chinese, japanese, korean": ("美しい絵.jpg", "漂亮的图片.png", "아름다운그림.tif", "𠮷野家.jpg"),
    "greek and cyrillic": ("εικόνα.jpg", "картина.png"),
    "emoji": ("👩‍👩‍👧‍👦.jpg", "🏳️‍🌈.png", "👍🏽.jpg", "🇫🇷.jpg"),
    "marks, composed and not": ("Ångström é.jpg", "A\u030angstro\u0308m e\u0301.jpg"),
    "marks in heaps": ("z" + "\u0335\u0321\u0349" * 20 + ".jpg",),
    "written from right to left": ("\u202egpj.exe.jpg", "\u2066x\u2069.jpg", "\u200fx\u200e.png"),
    "invisible": ("a\u200bb.jpg", "a\u00adb.jpg", "\ufeffa.jpg", "a\u2060.jpg", "\u3164.jpg", "a\u00a0b.jpg"),
    "line ends": (
        "two\nlines.jpg",
        "carriage\rreturn.jpg",
        "a\u2028b.jpg",
        "a\u2029b.jpg",
        "a\u0085b.jpg",
        "tab\there.jpg",
    ),
    "terminal": (
        "\x1b[2J\x1b[31mred.jpg",
        "\x1b]0;title\x07.jpg",
        "\x9b31m.jpg",
        "bell\x07.png",
        "back\x08\x08.jpg",
        "\x7f.jpg",
    ),
    "markup": (
        *("<script>alert(1)<.jpg", "<img src=x onerror=alert(1)>.jpg", "a&b&lt;c.jpg", "-->x.jpg", "]]>.jpg"),
        *("[red]markup[/red].jpg", "[link=x]y[/link].png", "{{7*7}}.jpg", "{% raw %}.jpg", "${7*7}.jpg"),
    ),
    "quotes": ('"double".jpg', "it's.jpg", "`id`.jpg", "'; DROP TABLE files; --.jpg", "”“.png"),
    "shell": ("$(touch x).jpg", "~.jpg", "~root.jpg", "a;b|c&d.jpg", "*.jpg", "?.png", "[a-z].jpg", "!x.jpg", "#x.jpg"),
    "options": ("-rf.jpg", "--help.jpg", "--.jpg", "-.png"),
    "tables": ("=1+1.jpg", "+1.jpg", "@SUM(A1).jpg", "a,b.jpg", "a;b.jpg", '","x.jpg'),
    "spaces and dots": (" x.jpg", "x .jpg", " .jpg", "x..jpg", "x. .jpg", "a  b.jpg", "folder /x.jpg", "folder./x.jpg"),
    "percent": ("50%.jpg", "%00.jpg", "%2e%2e%2fx.jpg", "%0A.jpg", "a%E9.jpg", "100%25.jpg", "%s%n.jpg"),
    "collisions once encoded": ("meet\nme.jpg", "meet%0Ame.jpg", b"caf\xe9.jpg", "caf%E9.jpg"),
    "backslashes": ("a\\b.jpg", "up\\..\\..\\x.jpg", "C:\\x.jpg", "\\\\server\\share.jpg"),
    "windows": ("C:x.jpg", "CON.jpg", "nul.jpg", "aux.png", "com1.tif", "x.jpg:stream.jpg", "a:b.jpg", "LPT1.jpg"),
    "a case apart": ("case.jpg", "Case.jpg", "CASE.JPG", "ß.jpg", "SS.jpg", "ı.jpg", "İ.jpg"),
    "not utf-8": (
        b"\xff\xfe.jpg",
        b"\xed\xa0\x80.jpg",
        b"\xc0\xaf.png",
        b"\xe9t\xe9/\xe9.jpg",
        b"\xf5\x80\x80\x80.jpg",
    ),
    "as outputs are called": (
        "x.jpg.png",
        "x.jpg~0123456789.png",
        "outputs/x.png",
        "manifest.csv.jpg",
        "plan.parquet.png",
    ),
    "255 bytes": ("x" * 251 + ".jpg", "é" * 125 + "x.jpg", "😀" * 62 + "xyz.jpg", ("y" * 250 + "/") * 3 + "z.jpg"),
    "alike where they are cut": ("long" * 60 + "a.jpg", "long" * 60 + "b.jpg"),
    "sixty folders": ("d/" * 60 + "deep.jpg",),
    "numbers and nothing": ("0.jpg", "None.jpg", "null.png", "nan.jpg", "true.jpg", "undefined.jpg"),
    "javascript": ("__proto__.jpg", "constructor.jpg", "toString.png", "</script><script>.jpg", "\\u003cb\\u003e.jpg"),
}
"""Names by what is hostile about them. Every one of them is an asset."""

MOST_BYTES = 4095
"""Bytes of the longest path that Linux takes."""


def farthest(room: int) -> str:
    """A name of `room` bytes, the longest that can be: its output, which lies deeper, can have no place."""
    folders, rest = divmod(room - len("/far.jpg"), 200)
    return "f" * rest + "/".join(["", *["f" * 199] * folders, "far.jpg"]) if rest else farthest(room - 1)


def beyond(library: int) -> None:
    """Put a picture where no path can reach it, from folder to folder. `library` is an open folder."""
    here = os.dup(library)
    for _ in range(25):
        os.mkdir("b" * 200, dir_fd=here)
        there = os.open("b" * 200, os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = there
    with open(os.open("lost.jpg", os.O_WRONLY | os.O_CREAT, dir_fd=here), "wb") as file:
        file.write(b"whatever")
    os.close(here)


HIDDEN: tuple[str | bytes, ...] = (
    *(".hidden.jpg", "..jpg", "...jpg", ".jpg", "..\\..\\up.jpg", ".git/x.jpg", "..x/y.png", ".trash/deep/x.jpg"),
    *("x.jpg.", "x.jpg ", "x.jpg~", "nul", "con", "jpg", "x.jpg\n", "x.txt", "x", "x.jpg.bak", "x.jp\u0261"),
)
"""Names that are no assets: hidden ones, and those without a picture's suffix."""
