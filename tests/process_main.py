"""Code and a command in a fork of a process that has loaded torch and computed nothing.

`multiprocessing` runs this file with the globals `arguments`, `environment`, `folder`,
`rank` and `before`, which is code.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from typing import Any

import torch

import archspec.cli.main
from archspec.training import loop


def main(given: dict[str, Any]) -> int:
    """Its exit code; what it says goes to files."""
    os.chdir(given["folder"])
    os.environ.update(given["environment"])
    for number, name in ((1, "out"), (2, "err")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(f"{given['rank']}.{name}", flags), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["archspec", *given["arguments"]]
    torch.set_num_threads(1)
    loop.draw_curves = lambda *_: None  # it takes longer than training
    multiprocessing.set_start_method(None, force=True)  # the platform's, not ours
    exec(given["before"], {})
    if not given["arguments"]:
        return 0
    try:
        archspec.cli.main.main()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 70
    return 0


if __name__ == "__main__":
    sys.exit(main(globals()))
