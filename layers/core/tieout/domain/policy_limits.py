"""What the settings of a policy may hold: lengths, ranges and choices."""

# Source: intacct-xml-api dossier section 1.5 (lengths of the schema's comments).
ACCOUNT_LENGTH_MAX = 24
JOURNAL_LENGTH_MAX = 4
TERM_LENGTH_MAX = 40
ENTITY_LENGTH_MAX = 20
COUNTRY_LENGTH_MAX = 60
CUSTOMER_ID_LENGTH_MAX = 20
DIMENSION_LENGTH_MAX = 100
MEMO_LENGTH_MAX = 200
# Leaves the hashed form of a Stripe id room enough to stay unique within a CUSTOMERID.
PREFIX_LENGTH_MAX = 8
# Source: stripe-api dossier section 7 (metadata limits).
METADATA_KEY_LENGTH_MAX = 40
STRIPE_ID_LENGTH_MAX = 255
NAME_LENGTH_MAX = 100
DUE_DAYS_MAX = 365
# Source: intacct-xml-api dossier section 7.3.
PAYMENT_METHODS = (
    "Credit Card",
    "EFT",
    "Online Charge Card",
    "Online ACH Debit",
    "Printed Check",
    "Cash",
)
