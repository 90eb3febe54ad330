"""What becomes of a call: the method of ChatService.

A call has two halves: the caller's messages come in, and what the server sends goes out. Neither
waits for the other.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from common.status import RefusalError, status_of

import grpc
from chat.v1 import chat_pb2 as pb
from chat.v1 import chat_pb2_grpc
from room import Member, Rooms

log = logging.getLogger("chat")

# The contract's, in bytes.
LONGEST_NAME = 64
LONGEST_TEXT = 65_536


class Chat(chat_pb2_grpc.ChatServiceServicer):
    def __init__(self, backlog: int) -> None:
        # How many bytes are kept for a member that does not read, is for the rooms to see to.
        self._rooms = Rooms(backlog)

    # ANCHOR: halves
    async def Chat(
        self, requests: AsyncIterator[pb.ChatRequest], context: grpc.aio.ServicerContext
    ) -> None:
        async with status_of(context):
            join = await read_join(requests)
            member = self._rooms.join(join.room, join.name)
            # The half that reads is a task of its own. In turn with the other, it would stand still
            # whenever the caller does not read; and a caller that writes before it reads would wait
            # for a server that waits for it.
            listening = asyncio.create_task(listen(requests, member))
            try:
                async for event in member:
                    # Waits while the caller does not read. Nobody waits for it: the room has put
                    # the event into this member's queue, and gone on.
                    await context.write(event)
            finally:
                # However the call ends: after the last event, by a cancel, or with the connection.
                member.leave()
                # A member that was put out may keep its own half open for ever.
                listening.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await listening

    # ANCHOR_END: halves


async def read_join(requests: AsyncIterator[pb.ChatRequest]) -> pb.Join:
    """Read the first message, which must be a valid join."""
    first = await anext(requests, None)
    if first is None or first.WhichOneof("action") != "join":
        raise invalid("the first message must be join")
    check("the room's name", first.join.room, LONGEST_NAME)
    check("your name", first.join.name, LONGEST_NAME)
    return first.join


# ANCHOR: listen
async def listen(requests: AsyncIterator[pb.ChatRequest], member: Member) -> None:
    """Read what a member says, until it says no more or breaks the contract."""
    try:
        async for request in requests:
            if request.WhichOneof("action") != "say":
                raise invalid("after join there is only say")
            check("the text", request.say.text, LONGEST_TEXT)
            if not member.say(request.say.text):
                # Put out, or the room is over. What else is said goes nowhere.
                return
        # The caller has ended its stream. Or it has cancelled the call, which for an instant looks
        # the same here; but then the task of the other half is cancelled, and leaves the room.
        member.fall_silent()
    except RefusalError as refusal:
        # For the other half to raise, when the member has heard what is kept for it.
        member.leave(refusal)
    except Exception:
        log.exception("the reading half of a call failed")
        message = "the server failed to do this"
        member.leave(RefusalError(grpc.StatusCode.INTERNAL, message))


# ANCHOR_END: listen


def check(what: str, text: str, longest: int) -> None:
    size = len(text.encode())
    if not text:
        message = f"{what} is empty"
        raise invalid(message)
    if size > longest:
        message = f"{what} has {size} bytes, and {longest} are allowed"
        raise invalid(message)


def invalid(message: str) -> RefusalError:
    return RefusalError(grpc.StatusCode.INVALID_ARGUMENT, message)
