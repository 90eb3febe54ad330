"""What the server answers: the methods of TickerService."""

import asyncio

from common.status import RefusalError, status_of

import grpc
from exchange import Exchange
from recordings import BrokenError, Recording, Recordings
from ticker.v1 import ticker_pb2 as pb
from ticker.v1 import ticker_pb2_grpc
from watch import Feeds


class Ticker(ticker_pb2_grpc.TickerServiceServicer):
    """One ticker serves every call on every connection, on the event loop's one thread.

    None of its methods looks at the caller's deadline: C-core does. When it passes, the caller is
    told DEADLINE_EXCEEDED, and the method finds out as if the caller had cancelled: what it awaits
    raises CancelledError or, where that is a write, InternalError.
    """

    def __init__(self, recordings: Recordings, exchange: Exchange) -> None:
        self._recordings = recordings
        self._feeds = Feeds(exchange)

    async def GetQuote(
        self, request: pb.GetQuoteRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetQuoteResponse:
        async with status_of(context):
            last = self._recordings.last(request.symbol)
            if last is None:
                raise no_such_symbol(request.symbol)
            return pb.GetQuoteResponse(tick=last)

    # ANCHOR: replay
    async def Replay(self, request: pb.ReplayRequest, context: grpc.aio.ServicerContext) -> None:
        async with status_of(context):
            # A Duration's parts are whole numbers, and so is this.
            interval = request.interval.ToNanoseconds() / 1e9
            if interval < 0:
                raise RefusalError(grpc.StatusCode.INVALID_ARGUMENT, "the interval is negative")
            recording = self._recordings.open(request.symbol)
            if recording is None:
                raise no_such_symbol(request.symbol)
            # `with` closes it, however the call ends. A method may also yield its replies instead
            # of writing them. But when the caller goes, that one is dropped at its yield, without a
            # CancelledError, and its `finally` runs when Python collects it, in another task.
            with recording:
                await send(recording, request.limit, interval, context)

    # ANCHOR_END: replay

    # ANCHOR: watch
    async def Watch(self, request: pb.WatchRequest, context: grpc.aio.ServicerContext) -> None:
        async with status_of(context):
            watcher = self._feeds.watch(request.symbol)
            if watcher is None:
                raise no_such_symbol(request.symbol)
            with watcher:
                # The headers, which would otherwise go out with the first reply. What happens from
                # now on, the caller is to see, and it can know that from now on.
                await context.send_initial_metadata(())
                async for news in watcher:
                    await context.write(news)

    # ANCHOR_END: watch


# ANCHOR: send
async def send(
    recording: Recording, limit: int, interval: float, context: grpc.aio.ServicerContext
) -> None:
    """Send at most `limit` ticks, 0 for all, at least `interval` seconds apart."""
    sent = 0
    while True:
        try:
            tick = next(recording)
        except StopIteration:
            return
        except BrokenError as error:
            raise RefusalError(grpc.StatusCode.UNAVAILABLE, str(error)) from error
        # Waits until the whole message has gone through the caller's window. So when a caller does
        # not read, one tick waits here, and no more.
        await context.write(pb.ReplayResponse(tick=tick))
        sent += 1
        # The recording is not asked for what comes after the last: it may be a flaw.
        if sent == limit:
            return
        if interval > 0:
            # Counted from this tick, and not from a clock's beats: a caller who did not read for a
            # while would be sent all the beats that it missed.
            await asyncio.sleep(interval)


# ANCHOR_END: send


def no_such_symbol(symbol: str) -> RefusalError:
    return RefusalError(grpc.StatusCode.NOT_FOUND, f"there is no symbol {symbol!r}")
