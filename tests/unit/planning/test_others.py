"""What is not booked: fees, objects of later kinds, connected accounts. Visible, never dropped.

Method: snapshots through `plan`, looking at the findings.
"""

from tests.factories import (
    a_paid_invoice,
    a_policy,
    an_invoice,
    an_other,
    planned,
    the_finding,
)
from tieout.domain.documents import ArPayment, CashAccount
from tieout.domain.plans import Disposition
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan


def test_an_object_of_a_later_kind_is_recorded_with_kind_status_and_amount() -> None:
    finding = the_finding(planned(an_other()), "payout/po_1")
    assert (finding.reason, finding.text, finding.amount_minor) == (
        Reason.NOT_YET_PLANNED,
        "payout paid",
        10_000,
    )


def test_an_account_that_policy_names_is_booked_by_its_own_policy() -> None:
    own = a_policy(clearing={"usd": CashAccount("1299")})
    policy = a_policy(accounts={"acct_9": own})
    snapshot = a_paid_invoice()
    made = plan(Subject(SubjectKind.INVOICE, snapshot.id, "acct_9"), snapshot, policy)
    (receipt,) = (each for each in made.documents if isinstance(each, ArPayment))
    assert receipt.cash_account == CashAccount("1299")
    assert made.policy_version == policy.version


def test_what_belongs_to_an_account_that_nobody_named_is_recorded_and_not_booked() -> None:
    subject = Subject(SubjectKind.INVOICE, "in_1", "acct_9")
    made = plan(subject, an_invoice(), a_policy())
    assert made.documents == ()
    (finding,) = made.findings
    assert (finding.key, finding.disposition, finding.reason) == (
        "acct_9/invoice/in_1",
        Disposition.NOT_BOOKED,
        Reason.CONNECTED_ACCOUNT,
    )


def test_a_checkout_session_is_booked_by_what_it_led_to() -> None:
    made = planned(an_other(id="cs_1", kind="checkout.session", status="complete"))
    (finding,) = made.findings
    assert (finding.key, finding.reason) == ("checkout.session/cs_1", Reason.NOTHING_TO_BOOK)
    assert made.documents == ()
