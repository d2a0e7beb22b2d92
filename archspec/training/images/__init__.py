"""The images that a run reads: data sets, folders, their order and augmentation."""
