"""What each Intacct error means for us: the single table.

Rows are tried from top to bottom against every error of a failure; the first that fits decides.
A generic function's specific error comes with one or more wrappers, which decide only where nothing
else does. Source: intacct-xml-api dossier sections 2.3 and 5, unless a row says otherwise.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.reasons import Reason
from tieout.intacct.response_xml import ErrorEntry

TEXT_LENGTH_MAX = 1000


class Level(StrEnum):
    """Where in the reply an error stands."""

    CONTROL = "control"
    AUTHENTICATION = "authentication"
    RESULT = "result"
    PLAIN_TEXT = "plain_text"  # no XML at all


@dataclass(frozen=True, slots=True)
class Refusal:
    """The document was refused; a person must look."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Repeat:
    """Intacct has this already, by control id or by number: look it up."""

    by_control_id: bool


@dataclass(frozen=True, slots=True)
class Untouched:
    """Nothing was executed; the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Nothing was executed because we are too fast."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Nobody can tell whether anything was executed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """No document can be sent until a person changes the deployment."""

    reason: Reason


Meaning = Refusal | Repeat | Untouched | Throttle | Doubt | Fault

_ANY = frozenset(Level)
_RESULT = frozenset({Level.RESULT})
_CONTROL = frozenset({Level.CONTROL})
_AUTHENTICATION = frozenset({Level.AUTHENTICATION})


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of error; every criterion that is given must fit the same error.

    Attributes:
        levels: where it may stand.
        number: the errorno, exact.
        pattern: searched in the text, whatever its case.
        source: where the dossier says so.
    """

    meaning: Meaning
    source: str
    levels: frozenset[Level] = _RESULT
    number: str | None = None
    pattern: str | None = None

    def fits(self, level: Level, error: ErrorEntry) -> bool:
        """Whether this row speaks about `error` at `level`."""
        if level not in self.levels or self.number not in {None, error.number}:
            return False
        return self.pattern is None or bool(re.search(self.pattern, _searchable(error)))


def _searchable(error: ErrorEntry) -> str:
    """Return the error's texts and ids, lower-case, apostrophes made straight."""
    return " ".join((error.number, error.text, *error.ids)).lower().replace("\u2019", "'")


_DIMENSIONS = r"(department|location|class|project|item|job|task|contract|warehouse|entity)"

TABLE: tuple[Row, ...] = (
    # Done before, or being done right now. The level and the errorno are unknown (U1).
    Row(
        Repeat(by_control_id=True), "4.6", _ANY, pattern="already been recorded with the control id"
    ),
    Row(Untouched(), "4.8", _ANY, pattern="concurrent request in process"),
    # Nothing was executed.
    Row(Throttle(), "5, 6", _ANY, number="GW-0010"),
    Row(Throttle(), "2.7", _ANY, pattern="api rate limit exceeded"),
    Row(Doubt(), "5: exists, outcome to be checked", _CONTROL, number="GW-0001"),
    # The deployment: sender, user, company, permission.
    Row(Fault(Reason.INTACCT_SENDER), "3.1", _CONTROL, number="XL03000006"),
    Row(
        Fault(Reason.INTACCT_SENDER),
        "3.1",
        _AUTHENTICATION,
        pattern="invalid web services authorization",
    ),
    Row(Fault(Reason.INTACCT_SIGN_IN), "3.1", _AUTHENTICATION),
    Row(Fault(Reason.INTACCT_SIGN_IN), "3.1", _CONTROL, number="XMLGW_JPP0002"),
    Row(Fault(Reason.INTACCT_SIGN_IN), "3.1", _CONTROL, number="PL04000055"),
    Row(Fault(Reason.INTACCT_SIGN_IN), "3.1: wrong company", _CONTROL, number="invalidRequest"),
    Row(Fault(Reason.INTACCT_SIGN_IN), "3.1: wrong company", _CONTROL, number="GW-0011"),
    Row(Fault(Reason.INTACCT_REFUSED), "5: the GW family", _CONTROL, pattern=r"^gw-\d{4}\b"),
    Row(Refusal(Reason.PERMISSION_MISSING), "3.1, 5", number="PL04000005"),
    # The request itself.
    Row(Refusal(Reason.SCHEMA_REFUSED), "2.4, 5", _CONTROL, number="XL03000003"),
    # The document.
    Row(Repeat(by_control_id=False), "5", number="BL34000061"),
    Row(Repeat(by_control_id=False), "5", number="BL03002185"),
    Row(Repeat(by_control_id=False), "5", number="PL05000104"),
    Row(Refusal(Reason.PERIOD_CLOSED), "5, texts", pattern="periods? (is|are|has been) closed"),
    Row(Refusal(Reason.PERIOD_CLOSED), "5, texts", pattern="period that's been closed"),
    Row(Refusal(Reason.FOREIGN_CURRENCY_UNDEPOSITED), "5, 7.3", number="BL02000051"),
    Row(Refusal(Reason.OVER_APPLICATION), "5", number="XL03000027"),
    Row(Refusal(Reason.OVER_APPLICATION), "5", pattern="greater than the amount due"),
    Row(Refusal(Reason.DIMENSION_REQUIRED), "5", number="BL03001994"),
    Row(
        Refusal(Reason.DIMENSION_REQUIRED),
        "5, BL03000018: required dimension missing",
        pattern=r"required dimension|missing (the )?'?[\w ]+'? dimension|dimension .*is missing",
    ),
    Row(
        Refusal(Reason.DIMENSION_REQUIRED),
        "5, message lists of integrators",
        pattern="account number '[^']*' requires an?",
    ),
    Row(
        Refusal(Reason.UNKNOWN_CUSTOMER),
        "5, texts; message lists of integrators",
        pattern=r"invalid customer|customer '?[^']*'?( specified)? is (not valid|invalid|inactive)",
    ),
    Row(
        Refusal(Reason.UNKNOWN_DIMENSION),
        "5, texts; message lists of integrators",
        pattern=rf"invalid {_DIMENSIONS}\b|\b{_DIMENSIONS} '?[^']*'?.* is (not valid|invalid)",
    ),
    Row(
        Refusal(Reason.UNKNOWN_ACCOUNT),
        "5, texts; message lists of integrators",
        pattern=r"invalid (gl )?account|\baccount .*is (not valid|invalid)",
    ),
)

