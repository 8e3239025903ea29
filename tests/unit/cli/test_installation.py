"""Goal: a command works with the stack as it is deployed, and owns a document while it sends it.

Method: an installation over a stack whose parameters are replaced.
"""

import dataclasses
from collections.abc import Callable

import pytest

from tests.support.aws import Aws
from tests.unit.cli.conftest import STACK
from tieout.cli.installation import INTACCT_TIMEOUT_SECONDS, LEASE_SECONDS, Installation
from tieout.services.governor import WAIT_SECONDS_MAX
from tieout.services.operate import CannotBeDone


def test_a_document_stays_ours_while_a_request_and_its_repetition_wait_and_last() -> None:
    assert LEASE_SECONDS > 2 * (WAIT_SECONDS_MAX + INTACCT_TIMEOUT_SECONDS)


def test_a_stack_that_was_not_updated_yet_is_told_apart(
    account: Aws, with_stack: Callable[..., None]
) -> None:
    assert account
    with_stack(StateTableName="state", IntacctSecretArn="secret", KeyArn="key")
    at = Installation(STACK)
    parameters = dict(at.stack.parameters)
    del parameters["IntacctConcurrency"]
    at.stack = dataclasses.replace(at.stack, parameters=parameters)
    with pytest.raises(CannotBeDone, match="no parameter IntacctConcurrency: update the stack"):
        assert at.ledger
