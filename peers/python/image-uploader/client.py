"""What the client asks and sends, and what it says when that fails."""

import contextlib
import hashlib
import os
import stat
import time
from argparse import Namespace
from collections.abc import Iterator
from typing import BinaryIO

from common.calls import call_failed, connect, explain
from common.program import FailureError

import grpc
from disk import Image
from image.v1 import image_pb2 as pb
from image.v1.image_pb2_grpc import ImageServiceStub
from progress import Progress

CHUNK = 64 << 10  # a piece of the file, in bytes


# ANCHOR: client
def put(args: Namespace) -> Image:
    """Upload a file, and give what the server has stored."""
    deadline = time.monotonic() + args.timeout
    with opened(args.file) as (file, size), connect(args.server) as channel:
        progress = Progress(size, always=args.progress)
        sending = Sending(pb.Begin(name=args.name, size=size), file, progress)
        try:
            # gRPC takes the parts on a thread of its own, one after another. The timeout is of the
            # whole stream.
            response = ImageServiceStub(channel).Upload(sending.parts(), timeout=args.timeout)
        except grpc.RpcError as error:
            if sending.error is not None:
                raise file_failed(args.file, sending.error) from sending.error
            raise explain(args.server, error, deadline) from error
        finally:
            progress.clear()
    if (response.size, response.sha256) != (size, sending.sha256):
        message = f"{args.server} has stored something else than was sent"
        raise call_failed(grpc.StatusCode.DATA_LOSS, message)
    return Image(size, sending.sha256)


# ANCHOR_END: client


# ANCHOR: parts
class Sending:
    """A file on its way, and what has become of it."""

    def __init__(self, begin: pb.Begin, file: BinaryIO, progress: Progress) -> None:
        self._begin = begin
        self._file = file
        self._progress = progress
        # What is wrong with the file, as opposed to the call.
        self.error: OSError | None = None
        # Of what was sent, when that is everything.
        self.sha256: bytes | None = None

    def parts(self) -> Iterator[pb.UploadRequest]:
        """Give begin, the file in chunks, and commit.

        There is a commit only if the file has, from beginning to end, the size that begin
        announced. Otherwise this raises, and gRPC cancels the call: a generator that only returned
        would end the stream in good order.
        """
        try:
            yield from self._parts()
        except OSError as error:
            self.error = error
            raise

    def _parts(self) -> Iterator[pb.UploadRequest]:
        size = self._begin.size
        sha256 = hashlib.sha256()
        yield pb.UploadRequest(begin=self._begin)
        offset = 0
        self._progress.sent(offset)
        while offset < size:
            data = self._file.read(min(CHUNK, size - offset))
            if not data:
                message = f"it had {size} bytes when the upload began, and now {offset}"
                raise OSError(message)
            sha256.update(data)
            # gRPC asks for the next part when the connection has taken this one. So the file is
            # not read ahead of it, and the progress is what was sent.
            yield pb.UploadRequest(chunk=pb.Chunk(offset=offset, data=data))
            offset += len(data)
            self._progress.sent(offset)
        if self._file.read(1):
            message = f"it had {size} bytes when the upload began, and now more"
            raise OSError(message)
        self.sha256 = sha256.digest()
        yield pb.UploadRequest(commit=pb.Commit(sha256=self.sha256))


# ANCHOR_END: parts


@contextlib.contextmanager
def opened(path: str) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file, and say how many bytes it has."""
    try:
        # Before it is opened: opening a pipe waits for whoever writes to it.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise OSError("it is a folder")
        if not stat.S_ISREG(mode):
            raise OSError("it is no regular file")
        # Unbuffered: what is read is the next chunk, and nothing beyond it.
        file = open(path, "rb", buffering=0)  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise file_failed(path, error) from error
    with file:
        yield file, os.fstat(file.fileno()).st_size


def info(args: Namespace) -> Image:
    """Ask what is stored under a name."""
    deadline = time.monotonic() + args.timeout
    with connect(args.server) as channel:
        request = pb.GetImageInfoRequest(name=args.name)
        try:
            response = ImageServiceStub(channel).GetImageInfo(request, timeout=args.timeout)
        except grpc.RpcError as error:
            raise explain(args.server, error, deadline) from error
    if len(response.sha256) != hashlib.sha256().digest_size:
        message = f"{args.server} answered a SHA-256 of {len(response.sha256)} bytes"
        raise call_failed(grpc.StatusCode.DATA_LOSS, message)
    return Image(response.size, response.sha256)


def file_failed(path: str, error: Exception) -> FailureError:
    """Give the failure of a file that cannot be read, or is not what it was."""
    return FailureError(3, f"{path}: {getattr(error, 'strerror', None) or error}")
