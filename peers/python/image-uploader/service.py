"""What the server does with a stream of messages: the methods of ImageService."""

import asyncio
import contextlib
import errno
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from common.status import RefusalError, status_of

import grpc
from disk import Disk
from image.v1 import image_pb2 as pb
from image.v1 import image_pb2_grpc
from upload import Upload, check_name, invalid

Result = TypeVar("Result")

log = logging.getLogger("image-uploader")

# How many calls may wait for the disk at the same time; others wait for a thread. asyncio's own
# pool has four threads and one for each processor, and a busy disk would soon hold them all.
THREADS = 64


class Images(image_pb2_grpc.ImageServiceServicer):
    """The store, which every call shares. Its methods run on the event loop's one thread."""

    def __init__(self, disk: Disk, quota: int) -> None:
        self._disk = disk
        # The largest image that is taken, in bytes.
        self._quota = quota
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="disk")

    # ANCHOR: upload
    async def Upload(
        self, requests: AsyncIterator[pb.UploadRequest], context: grpc.aio.ServicerContext
    ) -> pb.UploadResponse:
        async with status_of(context), contextlib.AsyncExitStack() as cleanup:
            begin = await next_part(requests)
            if not isinstance(begin, pb.Begin):
                raise invalid("the first message is not begin")
            if begin.size > self._quota:
                # The caller learns it now: the rest of its messages is not read.
                message = f"{begin.size} bytes are too many: the server takes {self._quota} at most"
                raise RefusalError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
            upload = Upload(begin)
            # However this ends: with a reply, with an error, or cancelled at any await.
            cleanup.push_async_callback(self._on_disk, upload.close)
            await self._on_disk(upload.begin, self._disk)

            # The next message is asked for when this one is on the disk. Until then it waits at the
            # caller, apart from what fits into the window.
            while isinstance(part := await next_part(requests), pb.Chunk):
                await self._on_disk(upload.chunk, part)

            if isinstance(part, pb.Begin):
                raise invalid("begin has come a second time")
            if part is None:
                # Or the caller has cancelled the call, or its connection is gone: for an instant
                # that looks the same here, and only then comes CancelledError.
                raise invalid("the stream ended without commit")
            if await next_part(requests) is not None:
                raise invalid("a message came after commit")
            return await self._on_disk(upload.commit, part)

    # ANCHOR_END: upload

    async def GetImageInfo(
        self, request: pb.GetImageInfoRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetImageInfoResponse:
        async with status_of(context):
            check_name(request.name)
            image = await self._on_disk(self._disk.image, request.name)
            if image is None:
                message = f"there is no image {request.name!r}"
                raise RefusalError(grpc.StatusCode.NOT_FOUND, message)
            return pb.GetImageInfoResponse(size=image.size, sha256=image.sha256)

    # ANCHOR: on_disk
    async def _on_disk(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Do work that waits for the disk on a thread that may wait.

        The event loop has one thread for everybody. Cancelling a task does not stop a thread, so
        a task that is cancelled here waits for its thread first: the next thing that it does is
        to remove the file that the thread may be writing.
        """
        working = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.gather(working, return_exceptions=True)
            raise
        except OSError as error:
            raise failed(error) from error

    # ANCHOR_END: on_disk


# ANCHOR: next_part
async def next_part(
    requests: AsyncIterator[pb.UploadRequest],
) -> pb.Begin | pb.Chunk | pb.Commit | None:
    """Wait for the next part of an upload; None is the end of the stream."""
    request = await anext(requests, None)
    if request is None:
        return None
    part = request.WhichOneof("part")
    if part is None:
        # As from a newer client, which may have sent what this server does not know.
        raise invalid("a message is neither begin, nor chunk, nor commit")
    return getattr(request, part)


# ANCHOR_END: next_part


def failed(error: OSError) -> RefusalError:
    """Give what a caller is told of an error on the disk."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RefusalError(grpc.StatusCode.RESOURCE_EXHAUSTED, "the disk is full")
    # Paths and causes are for whoever runs the server.
    log.error("the disk has failed: %s", error)
    return RefusalError(grpc.StatusCode.INTERNAL, "the disk has failed")
