"""The policy in force: the published one, with what Intacct itself has closed.

A day is closed when the policy says so or Intacct does; for Intacct the latest day of all entities
counts, so that no document is ever dated where its entity would refuse it. What was planned under
such a policy must be planned in the same way for ever, whatever Intacct closes next; so the policy
in force has a version of its own, `<published version>@<day>`.
"""

import dataclasses
from collections.abc import Iterator
from datetime import date

from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area

_SEPARATOR = "@"


def in_force(published: Policy, closed_through: date | None) -> Policy:
    """Return the policy while Intacct's books are closed through a day; None for no such day."""
    if closed_through is None or all(
        _is_closed(each, closed_through) for each in (published, *published.accounts.values())
    ):
        return published
    version = f"{published.version}{_SEPARATOR}{closed_through.isoformat()}"
    return dataclasses.replace(
        _closed(published, closed_through, version),
        accounts={
            account: _closed(each, closed_through, version)
            for account, each in published.accounts.items()
        },
    )


def parts_of(version: str) -> tuple[str, date | None]:
    """Return the published version in a version, and the day that Intacct had closed, if any.

    Raises:
        ValueError: it is no version.
    """
    published, separator, day = version.partition(_SEPARATOR)
    return published, date.fromisoformat(day) if separator else None


def entities_of(policy: Policy) -> frozenset[str | None]:
    """Return every entity that documents can go to; None is the company's top level."""
    return frozenset(
        entity for each in (policy, *policy.accounts.values()) for entity in _entities(each)
    )


def _entities(policy: Policy) -> Iterator[str | None]:
    yield policy.entity
    for rule in policy.rules.get(Area.ENTITY, ()):
        for setting in rule.settings.values():
            yield from setting.values


def _is_closed(policy: Policy, day: date) -> bool:
    closed_through = policy.periods.closed_through
    return closed_through is not None and closed_through >= day


def _closed(policy: Policy, day: date, version: str) -> Policy:
    """Return the policy under another version, and closed through a day at least."""
    periods = policy.periods
    if not _is_closed(policy, day):
        periods = dataclasses.replace(periods, closed_through=day)
    return dataclasses.replace(policy, version=version, periods=periods)
