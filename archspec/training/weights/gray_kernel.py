"""The first kernel of a network that reads gray images, from weights for color.

A gray image as three equal channels gives the same as one channel and the sum of the
kernel over its channels.
"""

from __future__ import annotations

from archspec.spec import Spec
from archspec.training.data.image_tensors import COLOR, GRAY
from archspec.training.weights.new_head import WeightShapes


def find_gray_kernel(
    network: WeightShapes, file: WeightShapes, spec: Spec
) -> str | None:
    """The name of the first layer's weight, if it reads 1 channel and 3 in the file."""
    first = next((node.path for node in spec.layers if node.parameters), "")
    name = f"{first}.weight"
    ours, theirs = network.get(name, ()), file.get(name, ())
    is_gray = (
        spec.input_shape[0] == GRAY
        and len(ours) > 2
        and ours == (*theirs[:1], GRAY, *theirs[2:])
        and theirs[1] == COLOR
    )
    return name if is_gray else None
