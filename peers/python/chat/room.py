"""The rooms, and who is in them.

A room tells each of its members what happens in it, in one order that is the same for all. It never
waits for a member.

Everything here runs on the event loop's one thread, and nothing that changes a room awaits. So each
change is complete before the next begins: that is the order, and there is no lock.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from common.status import RefusalError

import grpc
from chat.v1 import chat_pb2 as pb

# What an event costs while it is kept, beside its own bytes: the objects around them, in bytes, as
# measured. Without it, a million texts of one byte would be kept as if they were one of a million.
OVERHEAD = 1024


class Rooms:
    """All rooms of a server. A room is there for as long as somebody in it may speak."""

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._rooms: dict[str, Room] = {}

    def join(self, room: str, name: str) -> "Member":
        """Make somebody a member, and tell the others."""
        joined = self._rooms.get(room)
        if joined is None:
            joined = Room(self._backlog, on_over=lambda: self._rooms.pop(room))
        member = joined.join(name)
        self._rooms[room] = joined
        return member


class Room:
    def __init__(self, backlog: int, on_over: Callable[[], object]) -> None:
        self._backlog = backlog
        self._on_over = on_over
        self._members: dict[str, Member] = {}

    def join(self, name: str) -> "Member":
        if name in self._members:
            message = f"somebody in this room is called {name!r}"
            raise RefusalError(grpc.StatusCode.ALREADY_EXISTS, message)
        self.tell(pb.ChatResponse(joined=pb.Joined(name=name)))
        # Strings sort as their bytes in UTF-8 do.
        welcome = pb.ChatResponse(welcome=pb.Welcome(members=sorted(self._members)))
        newcomer = self._members[name] = Member(self, name)
        newcomer.keep(welcome, cost(welcome))
        return newcomer

    # ANCHOR: tell
    def tell(self, event: pb.ChatResponse, *, but: "Member | None" = None) -> None:
        """Tell all but one, and put out those who have fallen too far behind.

        Of these the others are told too, which may be too much for yet another.
        """
        events = deque([event])
        while events:
            event = events.popleft()
            size = cost(event)
            for member in list(self._members.values()):
                if member is but:
                    continue
                if member.kept + size <= self._backlog:
                    # One copy, however many members it waits for.
                    member.keep(event, size)
                    continue
                message = f"you were put out: more than {self._backlog} bytes wait to be read"
                self.remove(member, RefusalError(grpc.StatusCode.RESOURCE_EXHAUSTED, message))
                events.append(left(member))
            # It hears of others that they have left.
            but = None

    # ANCHOR_END: tell

    def remove(self, member: "Member", reason: RefusalError | None) -> None:
        del self._members[member.name]
        member.end(reason)

    def close_if_silent(self) -> bool:
        """End everybody's call with OK if nobody is left who may speak, and tell whether."""
        if any(member.speaks for member in self._members.values()):
            return False
        self._on_over()
        for member in self._members.values():
            member.end(None)
        self._members.clear()
        return True


class Member:
    """One membership: what it hears is iterated over, and ends with the member's call."""

    def __init__(self, room: Room, name: str) -> None:
        self.name = name
        # False for one that only listens.
        self.speaks = True
        # Bytes that wait to be read.
        self.kept = 0
        # None when it has left, has been put out, or the room is over.
        self._room: Room | None = room
        # Unbounded in events, because it is bounded in bytes.
        self._hears: deque[tuple[pb.ChatResponse, int]] = deque()
        # How it ends after that: with OK, unless there is a refusal.
        self._refusal: RefusalError | None = None
        self._news = asyncio.Event()

    def say(self, text: str) -> bool:
        """Say this to everybody else. False if this is a member no longer."""
        room = self._room
        if room is None:
            return False
        said = pb.Said(name=self.name, text=text)
        room.tell(pb.ChatResponse(said=said), but=self)
        room.close_if_silent()
        return True

    # ANCHOR: half_close
    def fall_silent(self) -> None:
        """Say no more, and go on hearing."""
        self.speaks = False
        if self._room is not None:
            self._room.close_if_silent()

    # ANCHOR_END: half_close

    def leave(self, reason: RefusalError | None = None) -> None:
        """Leave the room, if this is still a member, for this reason."""
        room = self._room
        if room is None:
            return
        room.remove(self, reason)
        if not room.close_if_silent():
            room.tell(left(self))
            # Those who were put out just now may have been the last to speak.
            room.close_if_silent()

    def keep(self, event: pb.ChatResponse, size: int) -> None:
        self._hears.append((event, size))
        self.kept += size
        self._news.set()

    def end(self, reason: RefusalError | None) -> None:
        """Hear what is kept, and then that the call has ended so."""
        self._room = None
        self._refusal = reason
        self._news.set()

    # ANCHOR: hear
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> pb.ChatResponse:
        await self._news.wait()
        if not self._hears:
            raise self._refusal or StopAsyncIteration
        event, size = self._hears.popleft()
        self.kept -= size
        if not self._hears and self._room is not None:
            self._news.clear()
        return event

    # ANCHOR_END: hear


def left(member: Member) -> pb.ChatResponse:
    return pb.ChatResponse(left=pb.Left(name=member.name))


def cost(event: pb.ChatResponse) -> int:
    return OVERHEAD + event.ByteSize()
