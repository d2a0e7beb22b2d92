"""`python -m archspec.cli`: the same program."""

from .main import main

main()
