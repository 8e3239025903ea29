"""Goal: what Intacct's business rules refuse, the double refuses, with the documented error.

Method: one bad value in each otherwise good request; nothing may be posted. Rules whose truth is
unknown are switches and are tried both ways.
"""

from datetime import date

import pytest

from tests.sandbox.intacct import Switches, add_account, reports
from tests.unit.sandbox.intacct.support import (
    Client,
    credit_memo,
    customer,
    day,
    detail,
    glentry,
    invoice,
    journal,
    line,
    make_client,
    payment,
    reverse_invoice,
    reverse_payment,
)


@pytest.fixture
def client() -> Client:
    return make_client()


@pytest.mark.parametrize(
    ("bad_line", "text"),
    [
        (line("1", "4999"), "Invalid GL account number '4999'"),
        (line("1", more="<locationid>999</locationid>"), "Invalid Location '999'"),
        (line("1", more="<departmentid>NOPE</departmentid>"), "Invalid Department 'NOPE'"),
        (line("1", more="<projectid>NOPE</projectid>"), "Invalid Project 'NOPE'"),
        (line("1", more="<customerid>NOPE</customerid>"), "Invalid Customer 'NOPE'"),
        (line("1", more="<vendorid>NOPE</vendorid>"), "Invalid Vendor 'NOPE'"),
        (line("1", more="<itemid>NOPE</itemid>"), "Invalid Item 'NOPE'"),
        (line("1", more="<classid>NOPE</classid>"), "Invalid Class 'NOPE'"),
        (line("1,000.00"), "illegal format for amount"),
        (line("1e3"), "illegal format for amount"),
        (line("1", more=f"<memo>{'m' * 501}</memo>"), "memo is longer than 500"),
        (
            line("1").replace("glaccountno", "accountlabel"),
            "Invalid account label",
        ),
    ],
)
def test_a_bad_invoice_line_is_refused(client: Client, bad_line: str, text: str) -> None:
    result = client.refused(invoice("A", line("5"), bad_line))
    assert text in result.texts
    assert result.element.find("key") is None


def test_a_line_without_an_amount_has_its_own_error(client: Client) -> None:
    assert client.refused(invoice("A", line(""))).errornos == ["BL03002101"]


def test_an_account_can_require_a_dimension(client: Client) -> None:
    result = client.refused(invoice("A", line("5", "4010")))
    assert result.errornos == ["BL03000018"]
    assert "Department is a required dimension for account 4010" in result.texts
    client.do(invoice("A", line("5", "4010", "<departmentid>SALES</departmentid>")))


def test_requirements_hold_for_journals_too(client: Client) -> None:
    add_account(client.company, "4011", "By class", requires=["class_"])
    refused = client.refused(journal(glentry("1000", "1", "1"), glentry("4011", "1", "-1")))
    assert "Class is a required dimension" in refused.texts
    client.do(
        journal(glentry("1000", "1", "1"), glentry("4011", "1", "-1", "<CLASSID>SMB</CLASSID>"))
    )


@pytest.mark.parametrize(
    ("function", "errorno", "text"),
    [
        (invoice("A", customer_id="NOBODY"), "BL01001973", "Invalid Customer 'NOBODY'"),
        (invoice("A", due=""), "BL03000018", "Date Due is missing"),
        (invoice("A", created="2026-02-30"), "BL03000018", "illegal format for datecreated"),
        (invoice("x" * 31), "BL03000018", "invoiceno is longer than 30"),
        (invoice("A", tail=f"<ponumber>{'p' * 21}</ponumber>"), "BL03000018", "longer than 20"),
        (invoice("A", head="<action>Later</action>"), "BL03002129", "Invalid action"),
        (
            invoice("A", tail="<currency>XXX</currency><exchratetype/>"),
            "BL01001973",
            "Invalid currency",
        ),
    ],
)
def test_a_bad_invoice_header_is_refused(
    client: Client, function: str, errorno: str, text: str
) -> None:
    result = client.refused(function)
    assert result.errornos == [errorno]
    assert text in result.texts


def test_lengths_are_not_enforced_when_the_switch_is_off() -> None:
    make_client(Switches(enforce_lengths=False)).do(invoice("x" * 31))


