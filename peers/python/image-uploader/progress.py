"""A bar on standard error that says how far an upload has come."""

import sys
import threading
import time

# Seconds. Drawing is slower than sending, and nobody reads faster than this.
EVERY = 0.1

WIDTH = 30


class Progress:
    """Draws nothing unless standard error is a terminal, or it is told to.

    One thread sends and another one waits for the answer, so there is a lock.
    """

    def __init__(self, total: int, *, always: bool) -> None:
        self._total = total
        self._shown = always or sys.stderr.isatty()
        self._drawn: float | None = None
        self._lock = threading.Lock()

    def sent(self, sent: int) -> None:
        """Say that this many bytes have been sent, from the beginning."""
        with self._lock:
            now = time.monotonic()
            due = self._drawn is None or now - self._drawn >= EVERY or sent == self._total
            if self._shown and due:
                self._drawn = now
                part = (lambda of: of * sent // self._total) if self._total else (lambda of: of)
                self._write(f"\r[{'=' * part(WIDTH):<{WIDTH}}] {part(100):>3} %")

    def clear(self) -> None:
        """Clear the line: what follows is a result, or why there is none."""
        with self._lock:
            self._shown = False
            if self._drawn is not None:
                self._write(f"\r{'':<{WIDTH + 8}}\r")

    def _write(self, text: str) -> None:
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except OSError:
            # Progress that cannot be shown is no reason to end an upload.
            self._shown = False
