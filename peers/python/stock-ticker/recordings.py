"""What was traded on an earlier day, as if it were kept on a disk.

A recording is an iterator: quick, never waiting, and a tick is made only when it is asked for. One
of them breaks off, one is damaged and raises, as a bug in somebody else's library would. Every read
is counted.

Everything here runs on the event loop's one thread.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self

from ticker.v1 import ticker_pb2 as pb

# Seconds: for so long a read counts for `most_within_100_ms`.
LATELY = 0.1


class Flaw(Enum):
    """What happens after the last tick that can be read."""

    NONE = auto()
    BREAKS_OFF = auto()
    RAISES = auto()


@dataclass
class Reads:
    """What has been read of one symbol's recording so far, by all readers together."""

    ticks: int = 0
    # The ticks' size as protobuf messages.
    bytes: int = 0
    open: int = 0
    closed: int = 0
    # The largest number of ticks that one reader read within any 100 milliseconds.
    most_within_100_ms: int = 0


@dataclass
class Tape:
    ticks: int
    # Bytes of the order book in each tick.
    book: int = 0
    flaw: Flaw = Flaw.NONE
    reads: Reads = field(default_factory=Reads)


class BrokenError(Exception):
    """A recording, or a line to the exchange, broke off."""


class Recordings:
    def __init__(self) -> None:
        self._tapes = {
            "AAPL": Tape(500),
            # Listed, and never traded.
            "NEWCO": Tape(0),
            # A busy day.
            "FLOW": Tape(200_000),
            # 64 MiB in all.
            "BULK": Tape(2048, book=32 << 10),
            "TORN": Tape(40, flaw=Flaw.BREAKS_OFF),
            "MOULD": Tape(5, flaw=Flaw.RAISES),
        }

    def open(self, symbol: str) -> "Recording | None":
        """Open a symbol's recording at its first tick, if there is such a symbol."""
        tape = self._tapes.get(symbol)
        return Recording(symbol, tape) if tape else None

    def last(self, symbol: str) -> pb.Tick | None:
        """Give the last tick of a symbol's recording. It is kept apart, so nothing is read."""
        tape = self._tapes.get(symbol)
        return tick(symbol, tape.ticks, tape.book) if tape and tape.ticks else None

    def read_so_far(self, symbol: str) -> Reads | None:
        tape = self._tapes.get(symbol)
        return tape.reads if tape else None


class Recording:
    """A symbol's ticks, from the first to the last. Leaving its `with` block closes it."""

    def __init__(self, symbol: str, tape: Tape) -> None:
        self._symbol = symbol
        self._tape = tape
        # The sequence number of the tick that was read last.
        self._sequence = 0
        # When the ticks of the last 100 milliseconds were read.
        self._lately: deque[float] = deque()
        tape.reads.open += 1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pb.Tick:
        """Read the next tick. Raises if the recording breaks off or is damaged at this place."""
        tape = self._tape
        if self._sequence == tape.ticks:
            match tape.flaw:
                case Flaw.NONE:
                    raise StopIteration
                case Flaw.BREAKS_OFF:
                    message = f"the recording of {self._symbol} breaks off after tick {tape.ticks}"
                    raise BrokenError(message)
                case Flaw.RAISES:
                    message = f"the recording of {self._symbol} is damaged after tick {tape.ticks}"
                    raise ValueError(message)
        self._sequence += 1
        read = tick(self._symbol, self._sequence, tape.book)
        self._count(read)
        return read

    def _count(self, read: pb.Tick) -> None:
        now = time.monotonic()
        self._lately.append(now)
        while now - self._lately[0] >= LATELY:
            self._lately.popleft()
        reads = self._tape.reads
        reads.ticks += 1
        reads.bytes += read.ByteSize()
        reads.most_within_100_ms = max(reads.most_within_100_ms, len(self._lately))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tape.reads.open -= 1
        self._tape.reads.closed += 1


def tick(symbol: str, sequence: int, book: int) -> pb.Tick:
    """Give the tick with this sequence number: the same whenever, and on any machine."""
    return pb.Tick(
        sequence=sequence,
        # Up and down by at most 20 cents.
        price_cents=50 * sum(symbol.encode()) + sequence % 10_000 * 7_919 % 41 - 20,
        shares=1 + sequence % 10_000 * 6_151 % 500,
        book=bytes([sequence % 256]) * book,
    )
