"""Everything that can go wrong, as one tree.

    TieoutError
    ├── TransientFault          nothing was executed: the queue tries again after a pause
    │   ├── Throttled           Intacct or Stripe asked us to slow down
    │   ├── Unavailable         a system did not answer before anything was sent
    │   │   └── ReadRefused     Intacct answered a read, and did not do it
    │   └── LeaseHeld           another worker has this document or session in hand
    ├── OutcomeUnknown          a write was sent and no answer came: look it up before any re-send
    ├── Refused                 planning will not guess: park with a reason
    │   └── RequestRefused      Stripe knows the object, but does not do what was asked of it
    ├── ConfigurationFault      wrong secret, permission, table or policy: stop and page
    │   └── PolicyErrors        a policy with everything that is wrong in it
    ├── SettingsInvalid         the function's environment lacks something: the deployment is wrong
    ├── SignatureRefused        a delivery does not prove that Stripe sent it: answer 400
    ├── CannotBeDone            an operator asked for what is not possible now; the text says why
    └── StalePosting            another worker wrote the posting first: our view of it is void

What Intacct answers to a single document is a value (`services.ports.Outcome`), not an exception:
one refused document must not hide the others of its request.
"""

from collections.abc import Iterable
from datetime import date

from tieout.domain.reasons import Reason


class TieoutError(Exception):
    """Base of every error that Tieout raises on purpose."""


class TransientFault(TieoutError):
    """Nothing was executed; the same work may succeed later.

    Attributes:
        retry_after_seconds: what the other side asked for, if it said.
    """

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Throttled(TransientFault):
    """The other side refused before executing because we were too fast."""


class Unavailable(TransientFault):
    """The other side could not be reached or could not answer a read."""


class LeaseHeld(TransientFault):
    """Another worker holds the lease on this document or session."""


class OutcomeUnknown(TieoutError):
    """A write was sent and its answer never arrived or could not be understood."""


class Refused(TieoutError):
    """Planning will not guess.

    Attributes:
        reason: the reason code; its way out is in `domain.reasons`.
        day: on which the document would be dated, where that is what is wrong with it.
    """

    def __init__(self, reason: Reason, text: str, day: date | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
        self.day = day


class ConfigurationFault(TieoutError):
    """The deployment cannot work until a person changes a secret, permission or policy.

    Attributes:
        reason: the reason code; its way out is in `domain.reasons`.
    """

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


class PolicyErrors(ConfigurationFault):
    """The policy file cannot be used.

    Attributes:
        errors: every error, each as `path: what is wrong`.
    """

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        count = "one error" if len(self.errors) == 1 else f"{len(self.errors)} errors"
        listed = "".join(f"\n  {error}" for error in self.errors)
        super().__init__(Reason.POLICY_INVALID, f"the policy has {count}:{listed}")


class StalePosting(TieoutError):
    """The posting changed between our read and our conditional write."""
