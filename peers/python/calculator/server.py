"""What the server is made of."""

from common.server import serve as serve_until_stopped

import grpc
from calculator.v1 import calculator_pb2_grpc, inspect_pb2_grpc
from constants import Constants
from inspection import Inspect
from service import Calculator


async def serve(listen: str) -> None:
    constants = Constants()

    def add(server: grpc.aio.Server) -> None:
        calculator_pb2_grpc.add_CalculatorServiceServicer_to_server(Calculator(constants), server)
        inspect_pb2_grpc.add_InspectServiceServicer_to_server(Inspect(constants), server)

    await serve_until_stopped(listen, add)
