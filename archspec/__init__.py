"""archspec: a declarative language for neural-network architectures, and its compiler."""
from archspec.compiler import check, load
