"""What the server is made of."""

from common.server import serve as serve_until_stopped

import grpc
from chat.v1 import chat_pb2_grpc, inspect_pb2_grpc
from inspection import Inspect
from service import Chat

# How often a connection is asked for a sign of life. A machine that loses its power, or its
# network, sends nothing that would end its calls.
PINGS = [
    ("grpc.keepalive_time_ms", 20_000),
    # Without this C-core stops asking after two pings between which no data is sent.
    ("grpc.http2.max_pings_without_data", 0),
]


async def serve(listen: str, backlog: int) -> None:
    def add(server: grpc.aio.Server) -> None:
        chat_pb2_grpc.add_ChatServiceServicer_to_server(Chat(backlog), server)
        inspect_pb2_grpc.add_InspectServiceServicer_to_server(Inspect(), server)

    await serve_until_stopped(listen, add, PINGS)
