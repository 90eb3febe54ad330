"""One upload, from its first message to its last, on the disk.

Nothing here is async: each function blocks its thread while the disk works. On which thread that
is, is for service.py to decide.
"""

import hashlib
import re

from common.status import RefusalError

import grpc
from disk import Disk, Temporary
from image.v1 import image_pb2 as pb

LARGEST_CHUNK = 1 << 20  # bytes, as the contract has it


def invalid(message: str) -> RefusalError:
    return RefusalError(grpc.StatusCode.INVALID_ARGUMENT, message)


# ANCHOR: upload
class Upload:
    """An image that has not been stored, or not yet. Whoever makes one closes it."""

    def __init__(self, begin: pb.Begin) -> None:
        check_name(begin.name)
        self._name = begin.name
        # How many bytes there will be, as the sender says: nothing is allocated on its word.
        self._size = begin.size
        self._received = 0
        self._sha256 = hashlib.sha256()
        self._temporary: Temporary | None = None

    def begin(self, disk: Disk) -> None:
        self._temporary = Temporary(disk)

    def chunk(self, chunk: pb.Chunk) -> None:
        """Take the next piece of the content."""
        data = chunk.data
        if not 1 <= len(data) <= LARGEST_CHUNK:
            message = f"a chunk has from 1 to {LARGEST_CHUNK} bytes, and this one {len(data)}"
            raise invalid(message)
        if chunk.offset != self._received:
            message = f"the chunk begins at byte {chunk.offset}, and byte {self._received} is next"
            raise invalid(message)
        if len(data) > self._size - self._received:
            message = f"there are more than the {self._size} bytes that begin announced"
            raise invalid(message)
        self._temporary.write(data)
        self._sha256.update(data)
        self._received += len(data)

    # ANCHOR_END: upload

    # ANCHOR: commit
    def commit(self, commit: pb.Commit) -> pb.UploadResponse:
        """Take the last message: store the image, and give what was stored."""
        sha256 = self._sha256.digest()
        if len(commit.sha256) != len(sha256):
            message = f"a SHA-256 has {len(sha256)} bytes, and this {len(commit.sha256)}"
            raise invalid(message)
        if self._received < self._size:
            message = f"{self._received} bytes have come of the {self._size} that begin announced"
            raise invalid(message)
        if sha256 != commit.sha256:
            raise RefusalError(grpc.StatusCode.DATA_LOSS, "what arrived has another SHA-256")
        # In this order: a name on a file that is not synced is a name on nothing, if the power
        # fails between the two, and the older image of that name is gone.
        self._temporary.sync()
        self._temporary.publish(self._name)
        return pb.UploadResponse(size=self._size, sha256=sha256)

    # ANCHOR_END: commit

    def close(self) -> None:
        """Remove what is not stored, however the upload has ended."""
        if self._temporary is not None:
            self._temporary.remove()


def check_name(name: str) -> None:
    """Refuse what cannot be an image's name.

    It becomes part of a path, so whatever is not known to be harmless is refused.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", name):
        # Not repeated: it is as long as its sender likes, and a status travels in a header.
        message = (
            "a name is 1 to 100 letters, digits, dots, hyphens and underscores, and does not begin"
            " with a dot"
        )
        raise invalid(message)
