"""What the server answers: the methods of CalculatorService."""

import contextlib
import logging
from collections.abc import AsyncIterator

import grpc
from calculator.v1 import calculator_pb2 as pb
from calculator.v1 import calculator_pb2_grpc
from constants import Constants

log = logging.getLogger("calculator")


# ANCHOR: refusal
class RefusalError(Exception):
    """What cannot be answered: the status that the caller is to get."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@contextlib.asynccontextmanager
async def status_of(context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
    """Ends the call with the status of whatever is raised inside.

    Left alone, an exception reaches the caller as UNKNOWN, with its type and its text.
    """
    try:
        yield
    except RefusalError as refusal:
        # abort() ends the handler by raising: out here, where no except of ours is in the way.
        await context.abort(refusal.code, refusal.message)
    except Exception:
        # CancelledError is no Exception: a call that was given up passes through.
        log.exception("a handler failed")
        await context.abort(grpc.StatusCode.INTERNAL, "the calculator failed to work this out")


# ANCHOR_END: refusal


# ANCHOR: state
class Calculator(calculator_pb2_grpc.CalculatorServiceServicer):
    """One calculator serves every call on every connection, on the event loop's one thread.

    Between two awaits nothing else runs, so what it remembers needs no lock.
    """

    def __init__(self, constants: Constants) -> None:
        self._constants = constants
        self._known: dict[str, int] = {}

    # ANCHOR_END: state

    # ANCHOR: add
    async def Add(
        self, request: pb.AddRequest, context: grpc.aio.ServicerContext
    ) -> pb.AddResponse:
        async with status_of(context):
            return pb.AddResponse(result=work_out(pb.OPERATOR_ADD, request.a, request.b))

    # ANCHOR_END: add

    async def Subtract(
        self, request: pb.SubtractRequest, context: grpc.aio.ServicerContext
    ) -> pb.SubtractResponse:
        async with status_of(context):
            return pb.SubtractResponse(result=work_out(pb.OPERATOR_SUBTRACT, request.a, request.b))

    async def Multiply(
        self, request: pb.MultiplyRequest, context: grpc.aio.ServicerContext
    ) -> pb.MultiplyResponse:
        async with status_of(context):
            return pb.MultiplyResponse(result=work_out(pb.OPERATOR_MULTIPLY, request.a, request.b))

    async def Divide(
        self, request: pb.DivideRequest, context: grpc.aio.ServicerContext
    ) -> pb.DivideResponse:
        async with status_of(context):
            return pb.DivideResponse(result=work_out(pb.OPERATOR_DIVIDE, request.a, request.b))

    async def Evaluate(
        self, request: pb.EvaluateRequest, context: grpc.aio.ServicerContext
    ) -> pb.EvaluateResponse:
        async with status_of(context):
            return pb.EvaluateResponse(result=await self._value_of(request.expression))

    # ANCHOR: value_of
    async def _value_of(self, expression: pb.Expression) -> int:
        # A message field that was not set reads as an empty message, and so as no kind at all.
        match expression.WhichOneof("kind"):
            case "number":
                return expression.number
            case "constant":
                return await self._constant(expression.constant)
            case "operation":
                operation = expression.operation
                left = await self._value_of(operation.left)
                right = await self._value_of(operation.right)
                return work_out(operation.operator, left, right)
            case _:
                raise RefusalError(grpc.StatusCode.INVALID_ARGUMENT, "an expression is not set")

    # ANCHOR_END: value_of

    # ANCHOR: shared_state
    async def _constant(self, name: str) -> int:
        """Give the value of a constant, looked up once and then remembered."""
        if name in self._known:
            return self._known[name]
        # While this waits, the event loop runs every other call. When the caller leaves, gRPC
        # cancels this task, and CancelledError is raised here.
        value = await self._constants.look_up(name)
        if value is None:
            raise RefusalError(grpc.StatusCode.NOT_FOUND, f"there is no constant named {name!r}")
        # Only constants that exist are remembered, so the dict is no larger than the table.
        self._known[name] = value
        return value

    # ANCHOR_END: shared_state


# ANCHOR: errors
def work_out(operator: int, a: int, b: int) -> int:
    """Give the exact result of an operation, or say why there is none."""
    match operator:
        case pb.OPERATOR_ADD:
            sign, result = "+", a + b
        case pb.OPERATOR_SUBTRACT:
            sign, result = "-", a - b
        case pb.OPERATOR_MULTIPLY:
            sign, result = "*", a * b
        case pb.OPERATOR_DIVIDE if b == 0:
            raise RefusalError(grpc.StatusCode.INVALID_ARGUMENT, f"cannot divide {a} by zero")
        case pb.OPERATOR_DIVIDE:
            # Python's // rounds downwards and its / is a double: neither is what the contract says.
            quotient = abs(a) // abs(b)
            sign, result = "/", quotient if (a < 0) == (b < 0) else -quotient
        case pb.OPERATOR_UNSPECIFIED:
            raise RefusalError(grpc.StatusCode.INVALID_ARGUMENT, "the operator is not set")
        case _:
            raise RefusalError(
                grpc.StatusCode.INVALID_ARGUMENT, f"operator {operator} is not known"
            )
    # Python's integers have no bounds. The contract's have, and protobuf would raise ValueError.
    if not -(2**63) <= result < 2**63:
        raise RefusalError(
            grpc.StatusCode.OUT_OF_RANGE,
            f"the result of {a} {sign} {b} does not fit in 64 bits",
        )
    return result


# ANCHOR_END: errors
