"""`libguard`: the guard from a terminal. `main` is the entry of the console script."""

from __future__ import annotations

import contextlib
import os
import sys

from libguard.cli.errors import EXIT_BROKEN, EXIT_INTERRUPTED, EXIT_REFUSED, CliError, with_excerpt

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 the guard said no, 2 it could not be carried out.

    Whatever goes wrong is one sentence on stderr. A traceback would show values and teach nobody.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(given)
    except KeyboardInterrupt:
        return _say("interrupted; actions that were under way are in the record", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away. Python would say so again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED
    except CliError as error:
        return _say(str(error), EXIT_BROKEN)
    except OSError as error:
        return _say(f"the system says: {error.strerror or 'input or output failed'}", EXIT_BROKEN)
    except Exception as error:
        return _say(_sentence_of(error), EXIT_BROKEN)


def _run(arguments: list[str]) -> int:
    for argument in arguments:
        if any("\ud800" <= character <= "\udfff" for character in argument):
            raise CliError("an argument is not UTF-8 text; put such bytes into a batch file")
    from libguard.cli.app import run

    return run(arguments)


def _sentence_of(error: Exception) -> str:
    from libguard import _native

    if isinstance(error, _native.Error):
        return f"{error} [{error.code}]"
    # Its text is not shown: it could hold a value.
    return f"something broke inside libguard ({type(error).__name__}); nothing more is known here"


def _say(sentence: str, code: int) -> int:
    # When nobody is listening, the exit code still says it.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"libguard: {with_excerpt(sentence)}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
