"""The calculator: `calculator serve` answers calls, `calculator add 2 3` makes them.

It is the program of solutions/calculator in Python: the same command line, the same output, the
same exit codes, and the same tests pass. What the server answers is in service.py, what the
client asks is in client.py.
"""

import asyncio
import signal
import sys
from argparse import Namespace

from common.arguments import Parser, listen_option, seconds, server_option, whole_number
from common.program import report

import client
import server

EXIT_CODES = """\
Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            64 + N a call that ended with gRPC status code N"""


def main() -> int:
    args = arguments()
    return report("calculator", lambda: run(args))


def run(args: Namespace) -> None:
    if args.command == "serve":
        asyncio.run(server.serve(args.listen))
        return
    # Ctrl-C ends a client at once, as it does any other command, and not with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print(client.calculate(args.server, args.timeout, args.command, args.numbers))


def arguments() -> Namespace:
    parser = Parser(
        prog="calculator", description="Integer arithmetic over gRPC.", epilog=EXIT_CODES
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="answer calls until Ctrl-C")
    listen_option(serve)
    for operator in ("add", "subtract", "multiply", "divide"):
        calculation = commands.add_parser(
            operator, help=f"{operator} from left to right, one call a step"
        )
        int64 = whole_number(-(2**63), 2**63 - 1)
        calculation.add_argument("numbers", type=int64, nargs="+", metavar="NUMBER")
        server_option(calculation)
        calculation.add_argument(
            "--timeout",
            type=seconds,
            default=5.0,
            metavar="SECONDS",
            help="how long the whole calculation may take (%(default)s)",
        )
    args = parser.parse_args()
    if args.command != "serve" and len(args.numbers) < 2:  # noqa: PLR2004
        parser.error(f"{args.command} needs two whole numbers or more")
    return args


if __name__ == "__main__":
    sys.exit(main())
