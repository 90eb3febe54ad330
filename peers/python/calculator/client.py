"""What the client asks, and what it says when a call fails."""

import time
from urllib.parse import urlsplit

import grpc
from calculator.v1 import calculator_pb2 as pb
from calculator.v1.calculator_pb2_grpc import CalculatorServiceStub


class CalculationError(Exception):
    """A calculation that failed: one line for people, an exit code for scripts."""

    def __init__(self, server: str, code: grpc.StatusCode, message: str) -> None:
        if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            # Most often there is no server that could have said which one it is.
            message = f"{server}: {message}"
        name = code.name.title().replace("_", "")
        # The message may come from anybody; a second line in it would look like one of ours.
        super().__init__(f"{name}: {repr(message)[1:-1]}")
        # A StatusCode's value is the number of the code, and its name in lower case.
        self.exit_code = 64 + code.value[0]


# ANCHOR: client
def calculate(server: str, timeout: float, operator: str, numbers: list[int]) -> int:
    """Work from left to right, one call a step, all of them on one channel.

    The whole calculation may take `timeout` seconds. A command line does one thing at a time, so
    the plain, blocking API is the right one here.
    """
    deadline = time.monotonic() + timeout
    # The channel connects at its first call. C-core would send even this machine's own address
    # through the proxy that http_proxy names.
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(urlsplit(server).netloc, options=options) as channel:
        stub = CalculatorServiceStub(channel)
        result, *others = numbers
        try:
            for number in others:
                # Every call takes what is left. Without a timeout it may wait for ever.
                left = max(0, deadline - time.monotonic())
                result = call(stub, operator, result, number, timeout=left)
        except grpc.RpcError as error:
            code = error.code()
            # The deadline went along as grpc-timeout, so the server has one of its own. Some answer
            # it with another code, tonic with CANCELLED, and may be the first to say so.
            if time.monotonic() >= deadline:
                code = grpc.StatusCode.DEADLINE_EXCEEDED
            raise CalculationError(server, code, error.details() or "") from error
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
