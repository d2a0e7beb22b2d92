"""`python -m archspec`: the command line."""

from archspec.cli.main import main  # type: ignore[import-not-found]  # is in `cli/`

if __name__ == "__main__":
    main()
