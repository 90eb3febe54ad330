"""The terminal: lines from standard input."""

import sys
from collections.abc import Iterator

# What the contract allows a text to have, in bytes.
LONGEST = 65_536


def typed() -> Iterator[str]:
    """Give the lines that are typed, without their ends, to the end of input.

    Empty lines are left out, and one that is too long to be said is complained about. Nothing is
    read ahead: what is piped in is to wait in the pipe, and not here.
    """
    # A file of its own. Python locks sys.stdin when it ends, and gives up on the whole process if
    # another thread is reading it at that time.
    with open(0, "rb", closefd=False) as stdin:
        try:
            # With room for an end of two bytes, "\r\n".
            while line := stdin.readline(LONGEST + 2):
                whole = line.endswith(b"\n")
                if not whole and len(line) == LONGEST + 2:
                    while (rest := stdin.readline(LONGEST)) and not rest.endswith(b"\n"):
                        pass
                text = line.removesuffix(b"\n")
                text = (text.removesuffix(b"\r") if whole else text).decode(errors="replace")
                if len(text.encode()) > LONGEST:
                    complain(f"a line of more than {LONGEST} bytes was not sent")
                elif text:
                    yield text
        except OSError as error:
            complain(f"cannot read standard input: {error.strerror}")


def complain(sentence: str) -> None:
    print(f"chat: {sentence}", file=sys.stderr, flush=True)