def test_an_unknown_term_is_refused_and_a_known_one_gives_the_due_date(client: Client) -> None:
    term = "<termname>{}</termname>"
    assert "Invalid term" in client.refused(invoice("A", due="", head=term.format("Net 99"))).texts
    key = client.do(invoice("A", due="", head=term.format("Net 30")))
    assert client.row("ARINVOICE", key)["WHENDUE"] == "12/01/2026"


def test_a_taken_number_is_refused_but_adjustments_have_their_own_numbers(
    client: Client,
) -> None:
    client.do(invoice("A"))
    assert client.refused(invoice("A")).errornos == ["BL03002185"]
    client.do(credit_memo("-1", number="A"))


def test_a_deleted_number_is_free_and_a_reversed_one_is_not(client: Client) -> None:
    key = client.do(invoice("A"))
    client.do(f'<delete_invoice key="{key}"/>')
    client.do(reverse_invoice(client.do(invoice("A"))))
    assert client.refused(invoice("A")).errornos == ["BL03002185"]


def test_closed_period(client: Client) -> None:
    key = client.do(invoice("OPEN"))
    paid = client.do(payment(detail(key, "1")))
    client.company.close_period(2026, 11)
    for function in (
        invoice("A"),
        payment(detail(key, "1")),
        journal(glentry("1000", "1", "1"), glentry("4000", "1", "-1")),
        credit_memo("-1"),
        reverse_payment(paid),
    ):
        result = client.refused(function)
        assert "Periods are closed. Your transaction date (11/" in result.texts


def test_the_posting_date_decides_about_the_period(client: Client) -> None:
    client.company.close_period(2026, 11)
    posted = day("dateposted", "2026-12-01")
    function = invoice("A").replace("<datedue>", f"{posted}<datedue>")
    client.do(function)
    assert reports.account_balance(client.company, "4000", date(2026, 11, 30)) == 0
    client.company.open_period(2026, 11)
    client.do(invoice("B"))


def test_the_errorno_of_a_closed_period_is_a_switch() -> None:
    client = make_client(Switches(closed_period_errorno="BL12345678"))
    client.company.close_period(2026, 11)
    assert client.refused(invoice("A")).errornos == ["BL12345678"]


def test_the_errorno_of_an_unbalanced_journal_is_a_switch() -> None:
    client = make_client(Switches(unbalanced_errorno="BL87654321"))
    result = client.refused(journal(glentry("1000", "1", "1"), glentry("4000", "2", "-1")))
    assert result.errornos[0] == "BL87654321"


def test_unbalanced_journal(client: Client) -> None:
    result = client.refused(journal(glentry("1000", "1.00", "1"), glentry("4000", "1.01", "-1")))
    assert "Debits and credits are not equal" in result.texts
    assert result.errornos == ["BL01001973", "BL01001973"]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (journal(glentry("1000", "0", "1"), glentry("4000", "0", "-1")), "illegal format"),
        (journal(glentry("1000", "-1", "1"), glentry("4000", "-1", "-1")), "illegal format"),
        (journal(glentry("1000", "1", "2"), glentry("4000", "1", "-1")), "illegal format"),
        (journal(glentry("1000", "1", "1")), "Debits and credits|at least two lines"),
        (
            journal(glentry("1000", "1", "1"), glentry("4000", "1", "-1"), dated="2026-11-15"),
            "illegal format for BATCH_DATE",
        ),
        (
            journal(glentry("1000", "1", "1"), glentry("4000", "1", "-1")).replace("GJ", "ZZ"),
            "Invalid journal 'ZZ'",
        ),
        (
            journal(glentry("1000", "1", "1"), glentry("4000", "1", "-1"), title="t" * 81),
            "BATCH_TITLE is longer than 80",
        ),
        (
            journal(
                glentry("1000", "1", "1", "<LOCATIONID>100</LOCATIONID>"),
                glentry("4000", "1", "-1"),
            ),
            "unknown field LOCATIONID in GLENTRY",
        ),
    ],
)
def test_a_bad_journal_is_refused(client: Client, function: str, text: str) -> None:
    texts = client.refused(function).texts
    assert any(part in texts for part in text.split("|")), texts


