"""Read spec files; every way a file can be unreadable is a finding."""

from __future__ import annotations

from errno import EINVAL
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source

MAX_BYTES = 250_000  # the longest spec in use is under 20 kB


def read_source(path: Path, name: str, findings: Findings) -> Source | None:
    """The text of a file under the name it is shown by, or None and a finding."""
    nowhere = Source(name, "").span(0, 0)
    try:
        data = _start(path)
    except FileNotFoundError:
        findings.error("unreadable-file", f"there is no file `{name}`", nowhere)
        return None
    except IsADirectoryError:
        help = "name a spec in it, such as `FOLDER/net.yaml`"
        findings.error(
            "unreadable-file",
            f"`{name}` is a directory, not a spec",
            nowhere,
            help=help,
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


def _start(path: Path) -> bytes:
    """The file as far as it may be read, and a byte more."""
    mode = path.stat().st_mode
    if not (S_ISREG(mode) or S_ISDIR(mode)):  # a pipe would keep us waiting
        raise OSError(EINVAL, "it is not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def decode(data: bytes, name: str, findings: Findings) -> Source | None:
    """Bytes as text, or None and a finding that says where they are none."""
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
