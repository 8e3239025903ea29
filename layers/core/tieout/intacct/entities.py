"""A company of several entities: one client, and one session, for each entity that is written to.

Source: intacct-xml-api dossier section 3: a session belongs to one user and one entity.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tieout.domain.documents import Document, entity_of
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.reasons import Reason
from tieout.intacct.books import IntacctBooks
from tieout.intacct.client import IntacctLedger
from tieout.intacct.master_data import IntacctMasterData
from tieout.services.ports import (
    Found,
    NamedRecord,
    NotAccepted,
    NotExecuted,
    Outcome,
    Submission,
)


@dataclass(slots=True)
class EntitiesLedger:
    """The `Ledger` port over all entities: each document goes out in its entity's own session.

    Attributes:
        ledger_of: makes the client of an entity; None is where the credentials lead by themselves.
    """

    ledger_of: Callable[[str | None], IntacctLedger]
    _ledgers: dict[str | None, IntacctLedger] = field(default_factory=dict)

    @property
    def reads(self) -> int:
        """How many calls that read were sent, in all entities."""
        return sum(each.statistics.look_ups for each in self._ledgers.values())

    def submit(self, submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        """Send each entity's documents in requests of its own; return an outcome for each.

        A fault that hits a later entity is told as the outcome of what was not sent: raising it
        would hide what earlier ones have booked.

        Raises:
            ConfigurationFault, TransientFault: as `IntacctLedger.submit`; nothing was executed.
        """
        groups: dict[str | None, list[Submission]] = defaultdict(list)
        for each in submissions:
            groups[entity_of(each.document)].append(each)
        outcomes: dict[str, Outcome] = {}
        for entity, group in groups.items():
            try:
                outcomes |= self._ledger(entity).submit(group)
            except (ConfigurationFault, TransientFault) as fault:
                outcome = self._told(entity, fault)
                if isinstance(outcome, NotExecuted) and not outcomes:
                    raise
                outcomes |= {each.control_id: outcome for each in group}
        return outcomes

    def _told(
        self, entity: str | None, fault: ConfigurationFault | TransientFault
    ) -> NotAccepted | NotExecuted:
        """Return what a fault means to the documents of an entity.

        Intacct refuses an entity that does not exist as it refuses a wrong password. If it lets us
        in without one, the entity is wrong, and only what names it has to wait for a person.
        Source: intacct-xml-api dossier section 3.1.
        """
        refused = isinstance(fault, ConfigurationFault) and fault.reason is Reason.INTACCT_SIGN_IN
        if entity is not None and refused:
            with suppress(TransientFault):
                if self._ledger(None).lets_us_in():
                    text = f"Intacct does not let us into the entity {entity!r}: {fault}"
                    return NotAccepted(Reason.UNKNOWN_ENTITY, text)
        return NotExecuted(str(fault))

    def find(self, submission: Submission) -> Found | None:
        """Look a document up in the entity that it was written in.

        Raises:
            TransientFault, ConfigurationFault: as `IntacctLedger.find`.
        """
        return self._of(submission.document).find(submission)

    def check(self, named: NamedRecord) -> Found | None:
        """Compare a record with what it should be, as seen from where the credentials lead.

        Raises:
            TransientFault, ConfigurationFault: as `IntacctLedger.check`.
        """
        return self._ledger(None).check(named)

    def books(self, base_currency: Callable[[], str]) -> IntacctBooks:
        """Return what the books of all entities show, as seen from where the credentials lead."""
        return IntacctBooks(
            lambda selection: self._ledger(None).rows(selection),
            base_currency,
            lambda entity: self._ledger(entity).closed_through(),
        )

    def master_data(self) -> IntacctMasterData:
        """Return what documents may refer to, as seen from where the credentials lead."""
        return IntacctMasterData(lambda selection: self._ledger(None).rows(selection))

    def _of(self, document: Document) -> IntacctLedger:
        return self._ledger(entity_of(document))

    def _ledger(self, entity: str | None) -> IntacctLedger:
        if entity not in self._ledgers:
            self._ledgers[entity] = self.ledger_of(entity)
        return self._ledgers[entity]
