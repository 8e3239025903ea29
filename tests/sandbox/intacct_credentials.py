"""The secret that lets Tieout into the sample company."""

from tests.sandbox.intacct import sample


def of_sample_company() -> dict[str, str]:
    """Return the Intacct secret's content, as an operator would fill it."""
    return {
        "sender_id": sample.SENDER_ID,
        "sender_password": sample.SENDER_PASSWORD,
        "company_id": sample.COMPANY_ID,
        "user_id": sample.USER_ID,
        "user_password": sample.USER_PASSWORD,
    }
