"""Plan files: what was shown to a person, so that exactly this is posted and nothing else.

A header, a line for each subject that has something to send, and a seal over all of it. The
documents are named by key and digest: what they say is planned again before it is posted, and must
come to the same.

    {"tieout_plan": 2, "stack": "tieout-prod", "policy_version": "...", "created_by": "ada", ...}
    {"subject": "invoice/in_1", "documents": {"invoice/in_1": "<digest>", ...}}
    {"seal": {"subjects": 1, "documents": 2, "transactions": 2}, "sha256": "..."}

The seal tells a file that was edited, cut or mixed up; it is no signature, since whoever may apply
a plan may make one, too.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from tieout.domain.subjects import Subject, parse_subject
from tieout.services.operate import CannotBeDone
from tieout.services.preview import Preview

VERSION = 2
_SEAL_BEGINS = '{"seal":'


@dataclass(frozen=True, slots=True)
class Header:
    """What a plan was made for.

    Attributes:
        since, until: ISO days of the range; empty if single subjects were asked for.
        budget_reached: see `Policy.budget_reached`, when it was made: what was approved in detail
            is posted in detail, whatever the month has used by then.
    """

    stack: str
    policy_version: str
    created_by: str
    created_at_unix: int
    since: str
    until: str
    budget_reached: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """What a plan comes to: how many subjects, documents (each once), and paid transactions."""

    subjects: int
    documents: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved of one subject: the digest of each document to send, by key."""

    subject: Subject
    documents: Mapping[str, str]


class PlanWriter:
    """Writes a plan line by line, so that its length does not matter."""

    def __init__(self, stream: TextIO, header: Header) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._subjects = self._documents = 0
        self._write({"tieout_plan": VERSION, **asdict(header)})

    def add(self, preview: Preview) -> None:
        """Write down what would be sent for a subject; nothing, if that is nothing."""
        documents = preview.to_send()
        if documents:
            self._write({"subject": str(preview.subject), "documents": dict(documents)})
            self._subjects += 1
            self._documents += len(documents)

    def seal(self, transactions: int) -> Seal:
        """Write the last line; without it the file is no plan."""
        seal = Seal(self._subjects, self._documents, transactions)
        sha256 = _sealed(self._hash, asdict(seal))
        self._stream.write(_line({"seal": asdict(seal), "sha256": sha256}))
        return seal

    def _write(self, content: Mapping[str, object]) -> None:
        line = _line(content)
        self._hash.update(line.encode())
        self._stream.write(line)


def checked(lines: Iterable[str]) -> tuple[Header, Seal]:
    """Return what a plan file is for and comes to, after reading all of it.

    Raises:
        CannotBeDone: it is no plan, of another version, cut, or not as it was written.
    """
    hashed, header, last = hashlib.sha256(), None, ""
    for number, line in enumerate(lines, 1):
        if header is None:
            header = _header(line)
        if last.startswith(_SEAL_BEGINS):
            raise CannotBeDone(
                f"line {number} is no part of the plan, which ends with line {number - 1}. Nothing "
                "is posted; take away all after that, or make a new plan"
            )
        if last:
            hashed.update(last.encode())
        last = line
    if header is None:
        raise CannotBeDone("the file is empty: it is no plan")
    content = _parsed(last)
    if content.keys() != {"seal", "sha256"}:
        raise CannotBeDone(
            "the plan has no end: it was cut, or `tieout plan` was interrupted. Nothing is posted; "
            "make a new one"
        )
    if _sealed(hashed, content["seal"]) != content["sha256"]:
        raise CannotBeDone(
            "the plan is not as `tieout plan` wrote it: its seal does not fit. Nothing is posted; "
            "make a new one, and narrow it with ids, --since and --until instead of editing it"
        )
    return header, Seal(**content["seal"])


def approved(lines: Iterable[str]) -> Iterator[Approved]:
    """Yield what was approved, subject by subject, from a file that was `checked`."""
    for line in lines:
        content = _parsed(line)
        if "subject" in content:
            yield Approved(parse_subject(content["subject"]), content["documents"])


def _header(line: str) -> Header:
    content = _parsed(line)
    if "tieout_plan" not in content:
        raise CannotBeDone("this is no plan: `tieout plan ... --out FILE` writes one")
    version = content.pop("tieout_plan")
    if version != VERSION:
        raise CannotBeDone(
            f"the plan is of version {version}, this is a tieout for version {VERSION}: "
            "make a new one"
        )
    if content.keys() != Header.__dataclass_fields__.keys():
        raise CannotBeDone("the plan's first line was edited. Nothing is posted; make a new one")
    return Header(**content)


def _parsed(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise CannotBeDone(
            "this is no plan, or it was edited: a line of it is no JSON object. Nothing is posted"
        )
    return content


def _line(content: Mapping[str, object]) -> str:
    return json.dumps(content, separators=(",", ":")) + "\n"


def _sealed(hashed: "hashlib._Hash", seal: object) -> str:
    whole = hashed.copy()
    whole.update(json.dumps(seal, sort_keys=True).encode())
    return whole.hexdigest()
