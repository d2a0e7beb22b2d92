"""Published weights by name: torchvision itself says what they give and how they read.

Nothing is downloaded: the cache holds the weights of seeded networks of torchvision.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, hub, nn
from torchvision.models import (
    ResNet18_Weights,
    SqueezeNet1_1_Weights,
    WeightsEnum,
    get_model,
    get_model_weights,
    list_models,
)

import archspec
from archspec.runs.errors import TrainingError
from archspec.settings.published_name import is_published
from archspec.training.data.decoding import read_image
from archspec.training.data.input_normalization import InputNormalization
from archspec.training.weights.loading import load_weights
from archspec.training.weights.published import (
    find_published,
    network_name,
    preparation_of,
    read_published,
    statistics_of,
)
from archspec.training.weights.spec_for_weights import check_for_weights

from .test_weights import RESNET

Command = Callable[..., tuple[int, str, str]]

SQUEEZENET = """\
archspec: 1
name: squeezenet
input: 3x224x224
params: {classes: 1000}
variants: {squeezenet1_1: {}, small: {}}
blocks:
  fire(s):
    - squeeze: conv(s, k=1)
    - relu
    - concat:
        - - expand1x1: conv(4 * s, k=1)
          - relu
        - - expand3x3: conv(4 * s, k=3, p=1)
          - relu
net:
  - features:
      - conv(64, k=3, s=2) | relu | maxpool(3, s=2, ceil=true)
      - repeat:
          - fire(s)
          - if: i == 1 or i == 3
            then: maxpool(3, s=2, ceil=true)
        for: {s: [16, 16, 32, 32, 48, 48, 64, 64]}
  - classifier: dropout(0.5) | conv(classes, k=1) | relu | global_avgpool
  - flatten
"""
WEIGHTS = SqueezeNet1_1_Weights.IMAGENET1K_V1
CLASSIFIERS = list_models(module=torchvision.models)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of torch's cache, which nothing downloads into."""

    def download(url: str, *_: object, **__: object) -> None:
        raise AssertionError(url)

    monkeypatch.setattr(hub, "download_url_to_file", download)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch/hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


def put(cache: Path, weights: WeightsEnum, state: dict[str, Tensor]) -> Path:
    """Write a state dict under the name of a file of published weights."""
    path = cache / weights.url.rpartition("/")[2]
    torch.save(state, path)
    return path


@pytest.fixture
def squeezenet(cache: Path, tmp_path: Path) -> nn.Module:
    """torchvision's network, whose weights are in the cache, and a spec of it."""
    torch.manual_seed(1)
    model = torchvision.models.squeezenet1_1()
    put(cache, WEIGHTS, model.state_dict())
    (tmp_path / "squeezenet.yaml").write_text(SQUEEZENET)
    return model.eval()


SPEC = ("squeezenet.yaml", "--variant", "squeezenet1_1")


