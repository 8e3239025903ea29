"""Days, and ranges of days, as operators type them: in every command by the same options."""

import argparse
from datetime import date

from tieout.services.operate import CannotBeDone


def a_day(argument: str) -> date:
    """Return a day given as `2026-11-20`.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        return date.fromisoformat(argument)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a day like 2026-11-20, not {argument!r}"
        ) from None


def add_range(
    parser: argparse.ArgumentParser, first: str, last: str, *, required: bool = False
) -> None:
    """Add the options of a range, in either spelling.

    Args:
        parser: of the command.
        first: what the first day is, for people.
        last: what the last one is.
        required: whether there must be a first day.
    """
    parser.add_argument(
        "--since", "--from", dest="since", type=a_day, required=required, metavar="DAY", help=first
    )
    parser.add_argument("--until", "--to", dest="until", type=a_day, metavar="DAY", help=last)


def checked_range(since: date, until: date) -> tuple[date, date]:
    """Return the range.

    Raises:
        CannotBeDone: it ends before it begins.
    """
    if until < since:
        raise CannotBeDone(f"the last day, {until}, lies before the first, {since}")
    return since, until
