"""Whether a policy may go live: its examples hold, and what it names is in Intacct."""

from collections.abc import Iterator
from dataclasses import dataclass

from tieout.domain.policy import Policy
from tieout.domain.policy_names import names_in
from tieout.services.policy_examples import ExampleResult, ReadExample, run_examples
from tieout.services.policy_names_check import check_names
from tieout.services.ports import MasterData

_NO_BOOKS_FROM = "books_from is not set: everything that Stripe has will be booked"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        errors: why it must not go live, each as `path: what is wrong`.
        notes: what to know of it.
        examples: how many were run.
    """

    errors: tuple[str, ...]
    notes: tuple[str, ...]
    examples: int


def check_policy(
    text: str, policy: Policy, read: ReadExample, master_data: MasterData | None
) -> Checked:
    """Return what is wrong with a policy that can be read.

    Args:
        text: the policy file.
        policy: the same, read.
        read: makes a snapshot of an example.
        master_data: of the Intacct company; None leaves unchecked what the policy names.

    Raises:
        TransientFault, ConfigurationFault: Intacct cannot be asked.
    """
    results = list(run_examples(policy, read))
    errors = [error for each in results for error in _failures(each)]
    notes = [] if policy.books_from else [_NO_BOOKS_FROM]
    if master_data is not None:
        for problem in check_names(names_in(text, policy), master_data):
            found = errors if problem.is_error else notes
            found.append(f"{problem.path}: {problem.text}")
    return Checked(tuple(errors), tuple(notes), len(results))


def _failures(result: ExampleResult) -> Iterator[str]:
    for problem in result.problems:
        yield f"{result.path}: {problem}"
