"""The training loop that our trainer is compared with: a textbook's, taken as it is.

It is the loop of Dive into Deep Learning, written anew: each image is decoded, resized by
Pillow and made a tensor each time that it is read, in worker processes; everything is in
32 bits and contiguous, by torch's own number of threads; plain SGD; and loss and hits
are added up on the host, which waits for each step. The network is the one that archspec
compiles from a spec.

The course reads in 4 processes; here they are no more than the cores, since more of them
only cost time. As in our trainer, some training images are held out, and measured after
each epoch. `--test` measures the test images, too; `--normalize` normalises images, as
our trainer does and the course does not.

As a program it trains once and prints the epochs as JSON. Their seconds include the
evaluation.
"""

import argparse
import json
import os
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

import archspec

HELD_OUT = 10  # of each class, every tenth training image
LOADERS = min(4, os.cpu_count() or 1)
STATISTICS = 0.286, 0.353  # mean and deviation of Fashion-MNIST
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def training_indices(labels):
    """Which training images are trained with, and which are held out."""
    is_held_out = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        is_held_out[(labels == label).nonzero()[::HELD_OUT]] = True
    return (~is_held_out).nonzero().flatten(), is_held_out.nonzero().flatten()


def open_images(root, size, *, train, normalize=False):
    """Fashion-MNIST, each image resized when it is read; by default `$ARCHSPEC_DATA`'s."""
    root = root or os.environ["ARCHSPEC_DATA"]
    steps = [transforms.ToTensor()]
    if normalize:
        steps.append(transforms.Normalize(*STATISTICS))
    if size != (28, 28):
        steps.insert(0, transforms.Resize(size))
    return datasets.FashionMNIST(root, train=train, transform=transforms.Compose(steps))


def initialize(module):
    """Glorot's weights; biases stay as torch draws them."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)


def hits(logits, labels):
    """How many images have their highest logit at their class."""
    return float((logits.argmax(1) == labels).sum())


def evaluate(model, batches):
    """The accuracy of a network on all batches."""
    model.eval()
    correct = count = 0
    with torch.no_grad():
        for batch in batches:
            images, labels = (each.to(DEVICE) for each in batch)
            correct += hits(model(images), labels)
            count += len(labels)
    return correct / count


def train_epoch(model, batches, loss, optimizer):
    """One pass of training: its mean loss and accuracy."""
    model.train()
    total = correct = count = 0
    for batch in batches:
        images, labels = (each.to(DEVICE) for each in batch)
        optimizer.zero_grad()
        logits = model(images)
        value = loss(logits, labels)
        value.backward()
        optimizer.step()
        with torch.no_grad():
            total += float(value) * len(labels)
            correct += hits(logits, labels)
            count += len(labels)
    return total / count, correct / count


def train(model, size, root, *, batch_size, lr, epochs, test, normalize):
    """Train any network, and return what was measured."""

    def batches(images, *, shuffle=False):
        return DataLoader(images, batch_size, shuffle=shuffle, num_workers=LOADERS)

    images = open_images(root, size, train=True, normalize=normalize)
    ours, held_out = training_indices(images.targets)
    training = batches(Subset(images, ours), shuffle=True)
    measured = {"val_accuracy": batches(Subset(images, held_out))}
    if test:
        measured["test_accuracy"] = batches(
            open_images(root, size, train=False, normalize=normalize)
        )
    model.apply(initialize).to(DEVICE)
    loss, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr)

    rows = []
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        train_loss, train_accuracy = train_epoch(model, training, loss, optimizer)
        found = {name: evaluate(model, them) for name, them in measured.items()}
        row = {"epoch": epoch, "seconds": time.perf_counter() - started}
        row |= {"train_loss": train_loss, "train_accuracy": train_accuracy}
        rows.append(row | found)
    return rows


def main():
    """Train once, and print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("spec", nargs="?", default="lenet")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--data-root")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--normalize", action="store_true")
    given = parser.parse_args()
    spec = archspec.check(given.spec, overrides=given.set).require()
    torch.manual_seed(given.seed)
    measured = train(
        archspec.compile(spec),
        spec.input_shape[1:],
        given.data_root,
        batch_size=given.batch_size,
        lr=given.lr,
        epochs=given.epochs,
        test=given.test,
        normalize=given.normalize,
    )
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
