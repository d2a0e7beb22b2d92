"""What archspec and what PyTorch print for the same ten faults, as Markdown.

archspec refuses a faulty spec, so there is no module of it: PyTorch runs the module of
the sound spec, with the same fault put into its source.
"""

import contextlib
import io
import os
import re
import runpy
import shutil
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import archspec

ROOT = Path(__file__).resolve().parent.parent
LENET, NIN = "specs/lenet.yaml", "specs/nin.yaml"
INCEPTION, DENSENET = "specs/course_inception.yaml", "specs/densenet.yaml"
RESIDUAL = "docs/examples/residual.yaml"

RUN = """\
import torch
from {module} import {network}

model = {network}()
print(model(torch.randn{shape}).shape)
"""


@dataclass(frozen=True)
class Fault:
    """A mistake in a spec, and the same one in the source emitted for it."""

    title: str
    spec: str
    in_spec: tuple[str, str]
    in_source: tuple[str, str] = ("", "")
    shape: str = ""  # of the images, where they are at fault


FAULTS = [
    Fault(
        "Wrong input channels",
        NIN,
        ("nin_block(96, 256,", "nin_block(64, 256,"),
        ("NinBlock(96, 256,", "NinBlock(64, 256,"),
    ),
    Fault(
        "The wrong number of features",
        LENET,
        ("linear(120)", "linear(256, 120)"),
        ("nn.Linear(400, 120)", "nn.Linear(256, 120)"),
    ),
    Fault(
        "No flatten before a linear layer",
        LENET,
        ("  - flatten -> [400]\n", ""),
        ("            nn.Flatten(),  # [400]\n", ""),
    ),
    Fault(
        "A missing padding in one branch of a sum",
        RESIDUAL,
        ("bn | relu | conv(cout, k=3, p=1)", "bn | relu | conv(cout, k=3)"),
        (
            "(out_channels, out_channels, kernel_size=3, padding=1)",
            "(out_channels, out_channels, kernel_size=3)",
        ),
    ),
    Fault(
        "A branch of one channel in a sum",
        RESIDUAL,
        ("conv(cout, k=1, s=s)", "conv(1, k=1, s=s)"),
        ("out_channels, kernel_size=1, stride", "1, kernel_size=1, stride"),
    ),
    Fault(
        "A missing padding in one branch of a concatenation",
        INCEPTION,
        ("conv(24, k=5, p=2)", "conv(24, k=5)"),
        ("(16, 24, kernel_size=5, padding=2)", "(16, 24, kernel_size=5)"),
    ),
    Fault(
        "An image that is too small for its pools",
        DENSENET,
        ("input: 1x96x96", "input: 1x28x28"),
        shape="(2, 1, 28, 28)",
    ),
    Fault(
        "Groups that do not divide the channels",
        INCEPTION,
        ("conv(20, k=5)", "conv(20, k=5, g=3)"),
        ("(88, 20, kernel_size=5)", "(88, 20, kernel_size=5, groups=3)"),
    ),
    Fault(
        "A missing padding without an error",
        NIN,
        ("nin_block(384, classes, k=3, p=1)", "nin_block(384, classes, k=3)"),
        (
            "NinBlock(384, classes, kernel_size=3, padding=1)",
            "NinBlock(384, classes, kernel_size=3)",
        ),
    ),
    Fault(
        "A width that is not an integer",
        DENSENET,
        ("transition(ch // 2)  # [96,", "transition(ch / 2)  # [96,"),
        ("Transition(192, 96)", "Transition(192, 192 / 2)"),
    ),
]


def archspec_prints(fault):
    """The report on the spec with the fault in it."""
    path = Path(Path(fault.spec).name)
    path.write_text(replaced((ROOT / fault.spec).read_text(), fault.in_spec))
    try:
        archspec.load(path)
    except archspec.SpecError as error:
        return str(error)
    raise AssertionError(fault)


def torch_prints(fault):
    """What running the module with the fault in it prints."""
    spec = archspec.load(ROOT / fault.spec)
    source = replaced(archspec.to_source(spec), fault.in_source)
    module = Path(f"{Path(fault.spec).stem}.py")
    module.write_text(source)
    run = Path("run.py")
    run.write_text(
        RUN.format(
            module=module.stem,
            network=re.findall(r"^class (\w+)", source, re.MULTILINE)[-1],
            shape=fault.shape or (2, *spec.input_shape),
        )
    )
    sys.modules.pop(module.stem, None)
    shutil.rmtree("__pycache__", ignore_errors=True)  # another fault is as large
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(run))
    except Exception as error:
        return shortened(error, {run.name, module.name})
    return printed.getvalue().rstrip()


def shortened(error, own):
    """A traceback: of its lines, those in one's own files, and the last."""
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        name = Path(frame.filename).name
        if name in own:
            lines.append(f'  File "{name}", line {frame.lineno}, in {frame.name}')
            lines.append(f"    {frame.line}")
    return "\n".join([*lines, *traceback.format_exception_only(error)]).rstrip()


def replaced(text, change):
    old, new = change
    assert not old or text.count(old) == 1, change
    return text.replace(old, new) if old else text


def main():
    """Print a section for each fault."""
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.path.insert(0, folder)
        for number, fault in enumerate(FAULTS, 1):
            print(f"### {number}. {fault.title}\n")
            print(f"archspec:\n\n```text\n{archspec_prints(fault)}\n```\n")
            print(f"PyTorch:\n\n```text\n{torch_prints(fault)}\n```\n")
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
