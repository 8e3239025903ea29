"""The plan while it is being written: collects documents, and what could not become one."""

import dataclasses
from collections.abc import Callable

from tieout.domain.documents import Customer, Document, dependencies
from tieout.domain.effects import on_balance
from tieout.domain.errors import Refused
from tieout.domain.plans import Disposition, Finding, Plan
from tieout.domain.policy import Policy
from tieout.domain.reasons import Group, Reason, group
from tieout.domain.subjects import Subject


class PlanDraft:
    """Collects what a plan will hold; the first entry under a key stays.

    Two invoices of one customer call for the same customer, and a refund calls for the documents
    of its invoices, so the same document is often asked for twice.
    """

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._findings: dict[str, Finding] = {}
        self._supersedes: dict[str, None] = {}
        self._tells_all = True

    def document(
        self,
        key: str,
        build: Callable[[], Document],
        amount_minor: int | None = None,
        currency: str | None = None,
        *,
        outside_stripe: bool = False,
    ) -> None:
        """Add the document that `build` makes; if it is refused, park its key and go on.

        What is refused for a reason that calls nobody (before the books begin, booked with its day)
        is not parked but recorded.

        Args:
            key: the document's key.
            build: makes the document, or raises `Refused`.
            amount_minor: what to show on the exceptions list if it is refused, in minor units.
            currency: of the amount.
            outside_stripe: whether the amount came past Stripe.
        """
        if key in self._documents or key in self._findings:
            return
        try:
            self._documents[key] = build()
        except Refused as refused:
            self.refused(key, refused, amount_minor, currency, outside_stripe=outside_stripe)

    def refused(
        self,
        key: str,
        refused: Refused,
        amount_minor: int | None = None,
        currency: str | None = None,
        *,
        outside_stripe: bool = False,
    ) -> None:
        """Park a key for a reason, or record it if that calls nobody; amount in minor units."""
        is_solved = group(refused.reason) is Group.RECORDED
        finding = Finding(
            key,
            Disposition.NOT_BOOKED if is_solved else Disposition.PARKED,
            refused.reason,
            refused.text,
            amount_minor,
            currency,
            day=refused.day,
            waits_for_day=refused.day if refused.reason is Reason.WAITS_FOR_PERIOD else None,
            effects=f"0 {on_balance(currency)}" if outside_stripe and currency else "",
        )
        self._findings.setdefault(key, finding)

    def not_booked(
        self,
        key: str,
        reason: Reason,
        text: str,
        amount_minor: int | None = None,
        currency: str | None = None,
    ) -> None:
        """Record something that is recognised and calls for no document; amount in minor units."""
        finding = Finding(key, Disposition.NOT_BOOKED, reason, text, amount_minor, currency)
        self._findings.setdefault(key, finding)

    @property
    def has_documents(self) -> bool:
        """Whether there is a document so far."""
        return bool(self._documents)

    @property
    def has_entries(self) -> bool:
        """Whether there is anything so far."""
        return bool(self._documents or self._findings)

    def supersede(self, key: str) -> None:
        """Say that what another subject may have recorded under `key` is covered by this plan."""
        self._supersedes[key] = None

    def leave_the_rest(self) -> None:
        """Say that Stripe does not tell what else there is: what was recorded of it stays."""
        self._tells_all = False

    def finish(
        self,
        subject: Subject,
        policy: Policy,
        source_state: str = "",
        source_created_unix: int = 0,
    ) -> Plan:
        """Return the plan; customers come first, then documents in the order they were added."""
        documents = sorted(
            self._documents.values(), key=lambda each: not isinstance(each, Customer)
        )
        needed = {key for each in documents for key in dependencies(each)}
        return Plan(
            subject=subject,
            documents=tuple(documents),
            findings=tuple(_if_needed(each, needed) for each in self._findings.values()),
            policy_version=policy.version,
            source_state=source_state,
            source_created_unix=source_created_unix,
            supersedes=tuple(self._supersedes),
            tells_all=self._tells_all,
        )


def _if_needed(finding: Finding, needed: set[str]) -> Finding:
    """Park what was booked by hand if a document needs its record number."""
    if finding.reason is not Reason.BEFORE_BOOKS or finding.key not in needed:
        return finding
    return dataclasses.replace(
        finding,
        disposition=Disposition.PARKED,
        reason=Reason.RECORD_NO_MISSING,
        text=f"{finding.key} is {finding.text}",
    )
