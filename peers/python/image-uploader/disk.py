"""The disk under the images.

An image is a file of its name in the store's folder. What is still being uploaded is a temporary
file beside them, whose name begins with a dot, so it can never be taken for an image. Everything
here waits for the disk and blocks the thread that calls it: for microseconds as a rule, for seconds
when the disk is busy.

The disk also does on command what disks do: it fills up, keeps a sync waiting, loses its power.
"""

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

# What the name of every temporary file begins with.
TEMPORARY = ".upload-"


@dataclass(frozen=True)
class Image:
    """What is stored under a name."""

    size: int
    sha256: bytes


@dataclass
class Counts:
    """What has become of the disk so far."""

    # Bytes that were written, whatever became of their file.
    bytes: int = 0
    # Temporary files that were neither published nor removed.
    temporaries: int = 0
    # Syncs that wait because they are held.
    held_syncs: int = 0


class Disk:
    """A folder of images, which is made if it is not there.

    Temporary files in it are what a crash has left, and are removed.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{TEMPORARY}*"):
            left.unlink()
        self.folder = folder
        # Guards what follows. Waiting on it is waiting for `held` or `unpowered` to change.
        self.changed = threading.Condition()
        self.full = False
        self.held = False
        self.unpowered = False
        self.counts = Counts()
        # Temporary files that were ever made; each has its number as its name.
        self.created = 0
        # How much of a file is safe, in bytes. One that is not here is safe altogether.
        self.synced: dict[Path, int] = {}

    def image(self, name: str) -> Image | None:
        """Read the image of this name to its end, if there is one.

        The name becomes part of a path as it is.
        """
        with self.power():
            pass
        try:
            with (self.folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
                return Image(file.tell(), digest.digest())
        except FileNotFoundError:
            return None

    @contextmanager
    def power(self) -> Iterator[None]:
        """Do something while nothing else happens to the disk, if it still has power."""
        with self.changed:
            if self.unpowered:
                raise OSError(errno.EIO, "the disk has no power")
            yield

    # What a test may see and do: inspection.py puts these on the wire.

    def pull_the_plug(self) -> None:
        """Leave what a power failure may leave. It is a simple model of one.

        Every name is as it is now, since a folder's entries may reach the disk long before the
        content of the files, and of every file there is what was synced. After that the disk takes
        nothing.
        """
        with self.changed:
            self.unpowered = True
            self.changed.notify_all()
            for path, synced in self.synced.items():
                os.truncate(path, synced)
            self.synced.clear()

    def fail_writes(self, fail: bool) -> None:
        with self.changed:
            self.full = fail

    def hold_syncs(self, hold: bool) -> None:
        with self.changed:
            self.held = hold
            self.changed.notify_all()

    def counted(self) -> Counts:
        with self.changed:
            return replace(self.counts)


class Temporary:
    """A file that is not an image yet. It stays until it is published or removed."""

    def __init__(self, disk: Disk) -> None:
        """Make an empty file that no other upload has."""
        self._disk = disk
        self._written = 0
        self._published = False
        with disk.power():
            disk.created += 1
            self._path = disk.folder / f"{TEMPORARY}{disk.created}"
            # Unbuffered: a write is a write, and may be of less than it was asked for.
            self._file = self._path.open("xb", buffering=0)
            disk.counts.temporaries += 1
            disk.synced[self._path] = 0

    def write(self, data: bytes) -> None:
        """Write at the file's end. The bytes may be in memory only, until they are synced."""
        with self._disk.power():
            if self._disk.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._written += len(data)
        with self._disk.changed:
            self._disk.counts.bytes += len(data)

    def sync(self) -> None:
        """Wait until everything that was written would survive a power failure."""
        disk = self._disk
        with disk.power():
            disk.counts.held_syncs += 1
            disk.changed.wait_for(lambda: not disk.held or disk.unpowered)
            disk.counts.held_syncs -= 1
        with disk.power():
            pass
        os.fsync(self._file.fileno())
        with disk.power():
            disk.synced[self._path] = self._written

    def publish(self, name: str) -> None:
        """Make the file the image of this name, in place of an older one, in one step.

        Whoever looks finds the old image or the new one, whole. When it returns, the new name would
        survive a power failure. Whether the content would is another matter: see `sync`.
        """
        disk = self._disk
        path = disk.folder / name
        with disk.power():
            self._path.replace(path)
            disk.counts.temporaries -= 1
            synced = disk.synced.pop(self._path)
            # Files that are safe need not be remembered.
            disk.synced.pop(path, None)
            if synced != self._written:
                disk.synced[path] = synced
            self._path, self._published = path, True
        # A name is an entry of its folder, which is a file too.
        folder = os.open(disk.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self) -> None:
        """Close the file, and remove it unless it has been published. To be called once."""
        # Nothing is lost by an error of close: what had to be on the disk was synced before.
        self._file.close()
        disk = self._disk
        with disk.power():
            if not self._published:
                self._path.unlink()
                disk.counts.temporaries -= 1
                del disk.synced[self._path]
