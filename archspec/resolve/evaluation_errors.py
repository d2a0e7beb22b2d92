"""Why an expression has no value."""

from archspec.diagnostics.source import Span


class UnknownValue(Exception):  # noqa: N818  # an earlier finding explains it
    """A value that depends on an unknown one."""


class EvaluationError(Exception):
    """An expression without a value: the parts of a finding, which the caller records."""

    def __init__(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Keep the parts of a finding."""
        super().__init__(message)
        self.code, self.message, self.span, self.help = code, message, span, help
