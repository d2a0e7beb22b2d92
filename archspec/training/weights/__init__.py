"""Load weights from files into a network, and freeze them."""