def test_journals_accept_amount_in_either_spelling(client: Client) -> None:
    entries = journal(glentry("1000", "1", "1"), glentry("4000", "1", "-1"))
    client.do(entries.replace("TRX_AMOUNT", "AMOUNT"))


@pytest.mark.parametrize(("allowed", "status"), [(True, "success"), (False, "failure")])
def test_journals_on_control_and_bank_accounts_follow_switches(allowed: bool, status: str) -> None:
    control = make_client(Switches(journals_on_control_accounts=allowed))
    entry = journal(glentry("1100", "1", "1"), glentry("9999", "1", "-1"))
    assert control.call(entry).status == status
    bank = make_client(Switches(journals_on_bank_accounts=allowed))
    entry = journal(glentry("1000", "1", "1"), glentry("9999", "1", "-1"))
    assert bank.call(entry).status == status


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("UNDEPOSITEDACCOUNTNO>1200", "UNDEPOSITEDACCOUNTNO>1000"), "undeposited funds account"),
        (("<UNDEPOSITEDACCOUNTNO>1200</UNDEPOSITEDACCOUNTNO>", ""), "payment batch key"),
        (("Credit Card", "Barter"), "Invalid payment method"),
        (("<CUSTOMERID>C1</CUSTOMERID>", ""), "CUSTOMERID is missing"),
        (("11/10/2026", "2026-11-10"), "illegal format for RECEIPTDATE"),
        (("TRX_PAYMENTAMOUNT>5", "TRX_PAYMENTAMOUNT>-5"), "illegal format"),
        (("TRX_PAYMENTAMOUNT", "TRX_PAYMENT"), "unknown field"),
        (("RECORDKEY>", "POSADJENTRYKEY>"), "either RECORDKEY or POSADJKEY"),
    ],
)
def test_a_bad_payment_is_refused(client: Client, change: tuple[str, str], text: str) -> None:
    function = payment(detail(client.do(invoice("A")), "5"))
    assert function != function.replace(*change)
    assert text in client.refused(function.replace(*change)).texts


def test_a_payment_of_nothing_known_is_refused(client: Client) -> None:
    assert client.refused(payment(detail("424242", "5"))).errornos[0] == "DL03000005"
    assert client.refused(payment(detail("not-a-key", "5"))).errornos[0] == "DL03000005"


def test_another_customers_invoice_needs_a_payer_without_customer(client: Client) -> None:
    client.do(customer("C2", name="Beta"))
    key = client.do(invoice("A"))
    assert "does not belong" in client.refused(payment(detail(key, "5"), customer_id="C2")).texts
    client.do(
        payment(detail(key, "5")).replace(
            "<CUSTOMERID>C1</CUSTOMERID>", "<PAYERNAME>Big payer</PAYERNAME>"
        )
    )


def test_a_parent_may_pay_for_its_child(client: Client) -> None:
    client.do(customer("CHILD", "<PARENTID>C1</PARENTID>", name="Child"))
    client.do(payment(detail(client.do(invoice("A", customer_id="CHILD")), "5")))


def test_foreign_currency_cannot_use_undeposited_funds(client: Client) -> None:
    key = client.do(
        invoice("E", tail="<currency>EUR</currency><exchratetype>Intacct Daily Rate</exchratetype>")
    )
    result = client.refused(payment(detail(key, "5"), more="<CURRENCY>EUR</CURRENCY>"))
    assert result.errornos[0] == "BL02000051"
    assert client.refused(payment(detail(key, "5"))).errornos[0] == "BL02000051"
    bank = "<FINANCIALENTITY>{}</FINANCIALENTITY>"
    euro = "<CURRENCY>EUR</CURRENCY>"
    wrong_bank = payment(detail(key, "5"), target=bank.format("BANK-USD"), more=euro)
    assert "does not match the currency USD" in client.refused(wrong_bank).texts
    client.do(payment(detail(key, "5"), target=bank.format("BANK-EUR"), more=euro))


@pytest.mark.parametrize(("required", "status"), [(True, "failure"), (False, "success")])
def test_currency_of_a_payment_follows_the_switch(required: bool, status: str) -> None:
    client = make_client(Switches(payment_currency_required=required))
    key = client.do(invoice("A"))
    assert client.call(payment(detail(key, "5"))).status == status
    assert client.call(payment(detail(key, "5"), more="<CURRENCY>USD</CURRENCY>")).status == (
        "success"
    )


