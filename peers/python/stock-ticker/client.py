"""What the client asks, and prints."""

import time
from argparse import Namespace
from collections.abc import Iterator

from common.calls import call_failed, connect, explain
from common.program import show

import grpc
from google.protobuf.duration_pb2 import Duration
from grpc.experimental import ChannelOptions
from ticker.v1 import ticker_pb2 as pb
from ticker.v1.ticker_pb2_grpc import TickerServiceStub

# By default a thread of gRPC's receives, and hands each reply over. With this the thread that asks
# for a reply receives it: no hand-over, and three times as many replies a second. Experimental.
ONE_THREAD = [(ChannelOptions.SingleThreadedUnaryStream, 1)]


# ANCHOR: client
def ask(args: Namespace) -> None:
    """Ask the server, and print what it answers as it comes."""
    # One for the whole call, to its last reply. A watch may be without one.
    deadline = None if args.timeout is None else time.monotonic() + args.timeout
    with connect(args.server, ONE_THREAD) as channel:
        try:
            for line in answers(TickerServiceStub(channel), args):
                # While nobody reads the output this waits, and no further reply is asked for: the
                # window fills, and the server waits as well.
                show(line)
        except grpc.RpcError as error:
            if args.command == "watch" and deadline is not None and time.monotonic() >= deadline:
                # It has watched for as long as it was to, whichever side has noticed first.
                return
            raise explain(args.server, error, deadline) from error


# ANCHOR_END: client


# ANCHOR: answers
def answers(stub: TickerServiceStub, args: Namespace) -> Iterator[str]:
    """Make the call, and give a line for each reply.

    A reply is waited for where the iterator is asked for the next one. An error of the call is
    raised there too, after every reply that came before.
    """
    match args.command:
        case "quote":
            quote = stub.GetQuote(pb.GetQuoteRequest(symbol=args.symbol), timeout=args.timeout)
            yield described(quote)
        case "replay":
            interval = Duration()
            interval.FromNanoseconds(round(args.interval * 1e9))
            replay = pb.ReplayRequest(symbol=args.symbol, limit=args.limit, interval=interval)
            for reply in stub.Replay(replay, timeout=args.timeout):
                yield described(reply)
        case "watch":
            watch = pb.WatchRequest(symbol=args.symbol)
            for reply in stub.Watch(watch, timeout=args.timeout):
                match reply.WhichOneof("event"):
                    case "tick":
                        yield described(reply)
                    case "missed":
                        yield f"missed {reply.missed}"
                    # Anything else is of a newer contract than this program.


# ANCHOR_END: answers


def described(reply: pb.GetQuoteResponse | pb.ReplayResponse | pb.WatchResponse) -> str:
    if not reply.HasField("tick"):
        # It would read as an empty one.
        message = "the server sent a reply without a tick"
        raise call_failed(grpc.StatusCode.INTERNAL, message)
    tick = reply.tick
    sign = "-" if tick.price_cents < 0 else ""
    dollars, cents = divmod(abs(tick.price_cents), 100)
    return f"{tick.sequence} {sign}{dollars}.{cents:02} {tick.shares}"
