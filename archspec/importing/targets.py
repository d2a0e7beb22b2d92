"""What a command names, as far as it is known before torch is loaded."""

from __future__ import annotations

import ast
from pathlib import Path

from archspec.importing.unsupported import UnsupportedModuleError

OTHER_FILES = {
    ".onnx": "a graph without modules",
    ".pt": "weights",
    ".pth": "weights",
    ".pt2": "an exported graph",
    ".safetensors": "weights",
    ".ckpt": "weights",
    ".bin": "weights",
    ".pkl": "pickled objects",
    ".h5": "a Keras model",
    ".keras": "a Keras model",
    ".tflite": "a graph without modules",
}


MOST_NAMES = 6  # in a message


def module_classes(file: Path) -> list[str]:
    """The subclasses of `nn.Module` in a Python file, which is not executed."""
    try:
        tree = ast.parse(file.read_bytes()) if file.suffix == ".py" else None
    except (OSError, SyntaxError, ValueError):
        return []
    found: list[str] = []
    for each in tree.body if tree else ():
        if isinstance(each, ast.ClassDef):
            bases = {ast.unparse(base).rpartition(".")[2] for base in each.bases}
            if bases & {"Module", "Sequential", "LightningModule", *found}:
                found.append(each.name)
    return found


def place_and_name(target: str) -> tuple[str, str]:
    """The file or package that holds an object, and its name there.

    Raises:
        UnsupportedModuleError: if the file can hold no class, or no object is named.
    """
    place, _, name = target.rpartition(":")
    file = place or target
    suffix = Path(file).suffix.lower()
    if suffix in OTHER_FILES:
        raise UnsupportedModuleError(
            f"`{file}` holds {OTHER_FILES[suffix]}: import the Python class that it "
            "was made from, as `model.py:Net`"
        )
    if (classes := module_classes(Path(target))) and not place:
        found = ", ".join(f"`{each}`" for each in classes[:MOST_NAMES])
        raise UnsupportedModuleError(
            f"name a class: `{target}:{classes[0]}` (found {found})"
        )
    if not place or not name:
        raise UnsupportedModuleError(
            f"name an object in `{target}`: write `model.py:Net` or "
            "`torchvision:resnet50`"
        )
    return place, name