def test_a_stated_total_must_match_the_details(client: Client) -> None:
    key = client.do(invoice("A"))
    wrong = payment(detail(key, "5"), more="<TRX_AMOUNTTOPAY>6</TRX_AMOUNTTOPAY>")
    assert "differs from the details' sum" in client.refused(wrong).texts


def test_a_line_can_be_paid_by_its_entry_key(client: Client) -> None:
    key = client.do(invoice("A", line("10"), line("90")))
    rows = client.call(
        "<query><object>ARINVOICEITEM</object><select><field>RECORDNO</field></select><filter>"
        f"<equalto><field>RECORDKEY</field><value>{key}</value></equalto></filter></query>"
    ).rows
    entry = detail(key, "{}").replace(
        "</RECORDKEY>", f"</RECORDKEY><ENTRYKEY>{rows[0]['RECORDNO']}</ENTRYKEY>"
    )
    client.do(payment(entry.format("8")))
    assert client.refused(payment(entry.format("3"))).errornos[0] == "XL03000027"
    assert client.refused(payment(entry.format("1"), entry.format("1.01"))).errornos[0] == (
        "XL03000027"
    )
    client.do(payment(entry.format("2")))


def receipt(amounts: str, *, target: str = "<undepglaccountno>1200</undepglaccountno>") -> str:
    lines = "".join(line(amount, "4020") for amount in amounts.split())
    return (
        f"<record_otherreceipt>{day('paymentdate', '2026-11-10')}<payee>Walk-in</payee>"
        f"{day('receiveddate', '2026-11-10')}<paymentmethod>Cash</paymentmethod>{target}"
        f"<receiptitems>{lines}</receiptitems></record_otherreceipt>"
    )


@pytest.mark.parametrize(("allowed", "status"), [(True, "success"), (False, "failure")])
def test_negative_lines_of_receipts_follow_the_switch(allowed: bool, status: str) -> None:
    client = make_client(Switches(negative_receipt_lines=allowed))
    assert client.call(receipt("10 -1")).status == status
    assert client.call(receipt("1 -1")).status == "failure"


@pytest.mark.parametrize(("rule", "status"), [("accept", "success"), ("refuse", "failure")])
def test_duplicate_deposit_ids_follow_the_switch(rule: str, status: str) -> None:
    client = make_client(Switches(duplicate_deposit_id="accept" if rule == "accept" else "refuse"))
    deposit = (
        f"<record_deposit><bankaccountid>BANK-USD</bankaccountid>"
        f"{day('depositdate', '2026-11-14')}<depositid>po_1</depositid><receiptkeys>"
        "<receiptkey>{}</receiptkey></receiptkeys></record_deposit>"
    )
    client.do(deposit.format(client.do(receipt("5"))))
    assert client.call(deposit.format(client.do(receipt("5")))).status == status


def test_a_deposit_takes_one_currency_only(client: Client) -> None:
    key = client.do(receipt("5"))
    result = client.refused(
        f"<record_deposit><bankaccountid>BANK-EUR</bankaccountid>"
        f"{day('depositdate', '2026-11-14')}<depositid>po_1</depositid><receiptkeys>"
        f"<receiptkey>{key}</receiptkey></receiptkeys></record_deposit>"
    )
    assert "one undeposited funds account and currency" in result.texts


def test_a_deposit_can_record_its_receipts(client: Client) -> None:
    client.do(
        f"<record_deposit><bankaccountid>BANK-USD</bankaccountid>"
        f"{day('depositdate', '2026-11-14')}<depositid>po_1</depositid><receipts><receipt>"
        f"{day('paymentdate', '2026-11-10')}<payee>W</payee>{day('receiveddate', '2026-11-10')}"
        "<paymentmethod>Cash</paymentmethod><undepglaccountno>1200</undepglaccountno>"
        f"<receiptitems>{line('9', '4020')}</receiptitems></receipt></receipts></record_deposit>"
    )
    assert reports.account_balance(client.company, "1000") == 9


