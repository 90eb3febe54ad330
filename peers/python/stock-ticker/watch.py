"""What happens on the exchange, for however many callers watch.

The exchange bills every line. So there is one for each symbol that somebody watches, and what it
gives goes to all of them.

Everything here runs on the event loop's one thread. Between two awaits nothing else runs, so nobody
joins a feed while its last watcher leaves, and there is no lock.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from common.status import RefusalError

import grpc
from exchange import Exchange, Line
from recordings import BrokenError
from ticker.v1 import ticker_pb2 as pb

log = logging.getLogger("stock-ticker")

# How many ticks a caller may be behind before it misses some: 512 KiB of the largest. All callers
# of a symbol share them.
KEPT = 64


class Feeds:
    """The symbols that are watched at the moment."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._open: dict[str, Feed] = {}

    def watch(self, symbol: str) -> "Watcher | None":
        """Give what happens from now on, if there is such a symbol."""
        feed = self._open.get(symbol)
        if feed is None:
            line = self._exchange.line(symbol)
            if line is None:
                return None
            # Only symbols that exist get here, so the dict is no larger than the exchange.
            feed = self._open[symbol] = Feed(line, on_end=lambda: self._open.pop(symbol))
        return Watcher(feed)


# ANCHOR: feed
class Feed:
    """What happens to one symbol, for all who watch it. It ends with its last watcher."""

    def __init__(self, line: Line, on_end: Callable[[], object]) -> None:
        self._line = line
        self._on_end = on_end
        self._watchers: set[Watcher] = set()
        # The event loop itself keeps a task only for as long as it waits for something.
        self._pump = asyncio.create_task(self._run())

    def join(self, watcher: "Watcher") -> None:
        self._watchers.add(watcher)

    def leave(self, watcher: "Watcher") -> None:
        self._watchers.discard(watcher)
        if not self._watchers and self._line is not None:
            self._pump.cancel()
            self._close()

    async def _run(self) -> None:
        """Pass on what the line gives, and wait for no caller: who is slow misses some."""
        try:
            async for tick in self._line:
                news = pb.WatchResponse(tick=tick)
                for watcher in self._watchers:
                    watcher.tell(news)
                # Ticks that are there already come without a wait, and nothing else would run.
                await asyncio.sleep(0)
        except BrokenError as error:
            self._end(RefusalError(grpc.StatusCode.UNAVAILABLE, str(error)))
        except Exception:
            # Nobody awaits this task: what it raised would be lost, and the callers would wait for
            # ever.
            log.exception("a line to the exchange failed")
            self._end(RefusalError(grpc.StatusCode.INTERNAL, "the server's feed failed"))
        else:
            self._end(None)

    def _end(self, refusal: RefusalError | None) -> None:
        # Closed before anybody is told: the next to watch has a new line.
        self._close()
        for watcher in self._watchers:
            watcher.end(refusal)

    def _close(self) -> None:
        self._line.close()
        self._line = None
        self._on_end()


# ANCHOR_END: feed


# ANCHOR: watcher
class Watcher:
    """One caller's place in a feed. Leaving its `with` block leaves the feed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        # The queue's bound. A deque with maxlen drops the oldest by itself, but does not say so.
        self._behind: deque[pb.WatchResponse] = deque()
        self._missed = 0
        # How it ends after that: with OK, unless there is a refusal.
        self._ended = False
        self._refusal: RefusalError | None = None
        self._news = asyncio.Event()
        feed.join(self)

    def tell(self, news: pb.WatchResponse) -> None:
        if len(self._behind) == KEPT:
            self._behind.popleft()
            self._missed += 1
        self._behind.append(news)
        self._news.set()

    def end(self, refusal: RefusalError | None) -> None:
        self._ended, self._refusal = True, refusal
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> pb.WatchResponse:
        await self._news.wait()
        if self._missed:
            missed, self._missed = self._missed, 0
            return pb.WatchResponse(missed=missed)
        if not self._behind:
            raise self._refusal or StopAsyncIteration
        news = self._behind.popleft()
        if not self._behind and not self._ended:
            self._news.clear()
        return news

    # ANCHOR_END: watcher

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._feed.leave(self)
