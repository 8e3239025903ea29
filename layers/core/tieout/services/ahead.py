"""Reads of Stripe that are begun before it is their subject's turn, side by side."""

from collections.abc import Iterable
from concurrent.futures import Executor, Future

from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import Snapshot
from tieout.services.ports import Clock, StripeReader

Begun = tuple[int, Future[Snapshot]]
"""When a read was asked for, in unix seconds, and what comes of it, faults too."""


class Ahead:
    """What is being read for one batch of messages, and for no other.

    A read that was begun for one batch may have begun before the messages of another were sent.
    """

    def __init__(self, stripe: StripeReader, clock: Clock, pool: Executor | None) -> None:
        self._stripe = stripe
        self._clock = clock
        self._pool = pool
        self._begun: dict[Subject, Begun] = {}

    def begin(self, subjects: Iterable[Subject]) -> None:
        """Have Stripe asked for subjects, each once, in this order as far as there are threads.

        A day is not: reading it takes more than Stripe.
        """
        if self._pool is None:
            return
        now_unix = self._clock.now_unix()
        for subject in subjects:
            if subject.kind is not SubjectKind.ACTIVITY and subject not in self._begun:
                asked = self._pool.submit(self._stripe.snapshot, subject)
                self._begun[subject] = now_unix, asked

    def has(self, subject: Subject) -> bool:
        """Whether what was begun for a subject has ended, so that nobody need wait for it."""
        begun = self._begun.get(subject)
        return begun is not None and begun[1].done()

    def take(self, subject: Subject) -> Begun | None:
        """Return what was begun for a subject, once; None if nothing was, or waits for a thread.

        Then whoever needs it asks Stripe now, and not behind the reads of the next batch.
        """
        begun = self._begun.pop(subject, None)
        return None if begun is not None and begun[1].cancel() else begun

    def give_up(self) -> None:
        """Forget what nobody has asked for."""
        for _, asked in self._begun.values():
            asked.cancel()
        self._begun.clear()
