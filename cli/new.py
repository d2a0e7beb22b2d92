"""`archspec new`: write a spec to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from archspec.catalog import Entry, bundled

from .completion import complete_bundled
from .exit_codes import USAGE, stop
from .show import find_text

COSTS = re.compile(r"^# Costs:.*\n(?:#  .*\n)*", re.MULTILINE)
NAME = re.compile(r"^name: [\w-]+", re.MULTILINE)

STARTER = """\
archspec: 1
name: {name}
about: A small convolutional network
input: 1x28x28                        # channels x height x width
params: {{classes: 10}}                 # change one with --set classes=100

blocks:
  stage(cout):                        # a block: its body is a list of steps
    - conv(cout, k=3, p=1) | bn | relu
    - maxpool(2)

net:
  - stage(16) -> [16, 14, 14]         # a shape assertion, checked
  - stage(32) -> [32, 7, 7]
  - global_avgpool | flatten
  - linear(classes) -> [classes]

train: {{data: digits, epochs: 10, batch_size: 64, optimizer: adam}}
"""


def new(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The network's name, or a `.yaml` path."),
    ],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SPEC",
            autocompletion=complete_bundled,
            help="A bundled spec to copy.",
        ),
    ] = None,
) -> None:
    """Create a spec to start from, or copy a bundled one."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else Path(f"{name}.yaml")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,99}", path.stem):
        stop(
            f"`{path.stem}` is not a valid name: use letters, digits, `_` and `-`",
            USAGE,
        )
    if from_ is None and name in bundled():
        stop(
            f"`{name}` is a bundled spec: `archspec new {path} --from {name}` copies it",
            USAGE,
        )
    made, text = str(path), STARTER.format(name=path.stem)
    if from_:
        entry, original = find_text(from_)
        text = _renamed(original, path.stem)
        made = Entry(path, made, entry.variant).title
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        stop(f"`{path}` exists already: choose another name")
    except OSError as error:
        stop(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}")
    print(f"wrote {path}; try `archspec check {made}`, then `archspec train {made}`")


def _renamed(text: str, name: str) -> str:
    """A copy under its own name, without the costs that an edit changes."""
    return NAME.sub(f"name: {name}", COSTS.sub("", text, count=1), count=1)
