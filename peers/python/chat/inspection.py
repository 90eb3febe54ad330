"""Lets a test see how many tasks the server has under way.

The file is not called inspect.py: it would hide the module of that name in the standard library.
"""

import asyncio

import grpc
from chat.v1 import inspect_pb2 as pb
from chat.v1 import inspect_pb2_grpc


class Inspect(inspect_pb2_grpc.InspectServiceServicer):
    async def CountTasks(
        self, request: pb.CountTasksRequest, context: grpc.aio.ServicerContext
    ) -> pb.CountTasksResponse:
        # gRPC has two for each call, and there is one more for each member.
        return pb.CountTasksResponse(tasks=len(asyncio.all_tasks()))
