"""`tieout show`: what is known of a posting, and of the Stripe object that it belongs to."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import (
    DONE,
    add_command,
    amount_of,
    debit_and_credit,
    described,
    moment,
    say,
)
from tieout.cli.keys import checked
from tieout.cli.places import add_place, postings
from tieout.domain.effects import read
from tieout.domain.keys import failure_key
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import parse_subject
from tieout.services.operate import CannotBeDone, look_up
from tieout.services.ports import Postings

_SHOW = """examples:
  tieout show invoice/in_1 --stack tieout-prod
  tieout show charge/ch_1 --stack tieout-prod          a Stripe object without a posting of its own

With a Stripe object (invoice/in_1) come its other postings, one a line: receipts, void and others.
A posting names its day, what it does to each account, the version of the policy, and the rule that
chose each of its lines.
What was closed by hand says who closed it, when, and with what note."""


# What these states record is no document: its day is the first on which it could be dated.
_NO_DOCUMENT = frozenset({State.PARKED, State.NOT_BOOKED})


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known under a key.

    Attributes:
        key: as the operator gave it.
        posting: under this key, if there is one.
        others: of the Stripe object that the key names, if it names one.
    """

    key: str
    posting: Posting | None
    others: Sequence[Posting]


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    show = add_command(commands, "show", _show, COMMANDS["show"].summary, _SHOW)
    show.add_argument("keys", nargs="+", metavar="KEY", help="as the lists name it")
    add_place(show, "--table", "the postings table")


def _show(options: argparse.Namespace) -> int:
    table = postings(options)
    known, errors = [], []
    for key in dict.fromkeys(options.keys):
        try:
            known.append(_known(table, key))
        except CannotBeDone as error:
            errors.append(str(error))
    if options.json and known:
        say([_for_programs(each) for each in known])
    elif known:
        say("\n\n".join("\n".join(_lines(each)) for each in known))
    if errors:
        raise CannotBeDone("\n".join(errors))
    return DONE


def _known(table: Postings, key: str) -> _Known:
    checked([key])
    try:
        of_subject = table.of_subject(parse_subject(key))
    except ValueError:
        of_subject = []
    # That a message failed is for the processor to know.
    others = [each for each in of_subject if each.key not in {key, failure_key(key)}]
    try:
        (posting,) = look_up(table, [key])
    except CannotBeDone:
        if not others:
            raise
        return _Known(key, None, others)
    return _Known(key, posting, others)


def _for_programs(known: _Known) -> Mapping[str, object]:
    others = [{"key": each.key, "state": each.state} for each in known.others]
    if known.posting is None:
        return {"key": known.key, "others": others}
    accounts = [
        {"account": place, "amount_minor": amount_minor}
        for place, amount_minor in read(known.posting.effects).items()
    ]
    return {**described(known.posting), "accounts": accounts, "others": others}


def _lines(known: _Known) -> Iterator[str]:
    if known.posting is None:
        yield f"{known.key}  has no posting of its own"
    else:
        yield from posting_lines(known.posting)
    width = max((len(each.key) for each in known.others), default=0)
    for each in known.others:
        yield f"  also         {each.key:{width}}  {each.state:10}  {amount_of(each)}".rstrip()


def posting_lines(posting: Posting, told: Callable[[int], str] = moment) -> Iterator[str]:
    """Yield what a posting says, as people read it, its times as `told` has them."""
    yield f"{posting.key}  {posting.state}  {amount_of(posting)}".rstrip()
    facts = {
        "reason": posting.reason,
        "text": posting.reason_text,
        "subject": str(posting.subject),
        "document": f"{posting.document_type} {posting.number}".strip(),
        "not before" if posting.state in _NO_DOCUMENT else "dated": posting.posting_date,
        "RECORDNO": posting.record_no,
        "policy": posting.policy_version,
        "attempts": posting.attempts,
        "last change": f"{told(posting.updated_at_unix)} by {posting.trigger or 'nobody named'}",
    }
    for name, value in facts.items():
        if value:
            yield f"  {name:11}  {value}"
    for entry in posting.chosen_by.splitlines():
        yield f"  line {entry}" if entry[:1].isdecimal() else f"  {entry}"
    yield from _accounts(posting)


def _accounts(posting: Posting) -> Iterator[str]:
    if not posting.effects or posting.currency is None:
        return
    if posting.state is not State.POSTED:
        yield "  what was last sent:"
    try:
        sums = read(posting.effects)
    except ValueError:
        yield f"  accounts that nobody can read: {posting.effects}"
        return
    width = max(len(place) for place in sums)
    yield f"  {'account':{width}} {'debit':>20} {'credit':>20}"
    for place, amount_minor in sums.items():
        debit, credit = debit_and_credit(amount_minor, posting.currency)
        yield f"  {place:{width}} {debit:>20} {credit:>20}".rstrip()
