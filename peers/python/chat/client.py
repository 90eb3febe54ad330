"""What the client says and shows."""

from argparse import Namespace
from collections.abc import Iterator

from common.calls import connect, explain
from common.program import show

import grpc
from chat.v1 import chat_pb2 as pb
from chat.v1.chat_pb2_grpc import ChatServiceStub
from terminal import typed


# ANCHOR: client
def join(args: Namespace) -> None:
    """Talk in a room until it is over: what is typed is said, what is heard is shown."""
    with connect(args.server) as channel:
        # gRPC asks for what is to be said on a thread of its own, and this thread for what is to be
        # shown. Neither waits for the other.
        heard = ChatServiceStub(channel).Chat(said(args.room, args.name))
        try:
            for response in heard:
                line = describe(response)
                if line is not None:
                    show(line)
        except grpc.RpcError as error:
            raise explain(args.server, error) from error


# ANCHOR_END: client


# ANCHOR: half_close
def said(room: str, name: str) -> Iterator[pb.ChatRequest]:
    """Give join, and then every line that is typed.

    It is asked for the next when the connection has taken the last. Where it ends, gRPC ends the
    stream: the half-close. The other half goes on.
    """
    yield pb.ChatRequest(join=pb.Join(room=room, name=name))
    for text in typed():
        yield pb.ChatRequest(say=pb.Say(text=text))


# ANCHOR_END: half_close


def describe(response: pb.ChatResponse) -> str | None:
    match response.WhichOneof("event"):
        case "welcome" if response.welcome.members:
            return f"* with {', '.join(response.welcome.members)}"
        case "welcome":
            return "* nobody else is here"
        case "joined":
            return f"* {response.joined.name} joined"
        case "left":
            return f"* {response.left.name} left"
        case "said":
            return f"{response.said.name}: {response.said.text}"
    # An event of a newer contract than this program's.
    return None
