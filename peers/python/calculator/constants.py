"""Named constants, as if they were kept in a database far away.

A look-up can be slow (a test decides how slow, through inspection.py), and one row is damaged:
looking it up raises, as a bug in somebody else's library would. Every look-up is counted.

Everything here runs on the event loop's one thread.
"""

import asyncio
from dataclasses import dataclass, field


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Row:
    # None: the row is damaged.
    value: int | None
    # Unset while look-ups are held.
    released: asyncio.Event = field(default_factory=_set_event)
    # What has become of the look-ups so far.
    waiting: int = 0
    answered: int = 0
    abandoned: int = 0


class Constants:
    def __init__(self) -> None:
        self._rows = {
            "dozen": Row(12),
            "gross": Row(144),
            "seconds_per_day": Row(86_400),
            "metres_per_light_year": Row(9_460_730_472_580_800),
            "cubit": Row(None),
        }

    def row(self, name: str) -> Row | None:
        return self._rows.get(name)

    # ANCHOR: look_up
    async def look_up(self, name: str) -> int | None:
        """Give the value of a constant, or None if there is no such constant.

        Cancelling the task abandons the look-up. Raises if the constant's row is damaged.
        """
        row = self.row(name)
        if row is None:
            return None
        row.waiting += 1
        answered = False
        try:
            await row.released.wait()
            if row.value is None:
                message = f"the row of {name!r} is damaged"
                raise ValueError(message)
            answered = True
            return row.value
        finally:
            # Reached in every case, CancelledError included.
            row.waiting -= 1
            if answered:
                row.answered += 1
            else:
                row.abandoned += 1

    # ANCHOR_END: look_up
