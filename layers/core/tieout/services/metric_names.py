"""Names of the counters that alarms and dashboards watch (namespace Tieout).

The template's alarms use these names; an architecture test compares the two.
"""

SIGNATURE_FAILED = "SignatureFailed"
EVENT_REFUSED = "EventRefused"
EVENT_STORED = "EventStored"
EVENT_DUPLICATE = "EventDuplicate"
EVENT_UNKNOWN_TYPE = "EventUnknownType"
POSTED = "Posted"
PARKED = "Parked"
NOT_BOOKED = "NotBooked"
DRIFT = "Drift"
OUTCOME_UNKNOWN = "OutcomeUnknown"
LOOK_UPS = "LookUps"
SESSION_FAILED = "SessionFailed"
CONFIGURATION_FAULT = "ConfigurationFault"
UNEXPECTED_ERROR = "UnexpectedError"
STRIPE_READS = "StripeReads"
POLLER_RUN = "PollerRun"
POLLER_BUDGET_EXHAUSTED = "PollerBudgetExhausted"
POLLER_BEHIND = "PollerBehind"
MISSED = "Missed"