def test_taxes_are_added_to_the_total(client: Client) -> None:
    taxes = "<taxentries><taxentry><detailid>{}</detailid>{}</taxentry></taxentries>"
    key = client.do(
        invoice(
            "A",
            line("100", more=taxes.format("VAT 20", "<trx_tax>19.99</trx_tax>")),
            line("10", more=taxes.format("VAT 20", "")),
        )
    )
    assert client.row("ARINVOICE", key)["TOTALDUE"] == "131.99"
    assert str(reports.account_balance(client.company, "2210")) == "-21.99"
    bad = invoice("B", line("1", more=taxes.format("NOPE", "")))
    assert "Invalid tax detail" in client.refused(bad).texts


def test_update_invoice_replaces_the_posting_while_unpaid(client: Client) -> None:
    key = client.do(invoice("A", line("100"), line("10", "4020")))
    update = (
        f'<update_invoice key="{key}"><description>better</description><updateinvoiceitems>'
        '<updatelineitem line_num="2"><amount>12</amount></updatelineitem>'
        f"{line('5', '4030')}</updateinvoiceitems></update_invoice>"
    )
    client.do(update)
    row = client.row("ARINVOICE", key)
    assert (row["TOTALDUE"], row["DESCRIPTION"]) == ("117", "better")
    assert str(reports.account_balance(client.company, "1100")) == "117.00"
    client.do(payment(detail(key, "1")))
    assert "cannot be changed" in client.refused(update).texts
    client.do(f'<update_invoice key="{key}"><description>text only</description></update_invoice>')


def test_a_draft_posts_when_it_is_submitted(client: Client) -> None:
    key = client.do(invoice("A", head="<action>Draft</action>"))
    assert client.row("ARINVOICE", key)["STATE"] == "Draft"
    assert reports.trial_balance(client.company) == []
    assert "cannot be paid" in client.refused(payment(detail(key, "1"))).texts
    client.do(f'<update_invoice key="{key}"><action>Submit</action></update_invoice>')
    assert client.row("ARINVOICE", key)["STATE"] == "Posted"
    assert str(reports.account_balance(client.company, "1100")) == "100.00"


def test_journals_can_be_updated_and_deleted(client: Client) -> None:
    key = client.do(journal(glentry("6800", "1", "1"), glentry("1200", "1", "-1")))
    new = journal(glentry("6810", "2", "1"), glentry("1200", "2", "-1"))
    new = new.replace("create>", "update>").replace(
        "<GLBATCH>", f"<GLBATCH><RECORDNO>{key}</RECORDNO>"
    )
    client.do(new)
    assert str(reports.account_balance(client.company, "6810")) == "2.00"
    client.do(f"<delete><object>GLBATCH</object><keys>{key}</keys></delete>")
    assert reports.trial_balance(client.company) == []


def test_a_subledger_batch_is_not_deleted_as_a_journal(client: Client) -> None:
    key = client.row("ARINVOICE", client.do(invoice("A")))["PRBATCHKEY"]
    refused = client.refused(f'<delete_gltransaction key="{key}"/>')
    assert "belongs to the 4.AR module" in refused.texts


def test_a_generic_create_of_an_invoice_is_not_modelled(client: Client) -> None:
    result = client.refused("<create><ARINVOICE><CUSTOMERID>C1</CUSTOMERID></ARINVOICE></create>")
    assert result.errornos == ["XL03000009"]


class TestMultiEntity:
    """A company with entities needs locations."""

    @pytest.fixture
    def client(self) -> Client:
        return make_client(multi_entity=True)

    def test_every_line_needs_a_location(self, client: Client) -> None:
        assert client.refused(invoice("A")).errornos == ["BL03001994"]
        client.do(invoice("A", line("5", more="<locationid>110</locationid>")))

    def test_an_overpayment_needs_a_location(self, client: Client) -> None:
        key = client.do(invoice("A", line("5", more="<locationid>100</locationid>")))
        surplus = "<OVERPAYMENTAMOUNT>1</OVERPAYMENTAMOUNT>"
        refused = client.refused(payment(detail(key, "5"), more=surplus))
        assert refused.errornos[0] == "BL03001994"
        location = "<OVERPAYMENTLOCATIONID>100</OVERPAYMENTLOCATIONID>"
        client.do(payment(detail(key, "5"), more=surplus + location))

    def test_a_journal_balances_in_each_entity_or_names_its_base(self, client: Client) -> None:
        entries = (
            glentry("1000", "1", "1", "<LOCATION>100</LOCATION>"),
            glentry("4000", "1", "-1", "<LOCATION>200</LOCATION>"),
        )
        assert "in entity" in client.refused(journal(*entries)).texts
        client.do(journal(*entries, more="<BASELOCATION_NO>100</BASELOCATION_NO>"))


