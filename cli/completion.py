"""Shell completion of arguments: specs, files, params, variants and runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from archspec.catalog import bundled, list_models
from archspec.checker import check
from archspec.frontend.source_files import SUFFIXES
from archspec.signatures.signature import show
from archspec.spec import Spec


def complete_spec(incomplete: str) -> list[str]:
    """Bundled names, runs, folders and spec files; the content of the only folder."""
    found = [*_paths(incomplete, SUFFIXES), *complete_bundled(incomplete)]
    if len(found) == 1 and found[0].endswith("/"):
        return complete_spec(found[0]) or found
    return found


def complete_bundled(incomplete: str) -> list[str]:
    """Bundled names."""
    return sorted(n for n in {*bundled(), *list_models()} if n.startswith(incomplete))


def complete_param(ctx: typer.Context, incomplete: str) -> list[str]:
    """Params of the spec before the cursor; numbers with their value: `classes=10`."""
    spec = _spec(ctx)
    found = spec.param_values if spec else {}
    texts = {n: show(v) if isinstance(v, int | float) else "" for n, v in found.items()}
    return [f"{n}={text}" for n, text in texts.items() if n.startswith(incomplete)]


def complete_variant(ctx: typer.Context, incomplete: str) -> list[str]:
    """Variants of the spec before the cursor."""
    spec = _spec(ctx)
    names = spec.document.variants if spec else ()
    return [name for name in names if name.startswith(incomplete)]


def complete_word(incomplete: str) -> list[str]:
    """What `archspec explain` explains."""
    from archspec.diagnostics.codes import CODES
    from archspec.ops.registry import OPS
    from archspec.resolve.library import library

    from .language_pages import language_words

    words = dict.fromkeys((*CODES, *OPS, *library(), *bundled(), *language_words()))
    return [word for word in words if word.startswith(incomplete)]


def _spec(ctx: typer.Context) -> Spec | None:
    """The spec that the arguments name, if it has no errors."""
    given = [ctx.params.get("spec"), *(ctx.params.get("specs") or ()), *ctx.args]
    name = next(filter(None, given), None)
    return check(name).spec if name else None


def _paths(incomplete: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Runs, other folders with a slash, and files with one of the suffixes."""
    start, slash, last = incomplete.rpartition("/")
    folder = Path(start + slash or ".")
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if not entry.name.startswith(last) or (entry.name[0] == "." and not last):
            continue
        if (entry / "config.json").is_file():  # a run
            yield f"{start}{slash}{entry.name}"
        elif entry.is_dir():
            yield f"{start}{slash}{entry.name}/"
        elif entry.suffix in suffixes:
            yield f"{start}{slash}{entry.name}"