# The tail of a failed generic function: which object failed, never why. Source: dossier section
# 2.3; in replies recorded by integrators the "can't create the transaction" text also closes the
# list of errors of a document that is simply wrong.
_TRANSIENT_WRAPPER = re.compile("currently, we can't create the transaction")
_WRAPPER = re.compile(
    f"could not (create|update) .* record|validate .* record failed|{_TRANSIENT_WRAPPER.pattern}"
)
_ROLLED_BACK = "XL03000009"
_ABORTED = "aborted"


def classify(level: Level, errors: Sequence[ErrorEntry], status: str = "failure") -> Meaning:
    """Return what a failure means.

    An unlisted failure is a refusal of the document: permanent, shown to a person in Intacct's own
    words.

    Args:
        level: where the errors stand.
        errors: all of them; may be empty.
        status: of the result; `aborted` marks every function of an operation that was rolled back.

    Source: intacct-xml-api dossier sections 2.5 and 5.
    """
    if status == _ABORTED:
        errors = [each for each in errors if each.number != _ROLLED_BACK]
        if not errors:
            return Untouched()
    specific = [each for each in errors if not _WRAPPER.search(_searchable(each))]
    for row in TABLE:
        if any(row.fits(level, each) for each in specific):
            return row.meaning
    if not specific and any(_TRANSIENT_WRAPPER.search(_searchable(each)) for each in errors):
        return Untouched()
    return _by_default(level)


def _by_default(level: Level) -> Meaning:
    match level:
        case Level.AUTHENTICATION:
            return Fault(Reason.INTACCT_SIGN_IN)
        case Level.PLAIN_TEXT:
            return Doubt()
        case _:
            return Refusal(Reason.INTACCT_REFUSED)


def text_of(errors: Sequence[ErrorEntry]) -> str:
    """Return Intacct's own words, the specific errors before their wrappers."""
    ordered = sorted(errors, key=lambda each: bool(_WRAPPER.search(_searchable(each))))
    said = "; ".join(dict.fromkeys(str(each) for each in ordered))
    return said[:TEXT_LENGTH_MAX] or "Intacct gave no reason"


def number_of(errors: Sequence[ErrorEntry]) -> str:
    """Return the errorno of the error that `text_of` begins with."""
    ordered = sorted(errors, key=lambda each: bool(_WRAPPER.search(_searchable(each))))
    return ordered[0].number if ordered else ""
