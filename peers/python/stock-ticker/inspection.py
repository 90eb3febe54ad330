"""Lets a test see and steer the recordings and the exchange.

The file is not called inspect.py: it would hide the module of that name in the standard library.
"""

from common.status import RefusalError, status_of

import grpc
from exchange import Exchange
from recordings import Recordings
from service import no_such_symbol
from ticker.v1 import inspect_pb2 as pb
from ticker.v1 import inspect_pb2_grpc


class Inspect(inspect_pb2_grpc.InspectServiceServicer):
    def __init__(self, recordings: Recordings, exchange: Exchange) -> None:
        self._recordings = recordings
        self._exchange = exchange

    async def CountReads(
        self, request: pb.CountReadsRequest, context: grpc.aio.ServicerContext
    ) -> pb.CountReadsResponse:
        async with status_of(context):
            reads = self._recordings.read_so_far(request.symbol)
            if reads is None:
                raise no_such_symbol(request.symbol)
            return pb.CountReadsResponse(
                ticks=reads.ticks,
                bytes=reads.bytes,
                open=reads.open,
                closed=reads.closed,
                most_within_100_ms=reads.most_within_100_ms,
            )

    async def Trade(
        self, request: pb.TradeRequest, context: grpc.aio.ServicerContext
    ) -> pb.TradeResponse:
        async with status_of(context):
            sequence = self._exchange.trade(request.symbol, request.ticks)
            if sequence is None:
                raise no_such_symbol(request.symbol)
            return pb.TradeResponse(sequence=sequence)

    async def EndTrading(
        self, request: pb.EndTradingRequest, context: grpc.aio.ServicerContext
    ) -> pb.EndTradingResponse:
        async with status_of(context):
            # An enum's field may have any number, as from a newer client.
            if request.ending not in (pb.ENDING_CLOSED, pb.ENDING_BROKEN, pb.ENDING_PANIC):
                raise RefusalError(grpc.StatusCode.INVALID_ARGUMENT, "say how trading is to end")
            if not self._exchange.end_trading(request.symbol, request.ending):
                raise no_such_symbol(request.symbol)
            return pb.EndTradingResponse()

    async def CountLines(
        self, request: pb.CountLinesRequest, context: grpc.aio.ServicerContext
    ) -> pb.CountLinesResponse:
        async with status_of(context):
            floor = self._exchange.floor(request.symbol)
            if floor is None:
                raise no_such_symbol(request.symbol)
            return pb.CountLinesResponse(open=floor.open, opened=floor.opened)
