"""Stock prices: `stock-ticker serve` answers calls, `quote`, `replay` and `watch` make them.

It is the program of solutions/stock-ticker in Python: the same command line, the same output, the
same exit codes, and the same tests pass. What the server streams is in service.py, how all who
watch a symbol share one line to the exchange in watch.py, and what the client does in client.py.
"""

import asyncio
import signal
import sys
from argparse import ArgumentParser, Namespace

from common.arguments import Parser, duration, listen_option, server_option, utf8, whole_number
from common.program import report

import client
import server

EXIT_CODES = """\
A DURATION is a number and a unit: 50ms, 10s, 5m. A line of output is the trade's number, the price
and the shares; "missed N" stands for N trades that came too fast for this program.

Exit codes: 0 well, 1 the server could not run or the output could not be written,
            2 wrong arguments, 64 + N a call that ended with gRPC status code N"""


def main() -> int:
    args = arguments()
    return report("stock-ticker", lambda: run(args))


def run(args: Namespace) -> None:
    if args.command == "serve":
        asyncio.run(server.serve(args.listen, still=args.still))
        return
    # Ctrl-C ends a client at once, as it does any other command, and not with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    client.ask(args)


def arguments() -> Namespace:
    parser = Parser(prog="stock-ticker", description="Stock prices over gRPC.", epilog=EXIT_CODES)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="answer calls until Ctrl-C")
    listen_option(serve)
    serve.add_argument("--still", action="store_true", help="no trade happens by itself")

    quote = commands.add_parser("quote", help="the last recorded trade")
    client_options(quote)
    timeout_option(quote)

    replay = commands.add_parser("replay", help="the recorded trades")
    client_options(replay)
    timeout_option(replay)
    replay.add_argument(
        "--limit",
        type=whole_number(1, 2**32 - 1),
        default=0,
        metavar="N",
        help="at most so many trades (all)",
    )
    replay.add_argument(
        "--interval",
        type=duration,
        default=0,
        metavar="DURATION",
        help="at least so much time between two of them (none)",
    )

    watch = commands.add_parser("watch", help="the trades of now, as they happen")
    client_options(watch)
    watch.add_argument(
        "--for",
        type=duration,
        dest="timeout",
        metavar="DURATION",
        help="how long to watch (until the exchange closes, or Ctrl-C)",
    )
    return parser.parse_args()


def client_options(parser: ArgumentParser) -> None:
    parser.add_argument("symbol", type=utf8, metavar="SYMBOL")
    server_option(parser)


def timeout_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        type=duration,
        default="60s",
        metavar="DURATION",
        help="how long the call may take, to its end (%(default)s)",
    )


if __name__ == "__main__":
    sys.exit(main())
