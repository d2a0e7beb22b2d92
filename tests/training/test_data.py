"""Data sets: found or missed with a sentence, and the same in every run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision.datasets import FashionMNIST

import archspec
from archspec import Spec, load
from archspec.runs.errors import TrainingError
from archspec.settings.settings import Settings
from archspec.signatures.recipes import NUM_CLASSES
from archspec.training.data.batch_protocol import BatchLoader
from archspec.training.data.build_loaders import (
    build_test_loader,
    build_training_loaders,
    check_ports,
)
from archspec.training.data.datasets import load_digits
from archspec.training.distributed.world import World
from harness import CASES

from .files import write_folder, write_idx

ALONE = World()
DIGITS = tuple("0123456789")
Command = Callable[..., tuple[int, str, str]]


def open_train(settings: Settings, spec: Spec) -> BatchLoader:
    """The training images alone."""
    return build_training_loaders(settings, spec, ALONE)[0]


def test_digits_are_split_the_same_way_each_time_with_each_class_in_both() -> None:
    train, test = load_digits(train=True), load_digits(train=False)
    assert (len(train.labels), len(test.labels)) == (1433, 364)
    assert torch.equal(load_digits(train=False).images, test.images)
    shares = test.labels.bincount() / train.labels.bincount()
    assert shares.min() > 0.24
    assert shares.max() < 0.27
    assert (train.images.dtype, train.images.max().item()) == (torch.uint8, 255)


def test_no_digit_is_in_two_of_training_validation_and_test(tiny: Path) -> None:
    spec, settings = load(tiny), Settings()
    parts = [
        *build_training_loaders(settings, spec, ALONE),
        build_test_loader(settings, spec, ALONE, DIGITS),
    ]
    assert [part.num_images for part in parts if part] == [1284, 149, 364]
    images = [batch.images for part in parts if part for batch in part.batches()]
    assert len(torch.cat(images).flatten(1).unique(dim=0)) == 1797


def test_every_class_has_a_tenth_of_its_images_for_validation(tiny: Path) -> None:
    train, val = build_training_loaders(Settings(), load(tiny), ALONE)
    counts = [
        torch.cat([batch.labels for batch in part.batches()]).bincount()
        for part in (train, val)
    ]
    shares = counts[1] / (counts[0] + counts[1])
    assert shares.min() >= 0.1
    assert shares.max() < 0.11


def test_batches_are_bytes_in_the_channels_that_the_spec_reads(tiny: Path) -> None:
    spec = load(tiny, input="3x20x16")
    batches = build_test_loader(Settings(batch_size=100), spec, ALONE, DIGITS)
    assert batches
    shapes = [tuple(batch.images.shape) for batch in batches.batches()]
    assert shapes == [(91, 3, 8, 8)] * 4
    assert len(batches) == 4


def test_evaluation_takes_no_more_images_at_once_than_training(tiny: Path) -> None:
    settings = Settings(batch_size=100, accumulate=3)
    _, val = build_training_loaders(settings, load(tiny), ALONE)
    assert [batch.size for batch in val.batches()] == [29, 30, 30, 30, 30]


def test_an_epoch_has_each_training_image_once_in_an_order_of_its_own(
    tiny: Path,
) -> None:
    batches = open_train(Settings(), load(tiny))
    epochs = [
        torch.cat([batch.images for batch in batches.batches(epoch)])
        for epoch in (1, 2, 1)
    ]
    assert not torch.equal(epochs[0], epochs[1])
    assert torch.equal(epochs[0], epochs[2])
    first, second = (images.flatten(1).unique(dim=0) for images in epochs[:2])
    assert torch.equal(first, second)
    assert len(first) == 1284


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist", "cifar10"])
def test_a_missing_data_set_is_one_sentence_with_the_ways_out(
    name: str, tiny: Path, tmp_path: Path, command: Command
) -> None:
    code, out, err = command("train", tiny, "--data", name, "--data-root", tmp_path)
    assert (code, out) == (1, "")
    assert err == (
        f"error: `{name}` is not in `{tmp_path}`: use `--download`, or `--data-root DIR` "
        "for another folder; `--data digits` needs no files\n"
    )
    assert not (tmp_path / "runs").exists()


def test_a_download_that_fails_is_one_sentence(
    tiny: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where nobody answers. A proxy would be that of the downloads of other tests, too.
    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    code, _, err = command(
        "train", tiny, "--data=fashion_mnist", f"--data-root={tmp_path}", "--download"
    )
    assert code == 1
    assert err.count("\n") == 1
    assert "cannot download `fashion_mnist`" in err
    assert "`--data digits` needs no files" in err


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (torch.zeros(9, 28, 28), torch.zeros(8), "has 9 images and 8 labels"),
        (torch.zeros(9, 28, 28), torch.full((9,), 10), "the label 10, and 10 classes"),
        (torch.zeros(0, 28, 28), torch.zeros(0), "cannot read `mnist` under"),
    ],
)
def test_files_that_do_not_fit_together_are_named(
    images: torch.Tensor, labels: torch.Tensor, message: str, tiny: Path, tmp_path: Path
) -> None:
    write_idx(tmp_path, images.byte(), labels.byte())
    settings = Settings(data="mnist", data_root=tmp_path)
    with pytest.raises(TrainingError, match=message):
        build_training_loaders(settings, load(tiny), ALONE)


def test_a_truncated_file_is_named(tiny: Path, tmp_path: Path) -> None:
    write_idx(tmp_path, torch.zeros(9, 28, 28).byte(), torch.zeros(9).byte())
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-100])
    settings = Settings(data="mnist", data_root=tmp_path)
    with pytest.raises(TrainingError, match="cannot read `mnist` under") as raised:
        build_training_loaders(settings, load(tiny), ALONE)
    assert "\n" not in str(raised.value)


def test_the_wrong_number_of_classes_names_both_and_the_flag(
    tiny: Path, command: Command
) -> None:
    code, _, err = command("train", tiny, "--set", "classes=7")
    assert code == 1
    assert err == (
        "error: `digits` has 10 classes, and `tiny` has 7 outputs: "
        "use `--set classes=10`\n"
    )


def test_without_a_param_for_the_classes_the_last_layer_is_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "fixed.yaml"
    path.write_text("archspec: 1\ninput: 1x8x8\nnet: [flatten | linear(12)]\n")
    with pytest.raises(TrainingError, match="give its last layer 10 outputs"):
        build_training_loaders(Settings(), load(path), ALONE)


def test_a_network_that_makes_images_cannot_be_trained(tmp_path: Path) -> None:
    path = tmp_path / "images.yaml"
    path.write_text("archspec: 1\ninput: 1x8x8\nnet: ['conv(10, k=3)']\n")
    with pytest.raises(TrainingError, match=r"makes 10 x 6 x 6 numbers for an image"):
        check_ports(load(path))


REFUSED = ("untrainable-shape", "class-count", "batch-of-one")


@pytest.mark.parametrize(
    "path", [p for code in REFUSED for p in (CASES / "invalid" / code).glob("*.yaml")]
)
def test_training_refuses_what_check_warns_of(path: Path, command: Command) -> None:
    (found,) = archspec.check(path).diagnostics
    code, _, err = command("train", path)
    assert code == 1
    assert err.startswith(f"error: {found.message}: ")


def test_digits_have_as_many_classes_as_check_takes_them_to_have() -> None:
    assert len(load_digits(train=False).classes) == NUM_CLASSES["digits"]


@pytest.mark.skipif(
    not os.environ.get("ARCHSPEC_DATA"), reason="ARCHSPEC_DATA names no folder of data"
)
def test_fashion_mnist_is_read_from_files_that_torchvision_has_unpacked(
    tiny: Path,
) -> None:
    spec = load(tiny, input="1x28x28")
    settings = Settings(data="fashion_mnist", batch_size=64)
    train, val = build_training_loaders(settings, spec, ALONE)
    test = build_test_loader(settings, spec, ALONE, train.classes)
    assert test
    for batches in (train, val, test):
        batch = next(batches.batches())
        assert batches.num_images > 300
        assert batch.images.shape == (batch.size, 1, 28, 28)
        assert 60 < batch.size <= 64
        assert 0 <= batch.labels.min() <= batch.labels.max() < 10
        assert batches.classes[9] == "Ankle boot"
        assert len(batches.classes) == NUM_CLASSES["fashion_mnist"]
    mean, std = train.statistics()
    assert mean == pytest.approx([0.286], abs=0.01)  # the published figures
    assert std == pytest.approx([0.353], abs=0.01)


def test_folders_are_read_at_the_size_and_channels_of_the_spec(
    tiny: Path, tmp_path: Path
) -> None:
    for split in ("train", "val", "test"):
        write_folder(tmp_path, split, ("dark", "light"), 5)
    settings = Settings(data="folder", data_root=tmp_path, batch_size=4)
    for channels in (1, 3):
        spec = load(tiny, input=f"{channels}x8x6", classes=2)
        train, val = build_training_loaders(settings, spec, ALONE)
        test = build_test_loader(settings, spec, ALONE, train.classes)
        assert test
        for batches in (train, val, test):
            steps = [*batches.batches()]
            images = torch.cat([batch.images for batch in steps])
            labels = torch.cat([batch.labels for batch in steps])
            assert images.shape == (10, channels, 8, 6)
            is_light = images.double().mean((1, 2, 3)) > 90
            assert torch.equal(is_light.long(), labels)
    assert len(train.statistics().mean) == 3


def test_without_a_folder_for_it_validation_takes_training_images(
    tiny: Path, tmp_path: Path
) -> None:
    write_folder(tmp_path, "train", ("dark", "light"), 11)
    spec = load(tiny, input="1x8x8", classes=2)
    settings = Settings(data="folder", data_root=tmp_path, batch_size=4)
    train, val = build_training_loaders(settings, spec, ALONE)
    assert (train.num_images, val.num_images) == (18, 4)
    assert build_test_loader(settings, spec, ALONE, train.classes) is None


def test_an_epoch_from_folders_begins_behind_the_steps_that_are_done(
    tiny: Path, tmp_path: Path
) -> None:
    write_folder(tmp_path, "train", ("dark", "light"), 11)
    spec = load(tiny, input="1x8x8", classes=2)
    settings = Settings(data="folder", data_root=tmp_path, batch_size=4)
    train = open_train(settings, spec)
    whole, rest = [*train.batches(3)], [*train.batches(3, first_step=2)]
    assert len(rest) == len(whole) - 2
    for one, other in zip(whole[2:], rest, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)


def test_the_test_images_need_the_classes_of_training(
    tiny: Path, tmp_path: Path
) -> None:
    write_folder(tmp_path, "train", ("dark", "light"), 11)
    write_folder(tmp_path, "test", ("dark", "bright"), 3)
    spec = load(tiny, input="1x8x8", classes=2)
    settings = Settings(data="folder", data_root=tmp_path)
    with pytest.raises(TrainingError, match="the class `bright` is only in one of"):
        build_test_loader(settings, spec, ALONE, ("dark", "light"))


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ({}, "images` does not exist: name the folder"),
        ({"train": ("a", "b"), "val": ("a",)}, "the class `b` is only in one of"),
        ({"train": ("a", "b"), "val": ()}, "has no images"),
        ({"train": ("a", "b", "c"), "val": ("a", "b", "c")}, "`--set classes=3`"),
    ],
)
def test_folders_that_cannot_be_used_are_named(
    folders: dict[str, tuple[str, ...]], message: str, tiny: Path, tmp_path: Path
) -> None:
    root = tmp_path / "images"
    for split, classes in folders.items():
        (root / split).mkdir(parents=True)
        write_folder(root, split, classes, 2)
    settings = Settings(data="folder", data_root=root)
    with pytest.raises(TrainingError, match=message):
        build_training_loaders(settings, load(tiny, classes=2), ALONE)


def test_what_is_hidden_is_no_class_and_no_image(tiny: Path, tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_folder(tmp_path, split, ("a", "b"), 3)
        (tmp_path / split / ".ipynb_checkpoints").mkdir()
    hidden = tmp_path / "train" / "a" / ".ipynb_checkpoints"
    hidden.mkdir()
    (hidden / "0-checkpoint.png").write_bytes(b"no image")
    (tmp_path / "train" / "b" / "._0.png").write_bytes(b"no image")
    settings = Settings(data="folder", data_root=tmp_path)
    train, val = build_training_loaders(settings, load(tiny, classes=2), ALONE)
    assert train.classes == val.classes == ("a", "b")
    assert (train.num_images, val.num_images) == (6, 6)
    assert sum(batch.size for batch in train.batches()) == 6


def test_a_link_back_up_is_named(tiny: Path, tmp_path: Path) -> None:
    write_folder(tmp_path, "train", ("a", "b"), 3)
    write_folder(tmp_path, "elsewhere", ("more",), 3)
    (tmp_path / "train/a/more").symlink_to(tmp_path / "elsewhere/more")
    settings = Settings(data="folder", data_root=tmp_path)
    train, val = build_training_loaders(settings, load(tiny, classes=2), ALONE)
    assert train.num_images + val.num_images == 9
    link = tmp_path / "train/b/loop"
    link.symlink_to("../../train")
    with pytest.raises(TrainingError) as raised:
        build_training_loaders(settings, load(tiny, classes=2), ALONE)
    assert (
        str(raised.value) == f"the link `{link}` leads to a folder above it: remove it"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_odd_names_of_classes_are_shown_as_a_terminal_can(
    tiny: Path, tmp_path: Path
) -> None:
    for number, name in enumerate((b"\xff\xfe", b"c\x1b[31mred", "döner 猫".encode())):
        folder = tmp_path / "train" / os.fsdecode(name)
        folder.mkdir(parents=True)
        for image in range(2):
            Image.new("L", (8, 8), 50 * number).save(folder / f"{image}.png")
    settings = Settings(data="folder", data_root=tmp_path)
    train, _ = build_training_loaders(settings, load(tiny, classes=3), ALONE)
    odd = "\N{REPLACEMENT CHARACTER}"
    assert train.classes == (f"c{odd}[31mred", "döner 猫", odd * 2)


def test_images_in_folders_below_that_of_their_class_are_found(
    tiny: Path, tmp_path: Path
) -> None:
    write_folder(tmp_path, "val", ("dark", "light"), 2)
    write_folder(tmp_path / "train" / "dark", "below", ("dark",), 3)
    write_folder(tmp_path, "train", ("light",), 3)
    settings = Settings(data="folder", data_root=tmp_path)
    train, _ = build_training_loaders(settings, load(tiny, classes=2), ALONE)
    assert train.num_images == 6


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_class_without_images_is_named(
    split: str, tiny: Path, tmp_path: Path
) -> None:
    for each in ("train", "val"):
        write_folder(tmp_path, each, ("a", "b"), 3)
    for path in (tmp_path / split / "b").iterdir():
        path.rename(path.with_suffix(".txt"))
    settings = Settings(data="folder", data_root=tmp_path)
    with pytest.raises(TrainingError) as raised:
        build_training_loaders(settings, load(tiny, classes=2), ALONE)
    assert f"`{tmp_path / split / 'b'}`, the folder of a class, has no images" in str(
        raised.value
    )


def test_a_class_of_one_image_leaves_none_to_train_with(
    tiny: Path, tmp_path: Path
) -> None:
    write_folder(tmp_path, "train", ("a",), 2)
    write_folder(tmp_path, "train", ("b",), 1)
    settings = Settings(data="folder", data_root=tmp_path)
    spec = load(tiny, classes=2)
    with pytest.raises(TrainingError, match="the class `b` has a single training"):
        build_training_loaders(settings, spec, ALONE)
    write_folder(tmp_path, "val", ("a", "b"), 1)
    assert open_train(settings, spec).num_images == 3


def test_a_subset_of_mnist_with_one_image_of_a_class_is_one_sentence(
    tiny: Path, tmp_path: Path
) -> None:
    images = torch.zeros(10, 28, 28, dtype=torch.uint8)
    write_idx(tmp_path, images, torch.arange(10, dtype=torch.uint8))
    settings = Settings(data="mnist", data_root=tmp_path)
    with pytest.raises(TrainingError, match="the class `0 - zero` has a single"):
        build_training_loaders(settings, load(tiny, input="1x28x28"), ALONE)


def test_a_broken_image_is_named(tiny: Path, tmp_path: Path) -> None:
    write_folder(tmp_path, "train", ("a", "b"), 2)
    write_folder(tmp_path, "val", ("a", "b"), 2)
    broken = tmp_path / "train" / "b" / "0.png"
    broken.write_bytes(b"no image")
    settings = Settings(data="folder", data_root=tmp_path)
    batches = open_train(settings, load(tiny, classes=2))
    with pytest.raises(TrainingError) as raised:
        list(batches.batches())
    assert str(raised.value).startswith(f"cannot read the image `{broken}`")
    assert "Traceback" not in str(raised.value)
