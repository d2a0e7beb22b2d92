"""The bundled specs, and how a name on the command line becomes a file."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from archspec.diagnostics.diagnostic import Findings
from archspec.diagnostics.source import Source
from archspec.diagnostics.suggest import did_you_mean
from archspec.frontend.source_files import STDIN, SUFFIXES
from archspec.frontend.yaml.reader import read_yaml
from archspec.frontend.yaml.tree import Mapping
from archspec.ops.registry import OPS

RUN_FILES = ("config.json", "spec.yaml")  # which every run directory has
KEY = re.compile(rb"^archspec\s*:", re.MULTILINE)
LIBRARY = Path(__file__).with_name("library")
BLOCK = re.compile(r"^  (\w+)[(:]", re.MULTILINE)  # a key below `blocks:`
WITH_VARIANT = re.compile(r"(.+):([\w-]+)")  # no path on Windows, as `C:\net.yaml`


class Entry(NamedTuple):
    """A spec's file, the name it is shown under, and the variant its name chose."""

    path: Path
    name: str
    variant: str | None = None

    @property
    def title(self) -> str:
        """The name of the network: `torchvision/resnet50`, `net.yaml:small`."""
        if self.variant is None:
            return self.name
        is_bundled = self.path == bundled().get(self.name)
        if is_bundled and self.variant in variants(self.path):
            return variant_name(self.name, self.variant)
        return f"{self.name}:{self.variant}"


def specs_folder() -> Path:
    """Where the bundled specs are installed."""
    return Path(import_module("archspec.specs").__path__[0])


