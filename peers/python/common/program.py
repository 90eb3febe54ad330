"""A program as a whole: what it prints, and how it says that it has failed."""

import os
import sys
from collections.abc import Callable

# What a terminal obeys: control characters, and what breaks lines or turns the direction of what
# follows.
_OBEYED = [
    *range(0x20),
    *range(0x7F, 0xA0),
    *(0x200E, 0x200F),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
]
_ESCAPES = {character: ascii(chr(character))[1:-1] for character in _OBEYED}


class FailureError(Exception):
    """Why a program ends without success: one line for people, an exit code for scripts."""

    def __init__(self, exit_code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def plain(text: str) -> str:
    """Give a text on one line, and without power over a terminal. It may come from anybody."""
    return text.translate(_ESCAPES)


def show(line: str) -> None:
    """Print a line, and see that it gets out: whoever reads it may act on it at once.

    This waits while nobody reads the output, and so does whoever calls it.
    """
    print(plain(line), flush=True)


def report(program: str, work: Callable[[], None]) -> int:
    """Do what a program is for. If it fails, say why; give its exit code."""
    # What cannot be printed as it is must not be the end of the program.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        work()
    except BrokenPipeError:
        # Whoever read the output has seen enough. What is left of it would fail once more when
        # Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except FailureError as failure:
        print(f"{program}: {plain(str(failure))}", file=sys.stderr)
        return failure.exit_code
    except OSError as error:
        print(f"{program}: {plain(str(error))}", file=sys.stderr)
        return 1
    return 0
