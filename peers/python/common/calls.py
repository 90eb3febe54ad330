"""Calls, as a client sees them: a channel to make them on, and why one has failed."""

import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from common.program import FailureError

import grpc

# Codes that gRPC gives by itself too. There is then perhaps no server that has said anything, and
# whoever reads the line must learn which one it is.
_FROM_GRPC = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
}


def connect(server: str, options: Iterable[tuple[str, int]] = ()) -> grpc.Channel:
    """Give a channel, which connects at its first call: there is one place where that fails."""
    # C-core would send even this machine's own address through the proxy that http_proxy names.
    return grpc.insecure_channel(
        urlsplit(server).netloc, options=[("grpc.enable_http_proxy", 0), *options]
    )


def call_failed(code: grpc.StatusCode, message: str) -> FailureError:
    """Give the failure of a call, or of what a call has found out."""
    name = code.name.title().replace("_", "")
    # A StatusCode's value is the number of the code, and its name in lower case.
    return FailureError(64 + code.value[0], f"{name}: {message}")


def explain(server: str, error: grpc.RpcError, deadline: float | None = None) -> FailureError:
    """Give the failure of a call that ended with an error.

    The deadline is one of `time.monotonic`.
    """
    code = error.code()
    message = error.details() or ""
    # The deadline went along as grpc-timeout, so the server has one of its own. Some answer it
    # with another code, tonic with CANCELLED, and may be the first to say so.
    if deadline is not None and time.monotonic() >= deadline:
        code, message = grpc.StatusCode.DEADLINE_EXCEEDED, "no answer to the end within the timeout"
    if code in _FROM_GRPC:
        message = f"{server}: {message}"
    return call_failed(code, message)