def write_image(path: Path, size: tuple[int, int] = (97, 61), seed: int = 0) -> None:
    """A picture with smooth colors and fine noise."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize(size), dtype=np.int16)
    noise = random.integers(-20, 20, smooth.shape)
    Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8)).save(path)


def spec_named(name: str, folder: Path, text: str = "net: [relu]") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f"archspec: 1\ninput: 3x32x32\n{text}\n")
    return path


# --- names ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_weight_of_torchvision_has_a_name(name):
    for variant, spec_name in ((name, "family"), ("small", name)):
        document = SimpleNamespace(name=spec_name)
        spec = SimpleNamespace(name=variant, document=document)
        assert network_name(spec) == name  # type: ignore[arg-type]
        for weights in get_model_weights(name):
            for text in (weights.name, str(weights)):
                assert is_published(Path(text))
                assert find_published(Path(text), spec) is weights  # type: ignore[arg-type]
        default = find_published(Path("DEFAULT"), spec)  # type: ignore[arg-type]
        assert default is get_model_weights(name).DEFAULT


@pytest.mark.parametrize(
    "path", ["runs/lenet-1", "RUN", "resnet18-f37072fd.pth", "runs/IMAGENET1K_V1"]
)
def test_a_path_is_no_name(path):
    assert not is_published(Path(path))


UNKNOWN = {
    (
        "squeezenet1_1",
        "IMAGENET1K_V3",
    ): "`SqueezeNet1_1_Weights` has no `IMAGENET1K_V3`: "
    "expected one of `IMAGENET1K_V1`, `DEFAULT`",
    (
        "vgg12",
        "DEFAULT",
    ): "torchvision has no network `vgg12`: name its weights in full, "
    "such as `ResNet18_Weights.IMAGENET1K_V1`",
    (
        "vgg12",
        "VGG12_Weights.DEFAULT",
    ): "torchvision has no `VGG12_Weights`: did you mean `VGG19_Weights`?",
}


@pytest.mark.parametrize(("network", "name"), UNKNOWN)
def test_an_unknown_name_lists_the_others(network, name, tmp_path, command):
    path = spec_named(network, tmp_path)
    code, out, err = command("compile", path, "--weights", name, "-o", "a.pt2")
    assert (code, out, err) == (2, "", f"error: {UNKNOWN[network, name]}\n")
    assert not Path("a.pt2").exists()


@pytest.mark.usefixtures("squeezenet")
def test_a_family_names_its_variants(command):
    code, _, err = command("predict", "squeezenet.yaml", "--pretrained", "a.png")
    assert code == 2
    assert err == (
        "error: torchvision has no network `squeezenet`: choose one of the variants "
        "`squeezenet1_1`\n"
    )


USAGE = {
    ("compile", *SPEC, "--pretrained"): "`--weights` is not supported for source",
    ("train", *SPEC, "--pretrained", "--weights", "a.pt"): "give one of them",
    ("predict", *SPEC, "--weights", "a.pt", "a.png"): "`--weights a.pt` is a file",
    ("predict", "runs/lenet-1", "a.png", "--input", "3x8x8"): "are about a spec",
    ("evaluate", *SPEC, "--pretrained"): "`--data folder --data-root DIR`",
    ("evaluate", "runs/lenet-1", "--data", "folder"): "omit `--data`",
}


@pytest.mark.usefixtures("squeezenet")
@pytest.mark.parametrize("arguments", USAGE)
def test_options_that_go_together(arguments, command):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert USAGE[arguments] in err


# --- the network ---------------------------------------------------------------------


def test_the_input_follows_the_weights(tmp_path):
    path = spec_named("vit_b_16", tmp_path)

    def shape(name: str, **options: Any) -> tuple[int, ...]:
        spec = check_for_weights(path, Path(name), note=notes.append, **options)
        return spec.require().input_shape

    notes: list[str] = []
    assert shape("IMAGENET1K_SWAG_E2E_V1", input="1x64x64") == (1, 64, 64)
    assert shape("some/file.pt") == (3, 32, 32)
    assert notes == []
    assert shape("IMAGENET1K_V1") == (3, 224, 224)
    assert shape("IMAGENET1K_SWAG_E2E_V1") == (3, 384, 384)
    start = "input changed from 3x32x32 to 3x"
    assert [note.split(" for ")[0] for note in notes] == [
        f"{start}224x224",
        f"{start}384x384",
    ]
    path = spec_named("fcn_resnet50", tmp_path)  # reads images of any size
    assert shape("COCO_WITH_VOC_LABELS_V1") == (3, 32, 32)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_the_weights_of_inception_need_their_input_transform(name, tmp_path):
    body = (
        "params: {transform_input: false}\nnet:\n  - {if: transform_input, then: relu}"
    )
    path = spec_named(name, tmp_path, f"{body}\n  - conv(4, k=1)")

    def transformed(**options: Any) -> object:
        source = Path("DEFAULT")
        spec = check_for_weights(path, source, **options).require()
        return spec.param_values["transform_input"]

    assert transformed() is True
    assert transformed(overrides=["transform_input=false"]) is False
    assert transformed(params={"transform_input": False}) is False
    with pytest.raises(TrainingError) as caught:
        archspec.create_model(spec_named(name, tmp_path), pretrained=True)
    assert f"lacks: use the spec `torchvision/{name}`" in str(caught.value)


def test_a_model_with_weights(squeezenet, monkeypatch, tmp_path, caplog):
    monkeypatch.chdir(tmp_path)
    images = torch.randn(2, 3, 100, 100)
    expected = squeezenet(images)
    options: list[dict[str, Any]] = [
        {"pretrained": True},
        {"weights": "IMAGENET1K_V1"},
        {"weights": str(WEIGHTS)},
    ]
    for each in options:
        model = archspec.create_model(SPEC[0], variant=SPEC[2], **each)
        assert torch.equal(model.eval()(images), expected)
    spec = archspec.load(SPEC[0], variant=SPEC[2])
    model = archspec.compile(spec, weights="DEFAULT")
    assert torch.equal(model.eval()(images), expected)
    assert caplog.text == ""
    model = archspec.create_model(
        SPEC[0], variant=SPEC[2], pretrained=True, input="1x100x100", classes=10
    )
    gray = images[:, :1]
    torch.testing.assert_close(
        model.features(gray),
        squeezenet.features(gray.expand(-1, 3, -1, -1)),
        rtol=1e-4,
        atol=1e-4,
    )
    assert model(gray).shape == (2, 10)
    assert "new head `classifier.1`: 2; summed over its channels" in caplog.text
    with pytest.raises(ValueError, match="give one of them"):
        archspec.create_model(spec, pretrained=True, weights="DEFAULT")
    with pytest.raises(TypeError, match="already"):
        archspec.create_model(spec, classes=10)


def test_a_head_of_several_layers(cache, tmp_path):
    theirs = torchvision.models.resnet18()
    put(cache, ResNet18_Weights.IMAGENET1K_V1, theirs.state_dict())
    text = RESNET.read_text().replace("resnet18_torchvision", "resnet18")
    head = "fc: linear(64) | relu | linear(32) | relu | linear(10)"
    path = tmp_path / "resnet18.yaml"
    path.write_text(text.replace("fc: linear(1000)", head))
    spec = archspec.load(path)
    model = archspec.compile(spec)
    report = load_weights(model, spec, Path("DEFAULT"), adapt=True)
    assert report.summary == (
        "loaded 120 of 126 tensors from `ResNet18_Weights.IMAGENET1K_V1`; "
        "new head `fc.0`, `fc.2` and `fc.4`: 6; replaced `fc`: 2"
    )
    model.fc, theirs.fc = nn.Identity(), nn.Identity()
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(model.eval()(images), theirs.eval()(images))


def test_another_network_of_the_same_name_is_told_from_torchvisions(cache):
    put(
        cache,
        ResNet18_Weights.IMAGENET1K_V1,
        torchvision.models.resnet18().state_dict(),
    )
    with pytest.raises(TrainingError) as caught:
        archspec.create_model("resnet18", pretrained=True)
    first = str(caught.value).splitlines()[0]
    assert first == (
        "`ResNet18_Weights.IMAGENET1K_V1` does not match `resnet18`: its network is "
        "the spec `torchvision/resnet18`, with its own input and params; "
        "`archspec diff resnet18 torchvision/resnet18` shows how they differ"
    )


def test_the_file_of_densenet_has_earlier_names(cache):
    """As torchvision itself reads it."""
    ours = torchvision.models.densenet121().state_dict()
    weights = get_model_weights("densenet121").DEFAULT
    earlier = {}
    for name, weight in ours.items():
        old = re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", name)
        earlier[old] = weight
    assert earlier.keys() != ours.keys()
    put(cache, weights, earlier)
    found = read_published(weights)
    assert found.keys() == ours.keys()
    assert all(torch.equal(found[name], ours[name]) for name in ours)


def test_features_without_a_classifier_begin_with_a_new_head(cache, tmp_path):
    text = """\
