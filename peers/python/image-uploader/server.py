"""What the server is made of."""

import os
from pathlib import Path

from common.server import serve as serve_until_stopped

import grpc
from disk import Disk
from image.v1 import image_pb2_grpc, inspect_pb2_grpc
from inspection import Inspect
from service import Images


class StoreError(Exception):
    """The folder cannot be used."""


# ANCHOR: windows
# C-core measures a connection's bandwidth, and lets each of its streams send ahead as much as fits
# on the way, which here is megabytes an upload. Without that a stream's window stays at 64 KiB, and
# the memory for many uploads can be worked out. On a long way that is slow: 64 KiB a round trip.
WINDOWS = [("grpc.http2.bdp_probe", 0)]
# ANCHOR_END: windows


async def serve(listen: str, store: Path, quota: int) -> None:
    try:
        disk = Disk(store)
    except OSError as error:
        raise StoreError(error.strerror) from error

    def add(server: grpc.aio.Server) -> None:
        image_pb2_grpc.add_ImageServiceServicer_to_server(Images(disk, quota), server)
        inspect_pb2_grpc.add_InspectServiceServicer_to_server(Inspect(disk), server)

    await serve_until_stopped(listen, add, WINDOWS)
    # Without a farewell to threads. One may wait for a busy disk, Python would wait for it, and
    # what it does now nobody is told. A start removes what it leaves.
    os._exit(0)
