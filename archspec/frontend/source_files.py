"""Read spec files as text, and report those that cannot be read."""

from __future__ import annotations

import sys
from errno import EINVAL
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import closest

STDIN = "-"
SUFFIXES = (".yaml", ".yml")
MAX_BYTES = 250_000  # the longest spec in use is under 20 kB


def read_source(path: Path, name: str, findings: Findings) -> Source | None:
    """Read a file, or the standard input where `name` is `-`.

    `name` is its name in messages. None if a finding is recorded.
    """
    nowhere = Source(name, "", is_argument=True).span(0, 0)
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if name == STDIN else _start(path)
    except FileNotFoundError:
        message = f"the file `{name}` does not exist"
        findings.error("unreadable-file", message, nowhere, help=_similar(path))
        return None
    except IsADirectoryError:
        findings.error(
            "unreadable-file",
            f"`{name}` is a directory, not a spec",
            nowhere,
            help=f"name a spec in it, such as `{_spec_in(path)}`",
        )
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        findings.error(
            "unreadable-file", f"cannot read `{name}`: {reason.lower()}", nowhere
        )
        return None
    if len(data) > MAX_BYTES:
        findings.error(
            "file-too-large",
            f"a spec has at most {MAX_BYTES:,} bytes, `{name}` has more",
            nowhere,
            help="a network is a page of text: is this the right file?",
        )
        return None
    return decode(data, name, findings)


def _similar(path: Path) -> str:
    """A help line for the name of a missing file; "" without a similar one."""
    files = {each.stem: each for each in _specs_in(path.parent)}
    found = closest(path.stem, files)
    return f"did you mean `{files[found]}`?" if found else ""


def _spec_in(folder: Path) -> Path:
    """The first spec of a folder, or an example of one."""
    return min(_specs_in(folder), default=folder / "net.yaml")


def _specs_in(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each.suffix in SUFFIXES]
    except OSError:
        return []


def _start(path: Path) -> bytes:
    """Read one byte more than a spec may have."""
    mode = path.stat().st_mode
    if not (S_ISREG(mode) or S_ISDIR(mode)):  # reading a pipe could block forever
        raise OSError(EINVAL, "it is not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def decode(data: bytes, name: str, findings: Findings) -> Source | None:
    """Decode UTF-8; None if a finding about the first invalid byte is recorded."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = Source(name, data[: error.start].decode("utf-8", "replace"))
        readable = Source(name, data.decode("utf-8", "replace"))
        start = len(before.text)
        binary = b"\0" in data
        findings.error(
            "not-text",
            f"`{name}` is not a text file"
            if binary
            else f"expected UTF-8 text, found the byte 0x{data[error.start]:02x}",
            Source(name, "").span(0, 0) if binary else readable.span(start, start + 1),
            help="a spec is a YAML file" if binary else "save the file as UTF-8",
        )
        return None
    return Source(name, text)
