"""The images of a run: data sets, decoding, sampling, loaders, augmentation."""