def bundled() -> dict[str, Path]:
    """The bundled specs by name: `resnet18`, or `torchvision/resnet` in a folder."""
    folder = specs_folder()
    files = sorted(folder.rglob("*.yaml"), key=lambda path: (len(path.parts), path))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def specs_in(folder: Path) -> list[Path]:
    """The specs in a folder and the folders in it: YAML files with the key `archspec`.

    The specs of runs in it are copies, and do not count.
    """
    files = (path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    found = (path for path in files if not _is_of_run(path, folder))
    return sorted(path for path in found if _is_spec(path))


def _is_of_run(path: Path, folder: Path) -> bool:
    """Whether a file is in a run directory below a folder."""
    *below, _ = path.relative_to(folder).parents
    return any(all((folder / p / n).is_file() for n in RUN_FILES) for p in below)


def _is_spec(path: Path) -> bool:
    try:
        return KEY.search(path.read_bytes()) is not None
    except OSError:  # it is reported where someone names it
        return False


def variants(path: Path) -> list[str]:
    """The names of a bundled spec's variants."""
    tree = read_yaml(Source(path.name, path.read_text(encoding="utf-8")), Findings())
    found = tree.get("variants") if isinstance(tree, Mapping) else None
    return [key.text for key, _ in found.pairs] if isinstance(found, Mapping) else []


def variant_name(spec: str, variant: str) -> str:
    """The name of a bundled spec's variant: `torchvision/resnet50`."""
    return str(PurePosixPath(spec).with_name(variant))


def find_bundled(name: str) -> Entry | None:
    """The bundled spec of this name, or the one with the variant of this name."""
    specs = bundled()
    if name in specs:
        return Entry(specs[name], name)
    return _variants_by_name(specs).get(name)


def of_torchvision(name: str) -> str | None:
    """The torchvision network that a network of the course shares its name with."""
    if "/" in name:
        return None
    found = find_bundled(f"torchvision/{name}")
    return found.title if found else None


def library_files() -> list[tuple[Source, list[str]]]:
    """The files of the library, with the names of the blocks in each."""
    texts = {
        p.name: p.read_text(encoding="utf-8") for p in sorted(LIBRARY.glob("*.yaml"))
    }
    return [
        (Source(f"library/{name}", text), BLOCK.findall(text))
        for name, text in texts.items()
    ]


def explained_word(name: str) -> str:
    """A help line for an op or a block, which is no spec; "" for another name."""
    blocks = (block for _, blocks in library_files() for block in blocks)
    kind = "an op" if name in OPS else "a block of the library" * (name in blocks)
    return kind and f"`{name}` is {kind}: `archspec explain {name}` shows it"


def suggest_bundled(name: str) -> str:
    """A help line for an unknown bundled spec; "" if none has a similar name."""
    specs = bundled()
    names = [*specs, *_variants_by_name(specs)]
    return did_you_mean(of_torchvision(name) or name, names)


def find_spec(
    name: str, findings: Findings, variant: str | None = None
) -> Entry | None:
    """A path, `-`, or the name of a bundled spec or of one of its variants.

    The name may end in `:VARIANT`, and `variant` chooses one by itself.
    """
    spec, in_name = _split(name)
    if Path(spec).suffix == ".py" and _exists(Path(spec)):
        findings.error(
            "unreadable-file",
            f"`{spec}` is Python, not a spec",
            Source(name, "", is_argument=True).span(0, 0),
            help=f"`archspec import {spec}:Net --input 3x224x224` makes a spec of its "
            "class `Net`",
        )
        return None
    entry = _find(spec)
    if entry is None:
        findings.error(
            "unreadable-file",
            f"`{spec}` is neither a file nor a bundled spec",
            Source(name, "", is_argument=True).span(0, 0),
            help=_with_suffix(spec, in_name)
            or explained_word(spec)
            or suggest_bundled(spec)
            or "`archspec list` shows the bundled specs; a file ends in `.yaml`",
        )
        return None
    for chosen in filter(None, (in_name, variant)):
        if entry.variant not in (None, chosen):
            findings.error(
                "unknown-variant",
                f"`{entry.title}` is a variant already, found `{chosen}` as well",
                Source(f"--variant {chosen}", "", is_argument=True).span(0, 0),
                help=f"write `{entry.name}:{chosen}`",
            )
            return None
        entry = entry._replace(variant=chosen)
    return entry


def _with_suffix(name: str, variant: str | None) -> str:
    """A help line for the name of a file without its suffix."""
    files = (name + suffix for suffix in SUFFIXES if _exists(Path(name + suffix)))
    chosen = f":{variant}" if variant else ""
    return next((f"write `{file}{chosen}` for the file here" for file in files), "")


def _split(name: str) -> tuple[str, str | None]:
    """The name of a spec and its variant: `net.yaml:small`."""
    parts = WITH_VARIANT.fullmatch(name)
    if parts is None or _exists(Path(name)):
        return name, None
    return parts[1], parts[2]


def _find(name: str) -> Entry | None:
    path = Path(name)
    if name == STDIN or is_path(name):
        return Entry(path, name)
    if found := find_bundled(name):
        return found
    folders = {PurePosixPath(spec).parent for spec in bundled()}
    is_elsewhere = "/" in name and PurePosixPath(name).parent not in folders
    return Entry(path, name) if is_elsewhere or _exists(path) else None


def is_path(name: str) -> bool:
    """Whether a name can only be that of a file."""
    return Path(name).suffix in SUFFIXES or "\\" in name


def list_models(pattern: str = "*") -> list[str]:
    """List the names of bundled networks, with the variants of families.

    >>> from archspec import list_models
    >>> list_models("torchvision/resnet*")[:2]
    ['torchvision/resnet18', 'torchvision/resnet34']

    Args:
        pattern: a name, which may contain `*` and `?`, a folder such as `torchvision`,
            or a family such as `vgg`.

    Returns:
        The names in alphabetical order within each family; empty if none matches.
    """
    return [
        name
        for family, names in _families().items()
        for name in names
        if any(fnmatchcase(known, pattern) for known in (name, family))
        or name.startswith(f"{pattern.rstrip('/')}/")
    ]


def _families() -> dict[str, list[str]]:
    """The names of the networks in each bundled spec."""
    return {
        name: [variant_name(name, each) for each in variants(path)] or [name]
        for name, path in bundled().items()
    }


def _variants_by_name(specs: dict[str, Path]) -> dict[str, Entry]:
    return {
        variant_name(name, variant): Entry(path, name, variant)
        for name, path in specs.items()
        for variant in variants(path)
    }


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that is closed
        return False
