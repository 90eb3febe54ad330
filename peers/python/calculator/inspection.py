"""Lets a test see and steer the constants.

The file is not called inspect.py: it would hide the module of that name in the standard library.
"""

import grpc
from calculator.v1 import inspect_pb2 as pb
from calculator.v1 import inspect_pb2_grpc
from constants import Constants, Row


class Inspect(inspect_pb2_grpc.InspectServiceServicer):
    def __init__(self, constants: Constants) -> None:
        self._constants = constants

    async def Hold(
        self, request: pb.HoldRequest, context: grpc.aio.ServicerContext
    ) -> pb.HoldResponse:
        row = await self._row(request.constant, context)
        row.released.clear()
        return pb.HoldResponse()

    async def Release(
        self, request: pb.ReleaseRequest, context: grpc.aio.ServicerContext
    ) -> pb.ReleaseResponse:
        row = await self._row(request.constant, context)
        row.released.set()
        return pb.ReleaseResponse()

    async def CountLookUps(
        self, request: pb.CountLookUpsRequest, context: grpc.aio.ServicerContext
    ) -> pb.CountLookUpsResponse:
        row = await self._row(request.constant, context)
        return pb.CountLookUpsResponse(
            waiting=row.waiting, answered=row.answered, abandoned=row.abandoned
        )

    async def _row(self, name: str, context: grpc.aio.ServicerContext) -> Row:
        row = self._constants.row(name)
        if row is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no constant named {name!r}")
        return row
