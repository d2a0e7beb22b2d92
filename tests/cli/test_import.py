"""`archspec import`: a spec from a Python file, or one sentence."""

from __future__ import annotations

import pytest
import torch

import archspec as library

# torch 2.11 calls its own deprecated function in a late import.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script_method`:DeprecationWarning"
)

FILE = '''
import torch
from torch import nn

print("imported")

class Net(nn.Module):
    def __init__(self, classes=10, *, width=8):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.fc = nn.Linear(width, classes)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean([2, 3]))

class Needs(nn.Module):
    def __init__(self, depth):
        super().__init__()

class Decides(Net):
    def forward(self, x):
        x = self.conv(x)
        return x if x.sum() > 0 else -x

class Sorts(nn.Module):
    def forward(self, x):
        return torch.sort(x)[0]

class Around(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Sorts()

    def forward(self, x):
        return self.inner(x)

class Turns(nn.Module):
    """Two lists of layers that take turns."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 1) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(3) for _ in range(2))

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = norm(conv(x))
        return x

class MovesToGpu(nn.Module):
    def forward(self, x):
        return x.cuda()

class OnGpu(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8).to("cuda")

class Finds(nn.Module):
    def forward(self, x):
        return torch.max(x, 2)[1]

class Bends(nn.Module):
    def forward(self, x):
        return nn.functional.softplus(x, beta=2.0)

class Autocasts(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        with torch.autocast("cpu"):
            return self.fc(x)

class Pair(nn.Module):
    def forward(self, x, y):
        return x + y

class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 8)

    def forward(self, x):
        return self.lstm(x)[0]

class Grows(nn.Module):
    """A layer that is made when it is needed."""

    def forward(self, x):
        return nn.Linear(8, 2)(x)

class Adds(nn.Module):
    """A layer whose name is a word of the language."""

    def __init__(self):
        super().__init__()
        self.body = nn.ModuleDict({"add": nn.Conv2d(3, 8, 3)})

    def forward(self, x):
        return self.body["add"](x)

class Delays(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.LazyLinear(2)

    def forward(self, x):
        return self.fc(x)

class Shares(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.b(self.a(x))

class Scales(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(3, 1, 1))

    def forward(self, x):
        return x * self.scale

class Trains(Net):
    def forward(self, x):
        x = super().forward(x)
        return x + torch.rand_like(x) if self.training else x

class Skips(Net):
    """A layer that eval mode leaves out."""

    def __init__(self):
        super().__init__()
        self.extra = nn.Linear(10, 10)

    def forward(self, x):
        x = super().forward(x)
        return self.extra(x) if self.training else x

class Normalizes(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))

    def forward(self, x):
        return self.fc(x)

class Normalized(Net):
    def __init__(self):
        super().__init__()
        self.conv = nn.utils.spectral_norm(self.conv)

class Wave(nn.Module):
    """Its second output is read after the next wave, as in WaveNet."""

    def __init__(self):
        super().__init__()
        self.conv, self.skip = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        y = torch.tanh(self.conv(x))
        return x + y, self.skip(y)

class Waves(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Wave() for _ in range(3))

    def forward(self, x):
        skips = 0
        for block in self.blocks:
            x, skip = block(x)
            skips = skips + skip
        return skips

class Weighs(nn.Module):
    """A residual that a learned number scales."""

    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.gamma * torch.tanh(x) + x

class Sizes(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8, 8))

    def forward(self, x):
        return nn.functional.linear(x, self.weight)

class Masks(Net):
    def forward(self, x):
        x = super().forward(x)
        return x[x > 0]

class Forgets(Net):
    def forward(self, x):
        super().forward(x)

class Misspells(Net):
    def forward(self, x):
        return self.convs(x)

class Squeezes(Net):
    def forward(self, x):
        x = nn.functional.adaptive_avg_pool2d(self.conv(x), 1)
        return self.fc(x.squeeze())

class Drops(Net):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x), 0.5)

class Attends(nn.Module):
    """Attention that drops in eval mode."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        x = self.fc(x)
        return nn.functional.scaled_dot_product_attention(x, x, x, dropout_p=0.1)

class Freezes(Net):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return super().forward(self.norm(x))

    def train(self, mode=True):
        super().train(mode)
        self.norm.eval()
        return self

class Patches(Net):
    def __init__(self):
        super().__init__()
        self.conv.forward = lambda x: x[:, :1, 2:, 2:].expand(-1, 8, -1, -1)

class Keeps(Net):
    """A hook that a copy does not find."""

    def __init__(self):
        super().__init__()
        self.kept = []
        self.conv.register_forward_hook(lambda *_: self.kept.append(_[2]))

    def forward(self, x):
        return super().forward(x) + self.kept[-1].mean()

class Averages(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3, momentum=None)

    def forward(self, x):
        return self.norm(x)

class Asks(Net):
    def forward(self, batch):
        return super().forward(batch["image"])

class Zips(Net):
    def forward(self, images):
        return [layer(x) for layer, x in zip([self.conv], images)]

class Forgotten(Net):
    def __init__(self):
        super().__init__()
        self.extra = nn.Linear(8, 8)

class Doubles(nn.Module):
    """A layer with two names."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.net = nn.Sequential(self.conv, nn.ReLU())

    def forward(self, x):
        return self.net(x)

class Moves(nn.Module):
    def forward(self, x):
        return x.transpose(0, 1).flip(2).contiguous()

net = Net(5)
half = Net().half()
smooth = nn.Sequential(nn.Softplus(threshold=5))
plain = nn.Sequential(nn.LayerNorm(8, elementwise_affine=False))
shifted = nn.Sequential(nn.LayerNorm(8, bias=False))
layers = nn.ModuleList([Net()])
compiled = torch.compile(Net())
number = 3

def make(classes):
    return Net(classes)

def make_number():
    return 3
'''


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.py"
    path.write_text(FILE)
    (tmp_path / "broken.py").write_text("import missing_package\n")
    (tmp_path / "exits.py").write_text("raise SystemExit\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "nets.py").write_text(FILE)


def test_writes_a_spec_and_says_what_it_executes(archspec) -> None:
    outcome = archspec("import", "model.py:Net", "--input", "3x8x8")
    assert outcome.out.startswith("# Source: model.py:Net\n# Equal:")
    assert "name: net\ninput: 3x8x8\n" in outcome.out
    assert "imported" not in outcome.out
    assert "executes `model.py`" in outcome.err
    assert outcome.code == 0


@pytest.mark.parametrize(
    ("target", "args", "classes"),
    [
        ("model.py:Net", "4, width=16", 4),
        ("model.py:net", "", 5),
        ("model.py:make", "7", 7),
        ("package.nets:Net", "classes=3", 3),
    ],
)
def test_makes_the_object(archspec, target, args, classes) -> None:
    archspec("import", target, "--input", "3x8x8", "--args", args, "-o", "a.yaml")
    assert library.load("a.yaml").output_shape == (classes,)


def test_overwrites_only_its_own_files(archspec, tmp_path) -> None:
    path = tmp_path / "a.yaml"
    command = ("import", "model.py:Net", "--input", "3x8x8", "-o", path)
    assert archspec(*command).code == 0
    assert archspec(*command).code == 0
    for text in ("archspec: 1\n", path.read_text().replace("net", "mine")):
        path.write_text(text)
        assert "add `--force`" in archspec(*command).err
        assert path.read_text() == text
    assert archspec(*command, "--force").code == 0
    assert library.check(path).ok


SENTENCES = {  # the object, other options, and what the sentence names
    "model": ("write `model.py:Net`",),
    "weights.onnx": ("weights.onnx", "import the Python class"),
    "weights.pt": ("weights.pt", "import the Python class"),
    "weights.pt:Net": ("weights.pt", "import the Python class"),
    "none.py:Net": ("the file `none.py` does not exist",),
    "broken.py:Net": ("`broken.py`", "missing_package"),
    "exits.py:Net": ("`exits.py`", "SystemExit"),
    "no_such_package:Net": ("`no_such_package`",),
    "model.py:Nett": ("`Nett`", "did you mean `Net`?"),
    "model.py:number": ("`number`", "`int`"),
    "model.py:make_number": ("`make_number`", "`int`"),
    "model.py:Needs": ("`Needs`", "`--args 'depth=...'`"),
    "model.py:Net --args x=3": ("`--args 'classes=10, width=8'`",),
    "model.py:Squeezes": ("`Squeezes` calls `squeeze` without an axis", "`flatten(1)`"),
    "model.py:Drops": ("`Drops` calls `dropout` without `training=self.training`",),
    "model.py:Attends --input 6x8": ("`Attends`", "`dropout_p` in eval mode too"),
    "model.py:Freezes": ("`Freezes.train` keeps `norm` (BatchNorm2d) in eval mode",),
    "model.py:Patches": ("`conv` (Conv2d) computes something else than its spec",),
    "model.py:Keeps": ("`conv` (Conv2d) has a forward hook", "remove the hook"),
    "model.py:Averages": ("`BatchNorm2d` with `momentum=None`",),
    "model.py:Asks": ("`Asks` reads `'image'` of an input", "argument of its own"),
    "model.py:Zips": ("`Zips` reads an input as a list", "argument of its own"),
    "model.py:Forgotten": ("`extra` (Linear) is never used: remove it",),
    "model.py:Doubles": ("`net.0` (Conv2d) is also `conv`", "a layer has one name"),
    "model.py:Moves": (
        "`Moves` calls `transpose`, `flip`",
        "no op together",
    ),
    "model.py:Net --args depth=3": ("`Net`", "depth", "--args"),
    "model.py:Net --args f(": ("--args", "literals"),
    "model.py:net --args 3": ("`net`", "--args"),
    "model.py:Decides": ("`Decides`", "shapes"),
    "model.py:Masks": ("`Masks`", "`getitem`", "shapes"),
    "model.py:Forgets": ("`Forgets` returns no tensor",),
    "model.py:Around": ("`inner` (Sorts)", "`sort`"),
    "model.py:Recurrent --input 3x8": ("`lstm` is `LSTM`",),
    "model.py:Grows": ("`Linear`", "`__init__`"),
    "model.py:Delays": ("`fc` (LazyLinear)", "run the module once"),
    "model.py:Shares --input 8": ("`b.weight` is also `a.weight`",),
    "model.py:Scales": ("buffer `scale`", "persistent=False"),
    "model.py:Trains": ("`Trains`", "training mode", "a module, as `DropPath`"),
    "model.py:Skips": ("`extra.bias`", "training mode"),
    "model.py:Normalizes --input 8": ("`fc` (Linear)", "`WeightNorm`"),
    "model.py:Normalized": ("`conv` (Conv2d)", "`SpectralNorm`"),
    "model.py:Weighs": ("`Weighs`", "`gamma`, one number", "`torch.zeros(3, 1, 1)`"),
    "model.py:Waves": ("the layers of `blocks.0` do not run in one stretch",),
    "model.py:Sizes --input 8": ("`linear` with weights that no layer has",),
    "model.py:MovesToGpu": ("`MovesToGpu` moves tensors to a GPU", "remove `.cuda()`"),
    "model.py:OnGpu": ("`OnGpu` moves tensors to a GPU",),
    "model.py:Autocasts --input 8": ("torch.bfloat16", "remove `autocast`"),
    "model.py:Finds --input 3x8": ("`max` for the positions",),
    "model.py:Bends": ("`softplus` with `2.0`",),
    "model.py:smooth": ("`0` is `Softplus` with `threshold=5`",),
    "model.py:plain --input 6x8": ("`LayerNorm` with `elementwise_affine=False`",),
    "model.py:shifted --input 6x8": ("`LayerNorm` with `bias=False`",),
    "model.py:Misspells": ("no attribute 'convs'", "repair it"),
    "model.py:half": ("`conv.weight`", "torch.float16", ".float()"),
    "model.py:layers": ("`ModuleList` has no `forward`",),
    "model.py:compiled": ("torch.compile",),
    "model.py:Turns": ("`convs`",),
    "model.py:Adds": ("`body.add`", "a word of the language", "rename"),
    "model.py:Pair": ("`Pair`", "'y'"),
    "model.py:Net --input 1x8x8": (
        "`Net`",
        "1x8x8",
        "3 channels",
        "`--input`",
    ),
    "torchvision:resnet51": ("`resnet51`", "`resnet50`"),
}


NEEDS_NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(each, marks=NEEDS_NO_GPU if "Gpu" in each else ())
        for each in SENTENCES
    ],
)
def test_says_in_one_sentence_what_is_wrong(archspec, command) -> None:
    target, *options = command.split()
    if "--input" not in options:
        options += ["--input", "3x8x8"]
    outcome = archspec("import", target, *options)
    *notes, sentence = outcome.err.strip().splitlines()
    assert all(note.startswith("note: ") or note == "imported" for note in notes), notes
    assert sentence.startswith("error: ")
    for part in SENTENCES[command]:
        assert part in sentence
    assert outcome.code in (1, 2)
    assert not outcome.out


def test_inputs_are_those_of_forward_in_its_order(archspec) -> None:
    inputs = ("--input", "y=3x8x8", "--input", "x=3x8x8")
    text = archspec("import", "model.py:Pair", *inputs).out
    assert "input: {x: 3x8x8, y: 3x8x8}" in text
    outcome = archspec("import", "model.py:Pair", *inputs[:2], "--input", "a=3x8x8")
    assert "`forward` has no input `a`: it takes `x`, `y`" in outcome.err
    assert outcome.code == 2


@pytest.mark.parametrize("options", [(), ("--input", "3xx8")])
def test_needs_a_shape(archspec, options) -> None:
    outcome = archspec("import", "model.py:Net", *options)
    assert "3x224x224`" in outcome.err
    assert outcome.code == 2


@pytest.mark.parametrize("target", ["weights.onnx", "weights.pt:Net"])
def test_a_file_without_classes_needs_no_shape_to_be_refused(archspec, target) -> None:
    assert "import the Python class" in archspec("import", target).err
