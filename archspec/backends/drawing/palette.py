"""The colours of a drawing, by kind of op."""

# Each kind has its own lightness, from linear (darkest) to normalization, so that they
# can be told apart in grey, and black text can be read on all of them.
COLORS = {
    "convolution": "#8db8de",
    "linear": "#a58fd1",
    "pooling": "#f2ae7e",
    "normalization": "#fff8c4",
    "activation": "#c5eab9",
    "regularization": "#f7e1ea",
    "shape": "#c9cfd3",
}
