"""A server: binds the port, says where it listens, stops at Ctrl-C or SIGTERM."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterable

from common.program import FailureError

import grpc

# A server that is told to stop leaves within three seconds. So many are for calls that are under
# way, and the rest for the handlers of those that did not end by then.
FAREWELL = 2.5
CLEAN_UP = 0.4


# ANCHOR: serve
async def serve(
    listen: str,
    add: Callable[[grpc.aio.Server], None],
    options: Iterable[tuple[str, int]] = (),
) -> None:
    """Serve what `add` adds to the server."""
    # By default gRPC sets SO_REUSEPORT, and a second server on the same port is no error: the two
    # would share its connections.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), *options])
    add(server)
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError as error:
        message = f"cannot serve on {listen}: it is in use, or not an address of this machine"
        raise FailureError(1, message) from error

    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_stop.set)

    others = asyncio.all_tasks()
    await server.start()
    host, _, _ = listen.rpartition(":")
    # Flushed: standard output may be a pipe, and somebody waits for this line.
    print(f"listening on {host}:{port}", flush=True)
    await asked_to_stop.wait()
    # At the end of its grace, stop() cancels the calls that are left. It does not wait for their
    # handlers, which may have something to put away.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL + CLEAN_UP):
            await server.stop(FAREWELL)
            if handlers := asyncio.all_tasks() - others:
                await asyncio.wait(handlers)


# ANCHOR_END: serve
