"""Lets a test do to the disk what happens to disks.

The file is not called inspect.py: it would hide the module of that name in the standard library.
Nothing here waits for long, so it all happens on the event loop's thread.
"""

import grpc
from disk import Disk
from image.v1 import inspect_pb2 as pb
from image.v1 import inspect_pb2_grpc


class Inspect(inspect_pb2_grpc.InspectServiceServicer):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def PullThePlug(
        self, request: pb.PullThePlugRequest, context: grpc.aio.ServicerContext
    ) -> pb.PullThePlugResponse:
        self._disk.pull_the_plug()
        return pb.PullThePlugResponse()

    async def FailWrites(
        self, request: pb.FailWritesRequest, context: grpc.aio.ServicerContext
    ) -> pb.FailWritesResponse:
        self._disk.fail_writes(request.fail)
        return pb.FailWritesResponse()

    async def HoldSyncs(
        self, request: pb.HoldSyncsRequest, context: grpc.aio.ServicerContext
    ) -> pb.HoldSyncsResponse:
        self._disk.hold_syncs(request.hold)
        return pb.HoldSyncsResponse()

    async def CountWrites(
        self, request: pb.CountWritesRequest, context: grpc.aio.ServicerContext
    ) -> pb.CountWritesResponse:
        counts = self._disk.counted()
        return pb.CountWritesResponse(
            bytes=counts.bytes, temporaries=counts.temporaries, held_syncs=counts.held_syncs
        )
