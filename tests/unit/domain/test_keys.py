"""Keys, control ids and references: pure names that stay within Intacct's lengths.

Method: known ids; these values are stored in tables and in Intacct, so they may never change.
"""

import string
from datetime import date

from tieout.domain import keys
from tieout.domain.keys import control_id, reference

LONG_ID = "in_1MtHbELkdIwHu7ixl4OzzPMv"


def test_every_document_of_a_stripe_object_has_a_key_of_its_own() -> None:
    made = [
        keys.customer_key("x"),
        keys.invoice_key("x"),
        keys.void_key("x"),
        keys.void_application_key("x"),
        keys.receipt_key("x"),
        keys.sale_key("x"),
        keys.dispute_lost_key("x"),
        keys.payout_arrival_key("x"),
        keys.conversion_key(date(2026, 11, 20), "usd", "eur"),
        keys.sales_summary_key(date(2026, 11, 20), "usd"),
        keys.out_of_band_receipt_key("x"),
        keys.refund_key("x"),
        keys.refund_failure_key("x"),
    ]
    assert len(set(made)) == len(made)


def test_a_short_id_is_its_own_reference_and_a_long_one_keeps_its_beginning() -> None:
    assert reference("in_1") == "in_1"
    assert reference(LONG_ID) == "in_1MtHbE-2NK33C6ENR"
    assert len(reference(LONG_ID)) == keys.REFERENCE_LENGTH_MAX


def test_ids_that_differ_only_where_they_are_cut_have_other_references() -> None:
    made = {reference(LONG_ID[:-1] + letter) for letter in string.ascii_letters}
    assert len(made) == len(string.ascii_letters)


def test_the_control_id_names_write_revision_and_content() -> None:
    assert control_id("invoice/in_1", 2, "abcdef0123456789ff") == (
        "tieout:invoice/in_1:r2:abcdef0123456789"
    )
