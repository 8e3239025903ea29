"""Everything the double cannot know about the real gateway, as one value with defaults.

Each switch names the dossier section that says ``[unknown]`` or ``[likely]``. The defaults are
the strict reading: what hurts a careless client most. Tests run the other side as well.
"""

from dataclasses import dataclass
from typing import Literal

FICTIONAL_REPLAY_ERRORNO = "XX00000001"
"""No source names the errorno of a replayed control id, so this one is visibly invented."""

FICTIONAL_IN_PROGRESS_ERRORNO = "XX00000002"
"""Invented, for the same reason."""

FICTIONAL_NOT_MODELLED_ERRORNO = "XX00000003"
"""Marks what the real gateway can do and the double cannot."""


@dataclass(frozen=True)
class Switches:
    """How the double behaves where Intacct's behaviour is not known for certain."""

    # Section 4: uniqueid.
    replay_errorno: str = FICTIONAL_REPLAY_ERRORNO
    replay_level: Literal["result", "control"] = "result"
    replay_scope: Literal["company", "sender", "entity"] = "sender"
    replay_case_sensitive: bool = True
    replay_retention_seconds: int | None = None
    replay_within_request: Literal["refuse", "accept"] = "refuse"
    remember_reads: bool = True
    in_progress_errorno: str = FICTIONAL_IN_PROGRESS_ERRORNO
    in_progress_refused: bool = True

    # Section 2.5: what the results of a rolled-back operation look like.
    abort_shape: Literal["all_aborted", "culprit_failed"] = "all_aborted"

    # Section 3.1: sign-in and sessions.
    sign_in_failure: Literal["authentication", "http_401"] = "authentication"
    unknown_company: Literal["invalid_request", "gw_0011"] = "invalid_request"
    session_failure: Literal["authentication", "http_401"] = "authentication"
    session_errorno: str = "XL03000006"

    # Section 5: texts without a confirmed errorno.
    closed_period_errorno: str = "BL01001973"
    unbalanced_errorno: str = "BL01001973"

    # Section 7.9: what get_closedbooksdate answers is only partly known.
    closed_books_date: Literal["parts", "text", "something_else", "unknown_function"] = "parts"

    # Sections 1.4 and 6: limits nobody documents; None means no limit.
    functions_per_request_max: int | None = None
    request_bytes_max: int | None = None
    concurrent_requests_max: int | None = None

    # Section 2.2: `read` of a missing key, and the case of row tags.
    missing_read: Literal["empty", "error"] = "empty"
    read_row_tag: Literal["upper", "lower"] = "upper"

    # Sections 1.5 and 10 (U10): empty elements in a generic update.
    empty_clears_on_update: bool = True
    refuse_unknown_fields: bool = True
    enforce_lengths: bool = True

    # Section 7.1: a setting of the company; once on, an address needs country and code, or neither.
    iso_country_codes: bool = False

    # Section 7.3 (U9), the amounts listed for foreign payments, the key of apply_arpayment.
    payment_currency_required: bool = False
    foreign_payment_amounts: Literal["optional", "transaction", "both"] = "optional"
    apply_key: Literal["source", "application"] = "source"

    # Section 7.5: nobody says that the numbers of adjustments are unique.
    duplicate_adjustment_number: Literal["refuse", "accept"] = "accept"

    # Section 7.6 and 7.9: journal lines on control and bank accounts; what happens to an entry that
    # balances in its own currency but, each line rounded by itself, not in the base currency.
    foreign_journal_rounding: Literal["refuse", "settle"] = "refuse"
    journals_on_control_accounts: bool = True
    journals_on_bank_accounts: bool = True

    # Section 7.7 (U8): other receipts and deposits.
    negative_receipt_lines: bool = False
    duplicate_deposit_id: Literal["refuse", "accept"] = "refuse"
