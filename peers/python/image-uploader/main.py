"""The image store: `image-uploader serve` keeps images, `put` and `info` ask for it.

It is the program of solutions/image-uploader in Python: the same command line, the same output,
the same exit codes, and the same tests pass. What the server does with a stream of messages is in
service.py and upload.py, what the client sends is in client.py.
"""

import asyncio
import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from common.arguments import Parser, listen_option, seconds, server_option, size, utf8
from common.program import FailureError, report, show

import client
import server

EXIT_CODES = """\
Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            3 the file could not be read, or changed while it was,
            64 + N a call that ended with gRPC status code N"""


def main() -> int:
    args = arguments()
    return report("image-uploader", lambda: run(args))


def run(args: Namespace) -> None:
    if args.command == "serve":
        serve(args)
        return
    # Ctrl-C ends a client at once, as it does any other command, and not with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ask = client.put if args.command == "put" else client.info
    image = ask(args)
    show(f"{args.name}: {image.size} bytes, sha256 {image.sha256.hex()}")


def serve(args: Namespace) -> None:
    try:
        asyncio.run(server.serve(args.listen, args.store, args.quota))
    except server.StoreError as error:
        message = f"cannot keep images in {args.store}: {error}"
        raise FailureError(1, message) from error


def arguments() -> Namespace:
    parser = Parser(
        prog="image-uploader", description="An image store over gRPC.", epilog=EXIT_CODES
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="keep images in a folder, until Ctrl-C")
    listen_option(serve)
    serve.add_argument(
        "--store",
        type=Path,
        required=True,
        metavar="DIR",
        help="the folder of the images; it is made if it is not there",
    )
    serve.add_argument(
        "--quota",
        type=size(0, 2**64 - 1),
        default="64MiB",
        metavar="SIZE",
        help="the largest image that is taken, such as 100KiB or 1GiB (%(default)s)",
    )

    put = commands.add_parser("put", help="upload a file")
    put.add_argument("file", metavar="FILE")
    put.add_argument("--name", type=utf8, metavar="NAME", help="what to store it as (its own name)")
    put.add_argument(
        "--progress",
        action="store_true",
        help="show progress even where standard error is no terminal",
    )
    client_options(put)

    info = commands.add_parser("info", help="what is stored under a name")
    info.add_argument("name", type=utf8, metavar="NAME")
    client_options(info)

    args = parser.parse_args()
    if args.command == "put" and args.name is None:
        args.name = own_name(parser, args.file)
    return args


def client_options(parser: ArgumentParser) -> None:
    server_option(parser)
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long the whole call may take (%(default)s)",
    )


def own_name(parser: ArgumentParser, file: str) -> str:
    """Give a file's own name. What an image may be called is for the server to say."""
    name = os.fsencode(os.path.basename(file))
    try:
        return name.decode()
    except UnicodeDecodeError:
        parser.error("the file's name is no name for an image; give one: --name NAME")


if __name__ == "__main__":
    sys.exit(main())
