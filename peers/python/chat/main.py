"""Rooms in which people talk: `chat serve` holds them, `chat join ROOM --name NAME` talks in one.

It is the program of solutions/chat in Python: the same command line, the same output, the same exit
codes, and the same tests pass. What a room is stands in room.py, what becomes of a call in
service.py, and what the client does in client.py.
"""

import asyncio
import os
import signal
import sys
from argparse import Namespace

from common.arguments import Parser, listen_option, server_option, size, utf8
from common.program import report

import client
import server

EXIT_CODES = """\
Each line that you type is said to the room. At the end of input (Ctrl-D) you go on hearing until
nobody is left who may speak. Ctrl-C leaves at once.

Exit codes: 0 well, 1 the server could not run or the output could not be written,
            2 wrong arguments, 64 + N a call that ended with gRPC status code N"""

# Bytes. Room for one text of the largest size, and a second one that comes while it is written.
LEAST_BACKLOG = 128 << 10
MOST_BACKLOG = 1 << 30


def main() -> int:
    args = arguments()
    return report("chat", lambda: run(args))


def run(args: Namespace) -> None:
    if args.command == "serve":
        asyncio.run(server.serve(args.listen, args.backlog))
        return
    # The connection ends with the process, and that is leaving.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    client.join(args)


def arguments() -> Namespace:
    parser = Parser(
        prog="chat", description="Rooms in which people talk, over gRPC.", epilog=EXIT_CODES
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="hold rooms until Ctrl-C")
    listen_option(serve)
    serve.add_argument(
        "--backlog",
        type=size(LEAST_BACKLOG, MOST_BACKLOG),
        default="16MiB",
        metavar="SIZE",
        help="how much is kept for a member that does not read, before it is put out (%(default)s)",
    )

    join = commands.add_parser("join", help="talk in a room")
    join.add_argument("room", type=utf8, metavar="ROOM")
    join.add_argument(
        "--name", type=utf8, required=True, metavar="NAME", help="what others know you by"
    )
    server_option(join)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
