"""What the client asks, and what it says when a call fails."""

import time

from common.calls import connect, explain

import grpc
from calculator.v1 import calculator_pb2 as pb
from calculator.v1.calculator_pb2_grpc import CalculatorServiceStub


# ANCHOR: client
def calculate(server: str, timeout: float, operator: str, numbers: list[int]) -> int:
    """Work from left to right, one call a step, all of them on one channel.

    The whole calculation may take `timeout` seconds. A command line does one thing at a time, so
    the plain, blocking API is the right one here.
    """
    deadline = time.monotonic() + timeout
    # The channel connects at its first call.
    with connect(server) as channel:
        stub = CalculatorServiceStub(channel)
        result, *others = numbers
        try:
            for number in others:
                # Every call takes what is left. Without a timeout it may wait for ever.
                left = max(0, deadline - time.monotonic())
                result = call(stub, operator, result, number, timeout=left)
        except grpc.RpcError as error:
            # It looks at the clock as well: once the deadline has passed, some servers are faster
            # to say so than gRPC here, and in another code.
            raise explain(server, error, deadline) from error
        return result


# ANCHOR_END: client


# ANCHOR: call
def call(stub: CalculatorServiceStub, operator: str, a: int, b: int, *, timeout: float) -> int:
    match operator:
        case "add":
            return stub.Add(pb.AddRequest(a=a, b=b), timeout=timeout).result
        case "subtract":
            return stub.Subtract(pb.SubtractRequest(a=a, b=b), timeout=timeout).result
        case "multiply":
            return stub.Multiply(pb.MultiplyRequest(a=a, b=b), timeout=timeout).result
        case "divide":
            return stub.Divide(pb.DivideRequest(a=a, b=b), timeout=timeout).result
    raise AssertionError(operator)


# ANCHOR_END: call