def test_payments_and_journals_of_one_number_are_two(client: Client) -> None:
    key = client.do(invoice("A", line("100")))
    numbered = payment(detail(key, "5"), more="<DOCNUMBER>inpay_1</DOCNUMBER>")
    assert client.do(numbered) != client.do(numbered)
    entry = journal(
        glentry("1000", "1", "1"),
        glentry("4000", "1", "-1"),
        more="<REFERENCENO>re_1</REFERENCENO>",
    )
    assert client.do(entry) != client.do(entry)
    assert len(client.company.payments) == 2
    assert [each.reference for each in client.company.entries].count("re_1") == 2


@pytest.mark.parametrize(
    ("switches", "status"),
    [
        (Switches(duplicate_adjustment_number="accept"), "success"),
        (Switches(duplicate_adjustment_number="refuse"), "failure"),
    ],
)
def test_duplicate_adjustment_numbers_follow_the_switch(switches: Switches, status: str) -> None:
    client = make_client(switches)
    memo = credit_memo("-5", number="CM-1")
    first = client.do(memo)
    again = client.call(memo)
    assert again.status == status
    for key in (first, again.key):
        if key:
            client.do(f"<delete><object>ARADJUSTMENT</object><keys>{key}</keys></delete>")
    client.do(memo)


TRANSACTION = "<TRX_AMOUNTTOPAY>5</TRX_AMOUNTTOPAY>"
BOTH = f"{TRANSACTION}<AMOUNTTOPAY>5.50</AMOUNTTOPAY>"


@pytest.mark.parametrize(
    ("switches", "accepted"),
    [
        (Switches(foreign_payment_amounts="optional"), {"", TRANSACTION, BOTH}),
        (Switches(foreign_payment_amounts="transaction"), {TRANSACTION, BOTH}),
        (Switches(foreign_payment_amounts="both"), {BOTH}),
    ],
)
def test_amounts_of_a_foreign_payment_follow_the_switch(
    switches: Switches, accepted: set[str]
) -> None:
    client = make_client(switches)
    euros = "<currency>EUR</currency><exchratetype>Intacct Daily Rate</exchratetype>"
    key = client.do(invoice("E", tail=euros))
    bank = "<FINANCIALENTITY>BANK-EUR</FINANCIALENTITY>"
    for amounts in ("", TRANSACTION, BOTH):
        more = f"<CURRENCY>EUR</CURRENCY>{amounts}"
        result = client.call(payment(detail(key, "5"), target=bank, more=more))
        assert (result.status == "success") is (amounts in accepted), amounts
    client.do(payment(detail(client.do(invoice("D")), "5")))


@pytest.mark.parametrize(
    ("switches", "status"),
    [
        (Switches(foreign_journal_rounding="refuse"), "failure"),
        (Switches(foreign_journal_rounding="settle"), "success"),
    ],
)
def test_rounding_of_a_foreign_journal_follows_the_switch(switches: Switches, status: str) -> None:
    client = make_client(switches)
    euros = "<CURRENCY>EUR</CURRENCY>"
    lines = (
        glentry("4000", "0.05", "1", euros),
        glentry("4020", "0.05", "1", euros),
        glentry("1210", "0.10", "-1", euros),
    )
    assert client.call(journal(*lines)).status == status
    pairs = (glentry("4000", "0.05", "1", euros), glentry("1210", "0.05", "-1", euros))
    client.do(journal(*pairs, *pairs))
    dollars = (glentry("4000", "0.05", "1"), glentry("1210", "0.06", "-1"))
    assert client.call(journal(*dollars)).status == "failure"
    assert sum(row.balance for row in reports.trial_balance(client.company)) == 0
