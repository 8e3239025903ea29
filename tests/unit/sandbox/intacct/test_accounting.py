"""Goal: the books behind the gateway are right, to the cent, whatever happens in what order.

Method: requests go through the gateway as XML; balances, aging and ledger are read back. After
every story debits equal credits and the aging equals the AR control account.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from tests.sandbox.intacct import Switches, reports
from tests.unit.sandbox.intacct.support import (
    Client,
    apply_credit,
    credit_detail,
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
def client() -> Iterator[Client]:
    client = make_client()
    yield client
    assert_ties_out(client)


def assert_ties_out(client: Client) -> None:
    for as_of in (None, date(2026, 11, 10), date(2026, 11, 30), date(2027, 1, 31)):
        rows = reports.trial_balance(client.company, as_of)
        assert sum(row.balance for row in rows) == 0
        horizon = as_of or date(2026, 11, 20)
        aging = sum(row.total for row in reports.aging(client.company, horizon))
        assert aging == reports.account_balance(client.company, "1100", horizon)


def balance(client: Client, account: str) -> str:
    return str(reports.account_balance(client.company, account))


def test_an_invoice_debits_receivables_and_credits_each_line(client: Client) -> None:
    key = client.do(
        invoice(
            "INV-1",
            line("100.00"),
            line("20.00", "4010", "<departmentid>SERVICES</departmentid>"),
            line("8.25", "2200"),
            line("-10.00", "4090"),
        )
    )
    assert balance(client, "1100") == "118.25"
    assert balance(client, "4000") == "-100.00"
    assert balance(client, "4010") == "-20.00"
    assert balance(client, "2200") == "-8.25"
    assert balance(client, "4090") == "10.00"
    row = client.row("ARINVOICE", key)
    assert (row["STATE"], row["TOTALDUE"], row["RECORDID"]) == ("Posted", "118.25", "INV-1")


def test_payments_move_due_and_state(client: Client) -> None:
    key = client.do(invoice("INV-1"))
    client.do(payment(detail(key, "40.00")))
    row = client.row("ARINVOICE", key)
    assert (row["STATE"], row["TOTALPAID"], row["TOTALDUE"]) == ("Partially Paid", "40", "60")
    client.do(payment(detail(key, "60.00"), received="11/12/2026"))
    row = client.row("ARINVOICE", key)
    assert (row["STATE"], row["TOTALDUE"], row["WHENPAID"]) == ("Paid", "0", "11/12/2026")
    assert balance(client, "1200") == "100.00"
    assert balance(client, "1100") == "0.00"


def test_one_payment_settles_several_invoices(client: Client) -> None:
    first, second = client.do(invoice("A")), client.do(invoice("B"))
    client.do(payment(detail(first, "100"), detail(second, "25")))
    assert client.row("ARINVOICE", first)["STATE"] == "Paid"
    assert client.row("ARINVOICE", second)["TOTALDUE"] == "75"


def test_a_bank_account_is_debited_on_its_gl_account(client: Client) -> None:
    key = client.do(invoice("A"))
    client.do(payment(detail(key, "100"), target="<FINANCIALENTITY>BANK-OTHER</FINANCIALENTITY>"))
    assert balance(client, "1010") == "100.00"


def test_over_application_is_refused_and_leaves_no_trace(client: Client) -> None:
    first, second = client.do(invoice("A")), client.do(invoice("B"))
    result = client.refused(payment(detail(first, "100"), detail(second, "100.01")))
    assert result.errornos[0] == "XL03000027"
    assert client.row("ARINVOICE", first)["TOTALDUE"] == "100"


def test_the_same_invoice_twice_in_one_payment_counts_together(client: Client) -> None:
    key = client.do(invoice("A"))
    result = client.refused(payment(detail(key, "60"), detail(key, "60")))
    assert result.errornos[0] == "XL03000027"


def test_reversing_a_payment_reopens_the_invoice_on_its_own_date(client: Client) -> None:
    key = client.do(invoice("A"))
    paid = client.do(payment(detail(key, "100"), received="11/10/2026"))
    client.do(reverse_payment(paid, on="2026-11-18"))
    assert client.row("ARINVOICE", key)["STATE"] == "Posted"
    assert client.row("ARPYMT", paid)["STATE"] == "V"
    assert reports.account_balance(client.company, "1200", date(2026, 11, 15)) == 100
    assert reports.account_balance(client.company, "1200", date(2026, 11, 18)) == 0
    assert reports.aging_items(client.company, date(2026, 11, 15)) == []
    assert len(reports.aging_items(client.company, date(2026, 11, 18))) == 1


def test_a_payment_is_reversed_once(client: Client) -> None:
    paid = client.do(payment(detail(client.do(invoice("A")), "100")))
    client.do(reverse_payment(paid))
    client.refused(reverse_payment(paid))


def test_reversing_an_invoice_is_a_dated_opposite(client: Client) -> None:
    key = client.do(invoice("A"))
    client.do(reverse_invoice(key, on="2026-11-18"))
    row = client.row("ARINVOICE", key)
    assert (row["STATE"], row["TOTALDUE"]) == ("Reversed", "0")
    assert reports.account_balance(client.company, "4000", date(2026, 11, 17)) == -100
    assert reports.account_balance(client.company, "4000", date(2026, 11, 18)) == 0


def test_a_paid_invoice_is_reversed_only_after_its_payment(client: Client) -> None:
    key = client.do(invoice("A"))
    paid = client.do(payment(detail(key, "30")))
    assert "reverse its payments first" in client.refused(reverse_invoice(key)).texts
    client.do(reverse_payment(paid))
    client.do(reverse_invoice(key))


def test_a_credit_memo_is_applied_by_apply_arpayment(client: Client) -> None:
    key = client.do(invoice("A"))
    memo = client.do(credit_memo("-30.00"))
    assert client.row("ARADJUSTMENT", memo)["TOTALDUE"] == "-30"
    assert client.do(apply_credit(memo, key, "30")) == memo
    assert client.row("ARINVOICE", key)["TOTALDUE"] == "70"
    assert client.row("ARADJUSTMENT", memo)["STATE"] == "Paid"
    assert balance(client, "4000") == "-70.00"


def test_a_credit_memo_is_applied_by_a_credit_only_payment(client: Client) -> None:
    key = client.do(invoice("A"))
    memo = client.do(credit_memo("-30.00"))
    applied = client.do(payment(credit_detail(key, memo, "20")))
    assert client.row("ARINVOICE", key)["TOTALDUE"] == "80"
    assert client.row("ARADJUSTMENT", memo)["TOTALDUE"] == "-10"
    assert reports.account_ledger(client.company, "1200") == []
    assert client.refused(payment(credit_detail(key, memo, "20"))).errornos[0] == "XL03000027"
    client.do(reverse_payment(applied))
    assert client.row("ARADJUSTMENT", memo)["TOTALDUE"] == "-30"
    assert client.row("ARINVOICE", key)["STATE"] == "Posted"


def test_the_key_of_an_application_is_a_switch() -> None:
    client = make_client(Switches(apply_key="application"))
    key, memo = client.do(invoice("A")), client.do(credit_memo("-30.00"))
    applied = client.do(apply_credit(memo, key, "30"))
    assert applied != memo
    client.do(reverse_payment(applied))
    assert client.row("ARINVOICE", key)["TOTALDUE"] == "100"


def test_a_debit_memo_can_be_paid(client: Client) -> None:
    memo = client.do(credit_memo("15.00"))
    client.do(
        payment(
            f"<ARPYMTDETAIL><POSADJKEY>{memo}</POSADJKEY>"
            "<TRX_PAYMENTAMOUNT>15</TRX_PAYMENTAMOUNT></ARPYMTDETAIL>"
        )
    )
    assert client.row("ARADJUSTMENT", memo)["STATE"] == "Paid"


def test_an_overpayment_stays_open_and_can_be_applied(client: Client) -> None:
    first = client.do(invoice("A"))
    paid = client.do(
        payment(detail(first, "100"), more="<OVERPAYMENTAMOUNT>25</OVERPAYMENTAMOUNT>")
    )
    assert client.row("ARPYMT", paid)["TOTALDUE"] == "25"
    assert balance(client, "1100") == "-25.00"
    second = client.do(invoice("B"))
    client.do(apply_credit(paid, second, "25"))
    assert client.row("ARINVOICE", second)["TOTALDUE"] == "75"
    assert "applied already" in client.refused(reverse_payment(paid)).texts


def test_an_advance_sits_on_its_account_until_it_is_applied(client: Client) -> None:
    advance = client.do(
        "<create><ARADVANCE><CUSTOMERID>C1</CUSTOMERID><PAYMENTMETHOD>Credit Card</PAYMENTMETHOD>"
        "<PAYMENTDATE>11/02/2026</PAYMENTDATE><RECEIPTDATE>11/02/2026</RECEIPTDATE>"
        "<UNDEPOSITEDACCOUNTNO>1200</UNDEPOSITEDACCOUNTNO><ARADVANCEITEMS><ARADVANCEITEM>"
        "<ACCOUNTNO>2300</ACCOUNTNO><TRX_AMOUNT>80</TRX_AMOUNT></ARADVANCEITEM></ARADVANCEITEMS>"
        "</ARADVANCE></create>"
    )
    assert balance(client, "2300") == "-80.00"
    key = client.do(invoice("A"))
    client.do(
        payment(
            f"<ARPYMTDETAIL><RECORDKEY>{key}</RECORDKEY><ADVANCEKEY>{advance}</ADVANCEKEY>"
            "<TRX_POSTEDADVANCEAMOUNT>50</TRX_POSTEDADVANCEAMOUNT></ARPYMTDETAIL>"
        )
    )
    assert balance(client, "2300") == "-30.00"
    assert client.row("ARADVANCE", advance)["TOTALDUE"] == "30"


def test_a_negative_invoice_is_a_credit(client: Client) -> None:
    credit = client.do(invoice("NEG", line("-40.00")))
    key = client.do(invoice("A"))
    client.do(apply_credit(credit, key, "40"))
    assert client.row("ARINVOICE", credit)["STATE"] == "Paid"
    assert client.row("ARINVOICE", key)["TOTALDUE"] == "60"


def test_legacy_payment_with_items_and_surplus(client: Client) -> None:
    key = client.do(invoice("A"))
    paid = client.do(
        "<create_arpayment><customerid>C1</customerid><paymentamount>120</paymentamount>"
        "<undepfundsacct>1200</undepfundsacct><refid>ch_1</refid>"
        f"{day('datereceived', '2026-11-09')}<paymentmethod>Credit Card</paymentmethod>"
        f"<arpaymentitem><invoicekey>{key}</invoicekey><amount>100</amount></arpaymentitem>"
        "</create_arpayment>"
    )
    row = client.row("ARPYMT", paid)
    assert (row["DOCNUMBER"], row["TOTALENTERED"], row["TOTALDUE"]) == ("ch_1", "120", "20")


def legacy_payment(customer_id: str, amount: str) -> str:
    return (
        f"<create_arpayment><customerid>{customer_id}</customerid>"
        f"<paymentamount>{amount}</paymentamount><undepfundsacct>1200</undepfundsacct>"
        f"{day('datereceived', '2026-11-09')}</create_arpayment>"
    )


def test_legacy_payment_without_items_is_an_advance_for_open_item_customers(
    client: Client,
) -> None:
    client.do(invoice("A"))
    advance = client.do(legacy_payment("C1", "60"))
    assert client.row("ARADVANCE", advance)["TOTALDUE"] == "60"
    assert balance(client, "2300") == "-60.00"


def test_legacy_payment_without_items_pays_the_oldest_of_balance_forward_customers(
    client: Client,
) -> None:
    client.do(customer("C2", "<CUSTTYPE>Balance Forward</CUSTTYPE>", name="Beta"))
    newer = client.do(invoice("N", customer_id="C2", created="2026-11-03", due="2026-12-03"))
    older = client.do(invoice("O", customer_id="C2", created="2026-11-02", due="2026-12-02"))
    client.do(legacy_payment("C2", "130"))
    assert client.row("ARINVOICE", older)["TOTALDUE"] == "0"
    assert client.row("ARINVOICE", newer)["TOTALDUE"] == "70"


def test_a_journal_entry_posts_both_sides(client: Client) -> None:
    key = client.do(journal(glentry("6800", "3.20", "1"), glentry("1200", "3.20", "-1")))
    assert balance(client, "6800") == "3.20"
    assert balance(client, "1200") == "-3.20"
    assert client.row("GLBATCH", key)["BATCH_TITLE"] == "Fees"


def test_a_journal_entry_with_a_reverse_date_undoes_itself(client: Client) -> None:
    client.do(
        journal(
            glentry("6800", "5", "1"),
            glentry("1200", "5", "-1"),
            more="<REVERSEDATE>12/01/2026</REVERSEDATE>",
        )
    )
    assert reports.account_balance(client.company, "6800", date(2026, 11, 30)) == 5
    assert balance(client, "6800") == "0.00"


def test_legacy_journal_accepts_both_spellings_of_the_side(client: Client) -> None:
    for debit, credit in (("debit", "credit"), ("1", "-1")):
        client.do(
            f"<create_gltransaction><journalid>GJ</journalid>{day('datecreated', '2026-11-09')}"
            "<description>Fees</description><gltransactionentries>"
            f"<glentry><trtype>{debit}</trtype><amount>2</amount><glaccountno>6800</glaccountno>"
            f"</glentry><glentry><trtype>{credit}</trtype><amount>2</amount>"
            "<glaccountno>1200</glaccountno></glentry></gltransactionentries>"
            "</create_gltransaction>"
        )
    assert balance(client, "6800") == "4.00"


def test_other_receipt_and_deposit(client: Client) -> None:
    key = client.do(invoice("A"))
    paid = client.do(payment(detail(key, "100")))
    receipt = client.do(
        f"<record_otherreceipt>{day('paymentdate', '2026-11-10')}<payee>Walk-in</payee>"
        f"{day('receiveddate', '2026-11-10')}<paymentmethod>Credit Card</paymentmethod>"
        "<undepglaccountno>1200</undepglaccountno><refid>ch_2</refid>"
        f"<receiptitems>{line('50.00', '4020')}</receiptitems></record_otherreceipt>"
    )
    deposit = (
        f"<record_deposit><bankaccountid>BANK-USD</bankaccountid>"
        f"{day('depositdate', '2026-11-14')}<depositid>po_1</depositid><receiptkeys>"
        f"<receiptkey>{paid}</receiptkey><receiptkey>{receipt}</receiptkey></receiptkeys>"
        "</record_deposit>"
    )
    client.do(deposit)
    assert balance(client, "1000") == "150.00"
    assert balance(client, "1200") == "0.00"
    assert "deposited already" in client.refused(deposit.replace("po_1", "po_2")).texts
    assert "undo the deposit first" in client.refused(reverse_payment(paid)).texts


def test_foreign_currency_relieves_receivables_exactly(client: Client) -> None:
    currency = "<currency>EUR</currency><exchrate>{}</exchrate>"
    key = client.do(invoice("E", line("33.33"), tail=currency.format("1.1")))
    client.do(
        payment(
            detail(key, "11.11"),
            target="<FINANCIALENTITY>STRIPE-EUR</FINANCIALENTITY>",
            more="<CURRENCY>EUR</CURRENCY><EXCHANGE_RATE>1.2</EXCHANGE_RATE>",
        )
    )
    client.do(
        payment(
            detail(key, "22.22"),
            target="<FINANCIALENTITY>STRIPE-EUR</FINANCIALENTITY>",
            more="<CURRENCY>EUR</CURRENCY><EXCHANGE_RATE>1.05</EXCHANGE_RATE>",
        )
    )
    assert balance(client, "1100") == "0.00"
    assert reports.account_balance_by_currency(client.company, "1210") == {"EUR": Decimal("33.33")}
    row = client.row("ARINVOICE", key)
    assert (row["TRX_TOTALENTERED"], row["TOTALENTERED"], row["STATE"]) == (
        "33.33",
        "36.66",
        "Paid",
    )


def test_aging_buckets_by_days_overdue(client: Client) -> None:
    for number, due in (("a", "2026-11-30"), ("b", "2026-10-25"), ("c", "2026-08-01")):
        client.do(invoice(number, created="2026-07-01", due=due))
    (row,) = reports.aging(client.company, date(2026, 11, 20))
    assert [str(bucket) for bucket in row.buckets] == ["100.00", "100.00", "0.00", "0.00", "100.00"]
    text = reports.aging_text(client.company, date(2026, 11, 20))
    assert "over 90" in text
    assert "300.00" in text


def test_reports_print_as_tables(client: Client) -> None:
    client.do(invoice("A"))
    assert "1100     Accounts receivable   100.00" in reports.trial_balance_text(client.company)
    ledger = reports.account_ledger_text(client.company, "1100")
    assert "2026-11-01" in ledger
    assert "Invoice A" in ledger
