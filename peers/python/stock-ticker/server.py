"""What the server is made of."""

import asyncio
import contextlib

from common.server import serve as serve_until_stopped

import grpc
from exchange import Exchange
from inspection import Inspect
from recordings import Recordings
from service import Ticker
from ticker.v1 import inspect_pb2_grpc, ticker_pb2_grpc


async def serve(listen: str, *, still: bool) -> None:
    recordings = Recordings()
    exchange = Exchange()

    def add(server: grpc.aio.Server) -> None:
        ticker = Ticker(recordings, exchange)
        ticker_pb2_grpc.add_TickerServiceServicer_to_server(ticker, server)
        inspect = Inspect(recordings, exchange)
        inspect_pb2_grpc.add_InspectServiceServicer_to_server(inspect, server)

    # Kept here, since the event loop does not keep it; asyncio.run cancels it at the end.
    trading = None if still else asyncio.create_task(exchange.trade_by_itself())
    await serve_until_stopped(listen, add)
    if trading is not None:
        trading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await trading
