"""Business actions on reference data: products, prices, tax rates, coupons."""

from collections.abc import Mapping
from decimal import Decimal

from tests.sandbox.stripe.core import AccountCore, business_action, merged_metadata
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.json_types import JsonObject


class CatalogActions(AccountCore):
    """What the business sells and at which tax."""

    @business_action
    def create_product(
        self, name: str, *, metadata: Mapping[str, str] | None = None, tax_code: str | None = None
    ) -> JsonObject:
        """Create a product."""
        product = self.store.add(
            {
                "id": self.ids.next("prod", 14),
                "object": "product",
                "active": True,
                "created": self.clock.now(),
                "default_price": None,
                "description": None,
                "images": [],
                "livemode": self.options.livemode,
                "marketing_features": [],
                "metadata": dict(metadata or {}),
                "name": name,
                "package_dimensions": None,
                "shippable": None,
                "statement_descriptor": None,
                "tax_code": tax_code,
                "type": "service",
                "unit_label": None,
                "updated": self.clock.now(),
                "url": None,
            }
        )
        self.emit("product.created", product)
        return self.show(product)

    @business_action
    def update_product(
        self,
        product_id: str,
        *,
        name: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """Rename a product or change its metadata (merged)."""
        with self.updating(self.store.get("product", product_id), "product.updated") as product:
            product["name"] = name or product["name"]
            product["metadata"] = merged_metadata(product["metadata"], metadata or {})
            product["updated"] = self.clock.now()
        return self.show(product)

    @business_action
    def create_price(
        self,
        product_id: str,
        unit_amount: int | Decimal,
        *,
        currency: str = "usd",
        interval: str | None = None,
        metadata: Mapping[str, str] | None = None,
        nickname: str | None = None,
    ) -> JsonObject:
        """Create a price in minor units; a Decimal gives a fractional ``unit_amount_decimal``.

        ``interval`` (day, week, month, year) makes it recurring. Source: stripe-api 5.
        """
        product = self.store.get("product", product_id)
        exact = Decimal(unit_amount)
        price = self.store.add(
            {
                "id": self.ids.next("price"),
                "object": "price",
                "active": True,
                "billing_scheme": "per_unit",
                "created": self.clock.now(),
                "currency": currency,
                "custom_unit_amount": None,
                "livemode": self.options.livemode,
                "lookup_key": None,
                "metadata": dict(metadata or {}),
                "nickname": nickname,
                "product": product["id"],
                "recurring": _recurring(interval),
                "tax_behavior": "unspecified",
                "tiers_mode": None,
                "transform_quantity": None,
                "type": "one_time" if interval is None else "recurring",
                "unit_amount": int(exact) if exact == exact.to_integral_value() else None,
                "unit_amount_decimal": f"{exact:f}",
            }
        )
        self.emit("price.created", price)
        return self.show(price)

    @business_action
    def create_tax_rate(
        self,
        display_name: str,
        percentage: str,
        *,
        inclusive: bool = False,
        country: str | None = None,
        state: str | None = None,
        jurisdiction: str | None = None,
    ) -> JsonObject:
        """Create a tax rate; ``percentage`` is a decimal text such as ``"8.875"``."""
        rate = self.store.add(
            {
                "id": self.ids.next("txr"),
                "object": "tax_rate",
                "active": True,
                "country": country,
                "created": self.clock.now(),
                "description": None,
                "display_name": display_name,
                "effective_percentage": None,
                "flat_amount": None,
                "inclusive": inclusive,
                "jurisdiction": jurisdiction,
                "jurisdiction_level": None,
                "livemode": self.options.livemode,
                "metadata": {},
                "percentage": float(percentage),
                "rate_type": "percentage",
                "state": state,
                "tax_type": None,
            }
        )
        self.emit("tax_rate.created", rate)
        return self.show(rate)

    @business_action
    def create_coupon(
        self,
        name: str,
        *,
        percent_off: str | None = None,
        amount_off: int | None = None,
        currency: str | None = None,
    ) -> JsonObject:
        """Create a coupon of either ``percent_off`` (decimal text) or ``amount_off`` (minor).

        Raises:
            StripeError: both or neither are given.
        """
        if (percent_off is None) == (amount_off is None):
            raise refused("You must pass either percent_off or amount_off, not both")
        coupon = self.store.add(
            {
                "id": self.ids.next("cpn", 8).removeprefix("cpn_"),
                "object": "coupon",
                "amount_off": amount_off,
                "created": self.clock.now(),
                "currency": (currency or "usd") if amount_off is not None else None,
                "duration": "once",
                "duration_in_months": None,
                "livemode": self.options.livemode,
                "max_redemptions": None,
                "metadata": {},
                "name": name,
                "percent_off": None if percent_off is None else float(percent_off),
                "redeem_by": None,
                "times_redeemed": 0,
                "valid": True,
            }
        )
        self.emit("coupon.created", coupon)
        return self.show(coupon)


def _recurring(interval: str | None) -> JsonObject | None:
    if interval is None:
        return None
    return {
        "interval": interval,
        "interval_count": 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