params: {classes: 5}
net:
  - features: conv(4, k=3) | relu
  - global_avgpool | flatten
  - classifier: linear(7) | relu | linear(classes)"""
    path = spec_named("vgg16", tmp_path, text)
    state = archspec.compile(path).state_dict()
    for name, weight in state.items():
        if name.startswith("classifier"):
            weight.fill_(torch.nan)  # as torchvision's file has it
    weights = get_model_weights("vgg16")["IMAGENET1K_FEATURES"]
    put(cache, weights, state)
    model = archspec.create_model(path, weights=weights.name)
    for name, weight in model.state_dict().items():
        assert not weight.isnan().any()
        assert torch.equal(weight, state[name]) == name.startswith("features")


SEGMENTATION = {  # and what its weights are called
    "lraspp_mobilenet_v3_large": "LRASPP_MobileNet_V3_Large_Weights",
    "fcn_resnet50": "FCN_ResNet50_Weights",
    "deeplabv3_resnet50": "DeepLabV3_ResNet50_Weights",
}


@pytest.mark.parametrize(
    "name",
    [name if "lraspp" in name else pytest.param(name, marks=pytest.mark.zoo)
     for name in SEGMENTATION],
)  # fmt: skip
def test_the_weights_of_segmentation(name, cache, command):
    torch.manual_seed(1)
    heads = {} if "lraspp" in name else {"aux_loss": True}  # as the file has it
    theirs = get_model(name, weights=None, weights_backbone=None, **heads).eval()
    (weights,) = get_model_weights(name)
    assert str(weights) == f"{SEGMENTATION[name]}.COCO_WITH_VOC_LABELS_V1"
    put(cache, weights, theirs.state_dict())
    images = torch.randn(1, 3, 75, 50)
    with torch.no_grad():
        expected = theirs(images)["out"]
        for chosen in ({"pretrained": True}, {"weights": "COCO_WITH_VOC_LABELS_V1"}):
            model = archspec.create_model(f"segmentation/{name}", **chosen).eval()
            assert torch.equal(model(images), expected)
        model = archspec.create_model(
            f"segmentation/{name}", pretrained=True, classes=5
        )
        assert model.eval()(images).shape == (1, 5, 75, 50)
        kept = (n for n in model.state_dict() if n.startswith("backbone"))
        assert all(
            torch.equal(model.state_dict()[n], theirs.state_dict()[n]) for n in kept
        )
    arguments = (f"segmentation/{name}", "--pretrained")
    code, _, err = command("compile", *arguments, "-o", "a.safetensors")
    count = len(theirs.state_dict())
    assert (code, err) == (0, f"loaded {count} of {count} tensors from `{weights}`\n")
    code, out, err = command("predict", *arguments, "a.png")
    assert (code, out) == (2, "")
    assert "has no image classes to predict" in err


# --- images --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(97, 61), (500, 333), (256, 256), (300, 1000)])
@pytest.mark.parametrize(
    ("network", "name"),
    [
        ("resnet50", "IMAGENET1K_V1"),
        ("vit_b_16", "IMAGENET1K_SWAG_E2E_V1"),  # bicubic
        ("vgg16", "IMAGENET1K_V1"),
        ("inception_v3", "DEFAULT"),
    ],
)
def test_images_are_prepared_as_torchvision_does(network, name, size, tmp_path):
    weights = get_model_weights(network)[name]
    transforms = weights.transforms()
    crop = transforms.crop_size[0]
    spec = SimpleNamespace(input_shape=(3, crop, crop))
    preparation = preparation_of(weights, spec)  # type: ignore[arg-type]
    path = tmp_path / "image.png"
    write_image(path, size)
    pixels = read_image(path, (3, crop, crop), None, preparation)
    normalize = InputNormalization(statistics_of(weights, 3))
    with Image.open(path) as image:
        expected = transforms(image)
    torch.testing.assert_close(normalize(pixels[None])[0], expected)


def test_predictions_are_those_of_torchvision(squeezenet, command):
    write_image(Path("cat.png"), (300, 200))
    code, out, err = command(
        "predict", *SPEC, "--pretrained", "cat.png", "--top", 5, "--format", "json"
    )
    assert (code, err) == (0, "")
    with Image.open("cat.png") as image, torch.no_grad():
        chances = squeezenet(WEIGHTS.transforms()(image)[None])[0].softmax(0)
    expected = chances.topk(5)
    ((found,),) = [json.loads(out)]
    names = [WEIGHTS.meta["categories"][label] for label in expected.indices.tolist()]
    assert [each["class"] for each in found["classes"]] == names
    assert [each["probability"] for each in found["classes"]] == pytest.approx(
        expected.values.tolist(), rel=1e-4
    )


@pytest.mark.usefixtures("squeezenet")
def test_gray_and_other_inputs_predict_too(command):
    write_image(Path("cat.png"))
    for options in (("--input", "1x224x224"), ("--input", "3x64x96")):
        code, out, _ = command("predict", *SPEC, "--pretrained", "cat.png", *options)
        assert code == 0
        assert out.startswith("cat.png  ")


@pytest.mark.usefixtures("squeezenet")
def test_a_new_head_predicts_nothing(command):
    write_image(Path("cat.png"))
    code, out, err = command(
        "predict", *SPEC, "--pretrained", "cat.png", "--set", "classes=10"
    )
    assert (code, out) == (1, "")
    assert err.startswith(
        "error: the head of `squeezenet1_1` is new, so that its predictions"
    )


@pytest.mark.parametrize(
    ("network", "name"),
    [("vgg16", "IMAGENET1K_FEATURES"), ("fcn_resnet50", "COCO_WITH_VOC_LABELS_V1")],
)
def test_weights_without_image_classes_predict_nothing(
    network, name, tmp_path, command
):
    path = spec_named(network, tmp_path)
    code, _, err = command("predict", path, "--weights", name, "cat.png")
    assert code == 2
    assert f"_Weights.{name}` has no image classes to predict" in err


def write_classes(root: Path, *names: str) -> None:
    for number, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for image in range(2):
            write_image(root / name / f"{image}.png", seed=10 * number + image)


def test_the_accuracy_on_a_folder(squeezenet, command):
    names = ("tench", "zebra", "Persian cat")
    write_classes(Path("pets/val"), *names)
    arguments = ("--pretrained", "--data", "folder", "--data-root", "pets")
    code, out, err = command("evaluate", *SPEC, *arguments, "--format", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    labels = {each["name"]: n for n, each in enumerate(found["classes"])}
    assert tuple(labels) != names
    expected = np.zeros((1000, 1000), int)
    for name in names:
        for path in Path("pets/val", name).iterdir():
            with Image.open(path) as image, torch.no_grad():
                logits = squeezenet(WEIGHTS.transforms()(image)[None])
            expected[WEIGHTS.meta["categories"].index(name), logits.argmax()] += 1
    assert np.array_equal(found["confusion"], expected)
    assert (found["part"], found["images"]) == ("validation", 6)
    code, out, _ = command("evaluate", *SPEC, *arguments)
    assert code == 0
    rows = [line for line in out.splitlines() if line.startswith(names)]
    assert len(rows) >= len(names)
    assert "chosen the best epoch" not in out


@pytest.mark.usefixtures("squeezenet")
def test_folders_of_other_classes_are_named(command):
    write_classes(Path("pets/test"), "tench", "zebraa")
    arguments = ("--pretrained", "--data", "folder", "--data-root", "pets")
    code, _, err = command("evaluate", *SPEC, *arguments)
    assert code == 1
    assert err.startswith(
        "error: `zebraa` in `pets` is not one of the 1,000 classes of the weights: did "
        "you mean `zebra`?\n"
    )
    code, _, err = command("evaluate", *SPEC, *arguments[:-1], "nowhere")
    assert code == 2
    assert err.startswith("error: the folder `nowhere` does not exist: ")
    Path("empty").mkdir()
    code, _, err = command("evaluate", *SPEC, *arguments[:-1], "empty")
    assert code == 1
    assert err.startswith("error: `empty` has no folder `test` or `val`: ")


def test_as_many_folders_as_classes_stand_for_them_in_order(tmp_path):
    from archspec.training.data.class_folders import relabel
    from archspec.training.data.image_folder import ImagePaths

    samples = [("a/1.png", 0), ("b/1.png", 1)]
    found = ImagePaths(samples, ("n01440764", "n01443537"))
    assert relabel(found, ("tench", "goldfish"), tmp_path) == ImagePaths(
        samples, ("tench", "goldfish")
    )
    named = ImagePaths(samples, ("goldfish", "tench"))
    assert relabel(named, ("tench", "goldfish"), tmp_path).samples == [
        ("b/1.png", 0),
        ("a/1.png", 1),
    ]


# --- runs ----------------------------------------------------------------------------


@pytest.mark.slow
def test_fine_tuning_needs_the_weights_once(squeezenet, cache, command):
    write_classes(Path("pets/train"), "cat", "dog")
    write_classes(Path("pets/val"), "cat", "dog")
    flags = ("--data", "folder", "--data-root", "pets", "--set", "classes=2")
    some = ("--batch-size", 2, "--lr", 0.001, "--input", "3x64x64", "--epochs", 1)
    code, out, err = command(
        "train", *SPEC, "--pretrained", *flags, *some, "--freeze", "features"
    )
    assert code == 0, err
    assert "new head `classifier.1`: 2" in " ".join((out + err).split())
    run = Path("runs/squeezenet1_1-1")
    config = json.loads((run / "config.json").read_text())
    assert config["weights"] == str(WEIGHTS)
    best = torch.load(run / "best.pt", weights_only=True)
    transforms = WEIGHTS.transforms()
    assert best["statistics"] == (transforms.mean, transforms.std)
    theirs = squeezenet.features.state_dict()
    assert all(torch.equal(best["model"][f"features.{n}"], theirs[n]) for n in theirs)
    shutil.rmtree(cache)
    code, _, err = command("train", "--resume", run, "--epochs", 2)
    assert code == 0, err
    assert command("evaluate", run).code == 0
    assert command("predict", run, "pets/val/cat/0.png").code == 0
    code, _, err = command("train", "--resume", run, "--pretrained")
    assert code == 2
    assert f"began with `--weights {WEIGHTS}` and cannot continue" in err


def test_an_export_has_the_weights(squeezenet, command):
    path = Path("squeezenet.yaml")
    path.write_text(path.read_text().replace("3x224x224", "3x100x100"))
    code, _, err = command("compile", *SPEC, "--pretrained", "-o", "a.safetensors")
    assert code == 0
    assert err == (
        f"note: input changed from 3x100x100 to 3x224x224 for `{WEIGHTS}`\n"
        f"loaded 52 of 52 tensors from `{WEIGHTS}`\n"
    )
    found, expected = load_file("a.safetensors"), squeezenet.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)
    code, _, err = command(
        "compile", *SPEC, "--pretrained", "--set", "classes=3", "-o", "a.safetensors"
    )
    assert code == 0
    assert "new head `classifier.1`: 2" in err


@pytest.mark.usefixtures("squeezenet")
def test_a_damaged_file_in_the_cache_is_named(cache, command):
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for data in (whole[: len(whole) // 2], bytes(flipped), b"<html>", b""):
        path.write_bytes(data)
        code, out, err = command("predict", *SPEC, "--pretrained", "a.png")
        assert (code, out) == (1, "")
        assert err.startswith(f"error: `{path}` ")
        assert err.endswith(": remove it, so that it is downloaded again\n")
        assert err.count("\n") == 1
