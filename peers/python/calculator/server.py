"""The server: binds the port, says where it listens, stops at Ctrl-C or SIGTERM."""

import asyncio
import signal

import grpc
from calculator.v1 import calculator_pb2_grpc, inspect_pb2_grpc
from constants import Constants
from inspection import Inspect
from service import Calculator

# How many seconds calls that are under way at the end may go on before the server leaves anyway.
FAREWELL = 3


class PortError(Exception):
    """The port cannot be bound."""


# ANCHOR: serve
async def serve(listen: str) -> None:
    # By default gRPC sets SO_REUSEPORT, and a second server on the same port is no error: the two
    # would share its connections.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    constants = Constants()
    calculator_pb2_grpc.add_CalculatorServiceServicer_to_server(Calculator(constants), server)
    inspect_pb2_grpc.add_InspectServiceServicer_to_server(Inspect(constants), server)
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError as error:
        message = "it is in use, or not an address of this machine"
        raise PortError(message) from error

    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop.set)

    await server.start()
    host, _, _ = listen.rpartition(":")
    # Flushed: standard output may be a pipe, and somebody waits for this line.
    print(f"listening on {host}:{port}", flush=True)
    await asked_to_stop.wait()
    await server.stop(FAREWELL)


# ANCHOR_END: serve
