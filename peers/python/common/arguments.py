"""Command lines: a parser, and the types of options."""

import argparse
import ipaddress
import re
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit

DEFAULT_ADDRESS = "127.0.0.1:50051"
DEFAULT_SERVER = f"http://{DEFAULT_ADDRESS}"

DAY = 24 * 60 * 60  # seconds

_SIZES = {"": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40, "PiB": 50}
_DURATIONS = {"ms": 0.001, "s": 1, "m": 60}


class Parser(argparse.ArgumentParser):
    """Says on one line what is wrong with the arguments, and exits with 2.

    A command's own parser is made by the same class, so this holds for it too.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        program, _, _ = self.prog.partition(" ")
        self.exit(2, f"{program}: {message} (see {self.prog} --help)\n")


def listen_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen",
        type=address,
        default=DEFAULT_ADDRESS,
        metavar="ADDRESS",
        help="where to listen; port 0 takes any free port (%(default)s)",
    )


def server_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server",
        type=http_url,
        default=DEFAULT_SERVER,
        metavar="URL",
        help="the server to ask (%(default)s)",
    )


def address(text: str) -> str:
    try:
        url = urlsplit(f"//{text}")
        ipaddress.ip_address(url.hostname or "")
        if url.port is not None and url.netloc == text:
            return text
    except ValueError:
        pass
    message = f"{text!r} is not an address such as {DEFAULT_ADDRESS}"
    raise argparse.ArgumentTypeError(message)


def http_url(text: str) -> str:
    try:
        url = urlsplit(text)
        if url.scheme == "http" and url.hostname and url.port:
            return text
    except ValueError:
        pass
    message = f"{text!r} is not a URL such as {DEFAULT_SERVER}"
    raise argparse.ArgumentTypeError(message)


def utf8(text: str) -> str:
    """Take a text that may become a proto3 string."""
    try:
        # What an argument has that is no UTF-8, Python hands on as half a surrogate pair.
        text.encode()
    except UnicodeEncodeError:
        message = f"{text!r} is not UTF-8"
        raise argparse.ArgumentTypeError(message) from None
    return text


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # int() would take "1_000" and " 1 " as well.
        if re.fullmatch(r"-?[0-9]{1,20}", text, re.ASCII) and smallest <= int(text) <= largest:
            return int(text)
        message = f"{text!r} is not a whole number from {smallest} to {largest}"
        raise argparse.ArgumentTypeError(message)

    return parse


def size(smallest: int, largest: int) -> Callable[[str], int]:
    """Give a type for a number of bytes, or of a larger unit."""

    def parse(text: str) -> int:
        match = re.fullmatch(r"([0-9]{1,20})((?:[KMGTP]iB)?)", text, re.ASCII)
        if match:
            number = int(match[1]) << _SIZES[match[2]]
            if smallest <= number <= largest:
                return number
        message = f"{text!r} is not a number of bytes from {smallest} to {largest}, such as 512KiB"
        raise argparse.ArgumentTypeError(message)

    return parse


def seconds(text: str) -> float:
    """Take a time of up to a day, in seconds and fractions of them."""
    try:
        number = float(text)
        # Written so that NaN is refused as well.
        if 0 <= number <= DAY:
            return number
    except ValueError:
        pass
    message = f"{text!r} is not a number of seconds, from 0 to a day"
    raise argparse.ArgumentTypeError(message)


def duration(text: str) -> float:
    """Take a time of up to a day with its unit, and give it in seconds."""
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m)", text, re.ASCII)
    if match:
        time = int(match[1]) * _DURATIONS[match[2]]
        if time <= DAY:
            return time
    message = f"{text!r} is not a time of a day or less, such as 50ms, 10s or 5m"
    raise argparse.ArgumentTypeError(message)
