"""The calculator: `calculator serve` answers calls, `calculator add 2 3` makes them.

It is the program of solutions/calculator in Python: the same command line, the same output, the
same exit codes, and the same tests pass. What the server answers is in service.py, what the
client asks is in client.py.
"""

import argparse
import asyncio
import ipaddress
import os
import signal
import sys
from typing import NoReturn
from urllib.parse import urlsplit

# gRPC would write to standard error as well, lines that are for its own developers. It reads this
# when it is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import client
import server

EXIT_CODES = """\
Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            64 + N a call that ended with gRPC status code N"""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"calculator: {message} (see {self.prog} --help)\n")


def main() -> int:
    parser = arguments()
    args = parser.parse_args()
    if args.command == "serve":
        try:
            asyncio.run(server.serve(args.listen))
        except server.PortError as error:
            print(f"calculator: cannot serve on {args.listen}: {error}", file=sys.stderr)
            return 1
        return 0

    if len(args.numbers) < 2:  # noqa: PLR2004
        parser.error(f"{args.command} needs two whole numbers or more")
    # Ctrl-C ends a client at once, as it does any other command, and not with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        print(client.calculate(args.server, args.timeout, args.command, args.numbers))
    except client.CalculationError as failure:
        print(f"calculator: {failure}", file=sys.stderr)
        return failure.exit_code
    return 0


def arguments() -> Parser:
    parser = Parser(
        prog="calculator",
        description="Integer arithmetic over gRPC.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="answer calls until Ctrl-C", allow_abbrev=False)
    serve.add_argument(
        "--listen",
        type=address,
        default="127.0.0.1:50051",
        metavar="ADDRESS",
        help="where to listen; port 0 takes any free port (%(default)s)",
    )
    for operator in ("add", "subtract", "multiply", "divide"):
        calculation = commands.add_parser(
            operator, help=f"{operator} from left to right, one call a step", allow_abbrev=False
        )
        calculation.add_argument("numbers", type=int64, nargs="+", metavar="NUMBER")
        calculation.add_argument(
            "--server",
            type=http_url,
            default="http://127.0.0.1:50051",
            metavar="URL",
            help="the server to ask (%(default)s)",
        )
        calculation.add_argument(
            "--timeout",
            type=seconds,
            default=5.0,
            metavar="SECONDS",
            help="how long the whole calculation may take (%(default)s)",
        )
    return parser


def int64(text: str) -> int:
    try:
        number = int(text)
        if -(2**63) <= number < 2**63:
            return number
    except ValueError:
        pass
    message = f"{text!r} is not a whole number of 64 bits"
    raise argparse.ArgumentTypeError(message)


def seconds(text: str) -> float:
    try:
        number = float(text)
        # Written so that NaN is refused as well.
        if 0 <= number <= 1e9:  # noqa: PLR2004
            return number
    except ValueError:
        pass
    message = f"{text!r} is not a number of seconds"
    raise argparse.ArgumentTypeError(message)


def address(text: str) -> str:
    try:
        url = urlsplit(f"//{text}")
        ipaddress.ip_address(url.hostname or "")
        if url.port is not None and url.netloc == text:
            return text
    except ValueError:
        pass
    message = f"{text!r} is not an address such as 127.0.0.1:50051"
    raise argparse.ArgumentTypeError(message)


def http_url(text: str) -> str:
    try:
        url = urlsplit(text)
        if url.scheme == "http" and url.hostname and url.port:
            return text
    except ValueError:
        pass
    message = f"{text!r} is not a URL such as http://127.0.0.1:50051"
    raise argparse.ArgumentTypeError(message)


if __name__ == "__main__":
    sys.exit(main())
