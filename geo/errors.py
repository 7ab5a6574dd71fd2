"""Every exception that Yukimichi raises on purpose, with its HTTP status and its exit code.

A message names the thing (file, line, id, key) and the next step. Outcomes such as a break in a path or a
quarantined row are data and never raised.

    YukiError
    ├── ConfigError          config.yml or an environment variable cannot be used
    ├── InputError           a file or a request cannot be read as a whole
    │   ├── MissingInputError    it does not exist
    │   └── MappingError         a column or a mapping is missing
    ├── NotFoundError        an id that nothing carries
    ├── ConflictError        the state does not allow it (already running, already ended)
    ├── AccessError          the key does not reach that far
    │   └── NoKeyError           no key was sent, or one that is not known
    ├── TooLargeError        a request says more at once than is taken
    ├── TooFastError         a key sends more a second than it may
    ├── OverloadedError      the service takes no more at this moment
    ├── EnvironmentProblem   something on this machine is missing or in use
    └── DatabaseProblem      the database cannot be reached or refuses
"""

from __future__ import annotations


class YukiError(Exception):
    """Base of all deliberate errors.

    hint           the next step, in one sentence
    retry_after_s  after so many seconds the same may go well; None: it will not by waiting
    """

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(YukiError):
    """config.yml or an environment variable cannot be used."""


class InputError(YukiError):
    """A file or a request cannot be read as a whole."""


class MissingInputError(InputError):
    """A named file, folder or layer does not exist."""


class MappingError(InputError):
    """A required column is missing or a mapping names one that is not there."""


class NotFoundError(YukiError):
    """An id that nothing carries."""


class ConflictError(YukiError):
    """The present state does not allow what was asked."""


class AccessError(YukiError):
    """The key or role does not reach that far."""


class NoKeyError(AccessError):
    """No key was sent, or one that is not known."""


class TooLargeError(YukiError):
    """A request says more at once than is taken."""


class TooFastError(YukiError):
    """A key sends more a second than it may."""


class OverloadedError(YukiError):
    """The service takes no more at this moment."""


class EnvironmentProblem(YukiError):
    """Something on this machine is missing, or in use by another program."""


class DatabaseProblem(YukiError):
    """The database cannot be reached, or refuses what was asked."""


#: The one table from exception to HTTP status (RFC 9110) and to the exit code of the command line.
#: Exit codes follow sysexits.h, so that scripts can tell bad data from a missing program.
STATUS: dict[type[YukiError], tuple[int, int]] = {
    ConfigError: (500, 78),  # EX_CONFIG
    MissingInputError: (400, 66),  # EX_NOINPUT
    MappingError: (400, 65),  # EX_DATAERR
    InputError: (400, 65),  # EX_DATAERR
    NotFoundError: (404, 65),
    ConflictError: (409, 75),  # EX_TEMPFAIL
    NoKeyError: (401, 77),  # EX_NOPERM
    AccessError: (403, 77),  # EX_NOPERM
    TooLargeError: (413, 65),
    TooFastError: (429, 75),
    OverloadedError: (503, 75),
    EnvironmentProblem: (503, 69),  # EX_UNAVAILABLE
    DatabaseProblem: (503, 69),
    YukiError: (500, 70),  # EX_SOFTWARE
}


def _row(error: YukiError) -> tuple[int, int]:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def http_status(error: YukiError) -> int:
    """The HTTP status that answers this error."""
    return _row(error)[0]


def exit_code(error: YukiError) -> int:
    """The exit code with which the command line ends on this error."""
    return _row(error)[1]
