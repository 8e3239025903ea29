"""Objects and whole lists of Stripe's, of the mode that this deployment expects, within bounds."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.stripe import listing
from tieout.stripe.api import StripeApi, path_of

Raw = Mapping[str, object]
NO_PARAMETERS: Raw = MappingProxyType({})


class Rows:
    """What the readers of snapshots read with."""

    def __init__(self, api: StripeApi, *, livemode: bool) -> None:
        self._api = api
        self._livemode = livemode

    @property
    def reads(self) -> int:
        """How many GET requests were sent."""
        return self._api.reads

    def get(
        self, parts: tuple[str, ...], account: str | None, parameters: Raw = NO_PARAMETERS
    ) -> Raw:
        """Return an object.

        Raises:
            Refused: it is of the other mode, or as `StripeApi.get` says, like all else.
        """
        raw = self._api.get(path_of(*parts), parameters, account)
        if raw.get("livemode", self._livemode) is not self._livemode:
            mode = "live" if self._livemode else "test"
            raise Refused(
                Reason.OBJECT_MISSING_IN_STRIPE,
                f"{'/'.join(parts)} is not a {mode} mode object, as this deployment expects",
            )
        return raw

    def all(
        self,
        parts: tuple[str, ...],
        account: str | None,
        filters: Raw,
        rows_max: int,
    ) -> Iterator[Raw]:
        """Yield every row of a list, a page at a time: a row weighs much more than what is kept.

        Raises:
            Refused: there are more than `rows_max`, or as `StripeApi.get` says, like all else.
        """
        seen = 0
        for page in listing.pages(self._api, path_of(*parts), filters, account):
            seen += len(page)
            if seen > rows_max:
                raise Refused(
                    Reason.SNAPSHOT_TOO_LARGE, f"{'/'.join(parts)} has more than {rows_max} rows"
                )
            yield from page


def has_more(listed: object) -> bool:
    """Return whether an embedded list is only the beginning of it."""
    return isinstance(listed, Mapping) and listed.get("has_more") is True
