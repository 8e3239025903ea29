"""Works out a draft: resolves prices, tax rates and coupons and adds everything up."""

from collections.abc import Iterable
from fractions import Fraction

from tests.sandbox.stripe.core import AccountCore
from tests.sandbox.stripe.figures import (
    DiscountTerm,
    LineFigures,
    LineInput,
    RateTotal,
    TaxShare,
    TaxTerm,
    inclusive_minor,
    line_figures,
    tax_shares,
    totals_by_rate,
)
from tests.sandbox.stripe.invoice_shapes import (
    discount_totals,
    invoice_line,
    line_amount,
    tax_entry,
)
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.specs import InvoiceSpec, ShippingSpec

_EXEMPT_REASONS = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


class Pricing(AccountCore):
    """The arithmetic part of invoicing, on top of the store."""

    def price_draft(self, invoice: JsonObject, spec: InvoiceSpec) -> None:
        """Fill in lines, discounts, shipping and every total of a new draft."""
        prices = [
            None if line.price is None else self.store.get("price", line.price)
            for line in spec.lines
        ]
        own_discounts = [self._discounts(line.coupons, invoice) for line in spec.lines]
        invoice_discounts = self._discounts(spec.coupons, invoice)
        figures = line_figures(
            [
                LineInput(
                    amount_minor=line_amount(line, price),
                    discounts=tuple(own),
                    taxes=self.tax_terms(line.tax_rates or spec.tax_rates, spec.customer),
                    discountable=not line.proration,
                )
                for line, price, own in zip(spec.lines, prices, own_discounts, strict=True)
            ],
            invoice_discounts,
        )
        self.store.lines[invoice["id"]] = [
            invoice_line(
                line,
                invoice,
                figure,
                ids=(self.ids.next("il"), self.ids.next("ii")),
                own_discounts=[each.id for each in own],
                price=price,
            )
            for line, figure, own, price in zip(
                spec.lines, figures, own_discounts, prices, strict=True
            )
        ]
        invoice["default_tax_rates"] = [
            self.show(self.store.get("tax_rate", each)) for each in spec.tax_rates
        ]
        invoice["discounts"] = [each.id for each in invoice_discounts]
        shipping_taxes = self._shipping_taxes(spec.shipping, spec.customer)
        self.store.shipping_taxes[invoice["id"]] = [
            {
                "amount": each.amount_minor,
                "rate": self.show(self.store.get("tax_rate", each.term.rate_id)),
                "taxability_reason": each.term.reason,
                "taxable_amount": each.taxable_minor,
            }
            for each in shipping_taxes
        ]
        self._add_up(invoice, figures, shipping_taxes, spec)

    def _add_up(
        self,
        invoice: JsonObject,
        figures: list[LineFigures],
        shipping_taxes: tuple[TaxShare, ...],
        spec: InvoiceSpec,
    ) -> None:
        """Set the totals; the identities are those of the dossier's section 4.1."""
        round_once = self.options.tax_rounding == "invoice"
        line_taxes = totals_by_rate(
            (tax for line in figures for tax in line.taxes), round_once=round_once
        )
        shipping_rates = totals_by_rate(shipping_taxes, round_once=False)
        subtotal = sum(line.subtotal_minor for line in figures)
        invoice_off = sum(amount for line in figures for _, amount in line.invoice_discounts)
        shipping_net = 0 if spec.shipping is None else spec.shipping.amount_minor
        all_taxes = sum(each.amount_minor for each in [*line_taxes, *shipping_rates])
        total = (
            subtotal
            - invoice_off
            + _exclusive(line_taxes)
            + shipping_net
            + _exclusive(shipping_rates)
        )
        shown = line_taxes
        if self.options.shipping_tax_in_total_taxes:
            shown = _merged([*line_taxes, *shipping_rates])
        invoice.update(discount_totals(figures))
        invoice.update(
            {
                "amount_shipping": shipping_net + _exclusive(shipping_rates),
                "shipping_cost": self._shipping_cost(spec.shipping, shipping_taxes),
                "subtotal": subtotal,
                "subtotal_excluding_tax": subtotal
                - sum(line.own_inclusive_minor for line in figures),
                "total": total,
                "total_excluding_tax": total - all_taxes,
                "total_taxes": [tax_entry(each) for each in shown],
            }
        )

    def _discounts(self, coupons: Iterable[str], invoice: JsonObject) -> list[DiscountTerm]:
        """Make one Discount object per coupon and return the terms to compute with."""
        terms = []
        for coupon_id in coupons:
            coupon = self.store.get("coupon", coupon_id)
            coupon["times_redeemed"] += 1
            discount = self.store.add(
                {
                    "id": self.ids.next("di"),
                    "object": "discount",
                    "checkout_session": None,
                    "customer": invoice["customer"],
                    "customer_account": None,
                    "end": None,
                    "invoice": invoice["id"],
                    "invoice_item": None,
                    "promotion_code": None,
                    "source": {"coupon": coupon_id, "type": "coupon"},
                    "start": self.clock.now(),
                    "subscription": None,
                    "subscription_item": None,
                }
            )
            percent = coupon["percent_off"]
            terms.append(
                DiscountTerm(
                    id=discount["id"],
                    percent=None if percent is None else Fraction(str(percent)),
                    amount_off_minor=coupon["amount_off"],
                )
            )
        return terms

    def tax_terms(self, rate_ids: Iterable[str], customer_id: str) -> tuple[TaxTerm, ...]:
        """Return the rates as they apply to a customer: none of it if exempt or reverse charge."""
        exempt = _EXEMPT_REASONS.get(self.store.get("customer", customer_id)["tax_exempt"])
        terms = []
        for rate_id in rate_ids:
            rate = self.store.get("tax_rate", rate_id)
            terms.append(
                TaxTerm(
                    rate_id=rate_id,
                    percent=Fraction(0) if exempt else Fraction(str(rate["percentage"])),
                    inclusive=rate["inclusive"],
                    reason=exempt or "not_available",
                )
            )
        return tuple(terms)

    def _shipping_taxes(
        self, shipping: ShippingSpec | None, customer_id: str
    ) -> tuple[TaxShare, ...]:
        if shipping is None:
            return ()
        return tax_shares(shipping.amount_minor, self.tax_terms(shipping.tax_rates, customer_id))

    def _shipping_cost(
        self, shipping: ShippingSpec | None, taxes: tuple[TaxShare, ...]
    ) -> JsonObject | None:
        """Return ``shipping_cost``; its ``taxes`` appear only when expanded."""
        if shipping is None:
            return None
        exclusive = sum(each.amount_minor for each in taxes if not each.term.inclusive)
        return {
            "amount_subtotal": shipping.amount_minor - inclusive_minor(taxes),
            "amount_tax": exclusive + inclusive_minor(taxes),
            "amount_total": shipping.amount_minor + exclusive,
            "shipping_rate": None,
        }


def _exclusive(totals: Iterable[RateTotal]) -> int:
    return sum(each.amount_minor for each in totals if not each.term.inclusive)


def _merged(totals: Iterable[RateTotal]) -> list[RateTotal]:
    """Add the totals of the same rate together."""
    merged: dict[str, RateTotal] = {}
    for each in totals:
        before = merged.get(each.term.rate_id)
        merged[each.term.rate_id] = RateTotal(
            term=each.term,
            amount_minor=each.amount_minor + (before.amount_minor if before else 0),
            taxable_minor=each.taxable_minor + (before.taxable_minor if before else 0),
        )
    return list(merged.values())
