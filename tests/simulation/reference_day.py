"""The reference scenario of the crash points: one business day, told step by step."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.sandbox.intacct import Fault, FaultKind
from tests.sandbox.stripe import CreditLineSpec, CreditNoteSpec, InvoiceSpec, LineSpec
from tests.simulation.checks import JudgedWorld
from tests.simulation.faults import Faults
from tests.simulation.functions import Function, simulated_time
from tests.simulation.outside import Killed
from tests.simulation.world import Plan


class ReferenceDay(JudgedWorld):
    """An invoice, its payment, a refund, a credit note, a dispute, a payout and the day's journals.

    Two more sales are told of at once, while Intacct bears no more: so a worker takes from the
    queue itself, puts off, and deletes. No webhook ever comes of the last sale, in yen: the poller
    finds it in the night.

    Attributes:
        die_after: the invocation that dies after its last outside call, when all is done and nobody
            was told, from 0; None for none.
        callers: the function behind each outside call, in their order.
        asked: what was called, without its arguments.
        invocations: how many there were.
        deaths: how many functions died.
    """

    def __init__(self, crash_at: int | None = None, die_after: int | None = None) -> None:
        self.die_after, self.deaths, self.invocations = die_after, 0, 0
        self.callers: list[str] = []
        self.asked: set[str] = set()
        super().__init__(Plan(0, 0, Faults()))
        self.outside.crash_at = crash_at
        self._note_callers()
        for function in (self.webhook, *self.processors, self.poller):
            self._watch(function)

    def happen(self) -> None:
        """Play the day; the functions work after each step, and die where they are told to."""
        with simulated_time(self.outside):
            self.luck.is_off = True
            self._publish()
            account, customer = self.account, self.business.sign_up()
            first = self._billed(customer, 12_000, "usd")
            self._step()
            account.pay_invoice(first)
            for _ in range(2):
                account.pay_invoice(self._billed(self.business.sign_up(), 3_000, "usd"))
            self.cloud.intacct.faults.push(Fault(FaultKind.RATE_LIMITED))
            self._step()
            self._step()
            account.refund(self._charge_of(first), 2_000)
            self._step()
            second = self._billed(customer, 9_000, "usd")
            line = account.store.lines[second][0]["id"]
            account.create_credit_note(CreditNoteSpec(second, (CreditLineSpec(line, 1_000),)))
            self._step()
            account.pay_invoice(second)
            dispute = account.create_dispute(self._charge_of(second))
            account.withdraw_dispute_funds(dispute["id"])
            self._step()
            account.create_payout(currency="usd")
            self._step()
            account.pay_invoice(self._billed(self.business.sign_up(), 7_000, "jpy"))
            self._told = self.events
            deaths_before = self.deaths
            self.calm(days=1)
            if self.deaths > deaths_before:
                # What died at night is made good by the next one.
                self.calm(days=1)
            self.judge()

    def _note_callers(self) -> None:
        call = self.outside.call

        def noted(where: str, do: Callable[[], Any]) -> Any:  # noqa: ANN401 - as it has it
            if self.outside.running is not None:
                self.callers.append(self.outside.running.name)
                self.asked.add(where.partition(" ")[0])
            return call(where, do)

        self.outside.call = noted  # type: ignore[method-assign]

    def _watch(self, function: Function) -> None:
        """Count its deaths, and let it die when all is done if that is what it is told to."""
        invoke = function.invoke

        def watched(event: Mapping[str, Any]) -> Mapping[str, Any]:
            number, self.invocations = self.invocations, self.invocations + 1
            try:
                answer = invoke(event)
            except Killed:
                self.deaths += 1
                raise
            if number == self.die_after:
                function._handler = None
                self.deaths += 1
                raise Killed
            return answer

        function.invoke = watched  # type: ignore[method-assign]

    def _billed(self, customer: str, amount_minor: int, currency: str) -> str:
        line = LineSpec(
            "Service", amount_minor=amount_minor, metadata={"revenue_category": "services"}
        )
        taxes = self.catalog.taxes[1]
        spec = InvoiceSpec(customer, (line,), currency=currency, tax_rates=taxes)
        return self.business.finalise(spec)

    def _charge_of(self, invoice: str) -> str:
        (payment,) = self.account.store.where("invoice_payment", "invoice", invoice)
        intent = payment["payment"]["payment_intent"]
        (charge,) = self.account.store.where("charge", "payment_intent", intent)
        return str(charge["id"])

    def _step(self) -> None:
        self._tell()
        self._bring_due()
        while self._work():
            pass
        self.time.advance(200)


def played(crash_at: int | None = None, die_after: int | None = None) -> ReferenceDay:
    """Return a day that ended well.

    Raises:
        AssertionError: it did not.
    """
    day = ReferenceDay(crash_at, die_after)
    day.happen()
    return day
