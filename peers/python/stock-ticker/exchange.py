"""The exchange, where shares are traded now.

A line is a subscription to one symbol, and the exchange bills each. What is traded is decided by a
test (through inspection.py), or by the exchange itself a few times a second. Ticks wait for a line
that is slow, and are made only when it reads them, so they cost no memory.

Everything here runs on the event loop's one thread.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Self

from recordings import BrokenError, tick
from ticker.v1 import inspect_pb2
from ticker.v1 import ticker_pb2 as pb

# Seconds between two trades of an exchange that trades by itself.
BEAT = 0.13


@dataclass
class Trading:
    """What the lines of a symbol see."""

    # The sequence number of the last tick.
    last: int = 0
    # How trading has ended, after that tick.
    ending: int | None = None
    # Set at each change, and cleared at once: this wakes those who wait at that moment.
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        self.changed.set()
        self.changed.clear()


@dataclass
class Floor:
    """Where one symbol is traded, and how many lines there are for it, and were."""

    # Bytes of the order book in each tick.
    book: int = 0
    # Replaced by a new one when trading ends.
    trading: Trading = field(default_factory=Trading)
    open: int = 0
    opened: int = 0


class Exchange:
    def __init__(self) -> None:
        self._floors = {"AAPL": Floor(), "NEWCO": Floor(), "BULK": Floor(book=8 << 10)}

    def floor(self, symbol: str) -> Floor | None:
        return self._floors.get(symbol)

    def line(self, symbol: str) -> "Line | None":
        """Open a line for a symbol, if there is one. It gives every tick from now on."""
        floor = self.floor(symbol)
        return Line(symbol, floor) if floor else None

    def trade(self, symbol: str, ticks: int) -> int | None:
        """Make a symbol's next ticks happen; give the sequence number of the last of them."""
        floor = self.floor(symbol)
        if floor is None:
            return None
        floor.trading.last += ticks
        floor.trading.tell()
        return floor.trading.last

    def end_trading(self, symbol: str, ending: int) -> bool:
        """End every line that is open for a symbol, after what has been traded so far.

        Lines that are opened later know nothing of it. Tells whether there is such a symbol.
        """
        floor = self.floor(symbol)
        if floor is None:
            return False
        ended, floor.trading = floor.trading, Trading(last=floor.trading.last)
        ended.ending = ending
        ended.tell()
        return True

    async def trade_by_itself(self) -> None:
        """Trade a few shares of everything a few times a second, until cancelled."""
        while True:
            for symbol in self._floors:
                self.trade(symbol, 1)
                await asyncio.sleep(BEAT)


class Line:
    """A subscription to one symbol: its ticks, until the exchange closes."""

    def __init__(self, symbol: str, floor: Floor) -> None:
        self._symbol = symbol
        self._floor = floor
        self._trading = floor.trading
        # The sequence number of the tick that was read last.
        self._sequence = floor.trading.last
        floor.open += 1
        floor.opened += 1

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> pb.Tick:
        """Wait for the next tick. Raises if trading was ended so."""
        trading = self._trading
        while self._sequence == trading.last:
            match trading.ending:
                case None:
                    await trading.changed.wait()
                case inspect_pb2.ENDING_BROKEN:
                    message = f"the line to the exchange for {self._symbol} broke"
                    raise BrokenError(message)
                case inspect_pb2.ENDING_PANIC:
                    message = f"the line to the exchange for {self._symbol} is damaged"
                    raise ValueError(message)
                case _:
                    raise StopAsyncIteration
        self._sequence += 1
        return tick(self._symbol, self._sequence, self._floor.book)

    def close(self) -> None:
        """To be called once."""
        self._floor.open -= 1
