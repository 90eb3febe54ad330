"""How a call ends whose handler has raised something."""

import contextlib
import logging
from collections.abc import AsyncIterator

import grpc

log = logging.getLogger("server")


# ANCHOR: status_of
class RefusalError(Exception):
    """What cannot be answered: the status that the caller is to get."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@contextlib.asynccontextmanager
async def status_of(context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
    """End the call with the status of whatever is raised inside.

    Left alone, an exception reaches the caller as UNKNOWN, with its type and its text.
    """
    try:
        yield
    except RefusalError as refusal:
        # abort() ends the handler by raising: out here, where no except of ours is in the way.
        await context.abort(refusal.code, refusal.message)
    except grpc.aio.InternalError:
        # From a write: the caller has cancelled, or is gone, while it waited. gRPC knows that.
        raise
    except Exception:
        # CancelledError is no Exception: a call that was given up elsewhere passes through.
        log.exception("a handler failed")
        await context.abort(grpc.StatusCode.INTERNAL, "the server failed to do this")


# ANCHOR_END: status_of
