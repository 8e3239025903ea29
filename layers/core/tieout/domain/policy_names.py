"""Everything of Intacct that a policy names, with the place where it does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tieout.domain.effects import dimensions_of
from tieout.domain.master_data import MasterKind
from tieout.domain.policy import Policy
from tieout.domain.policy_accounts import SECTION as ACCOUNTS_SECTION
from tieout.domain.policy_dimensions import STANDARD_DIMENSIONS
from tieout.domain.policy_file import BANK_ACCOUNTS, LEDGER_ACCOUNTS
from tieout.domain.policy_reader import Section
from tieout.domain.policy_rules import Rule, RuleBook
from tieout.domain.strict_yaml import load


@dataclass(frozen=True, slots=True)
class Named:
    """Something that must exist in Intacct.

    Attributes:
        path: where the policy names it.
        dimensions: names of the dimensions that a line on this account has in any case.
        beside: the ledger account that the policy names beside a bank account.
        currency: that the policy uses a bank account for.
    """

    kind: MasterKind
    identifier: str
    path: str
    dimensions: frozenset[str] = frozenset()
    beside: str = ""
    currency: str = ""


_SETTINGS = {
    "account": MasterKind.ACCOUNT,
    "bank_account": MasterKind.BANK_ACCOUNT,
    "term": MasterKind.TERM,
    "entity": MasterKind.ENTITY,
}


_SINGLE = {"entity": MasterKind.ENTITY, "customers.term": MasterKind.TERM}


def names_in(text: str, policy: Policy) -> Iterator[Named]:
    """Yield what a policy names.

    Args:
        text: the policy file, without errors.
        policy: the same, read.
    """
    file = Section(_mapping(load(text).content), "", [])
    yield Named(MasterKind.JOURNAL, policy.journal, "journal")
    yield from _in_file(file, frozenset(_texts(file, "dimensions.defaults")))
    yield from _of_rules(policy.rules, "", file)
    for account, own in file.sections(ACCOUNTS_SECTION):
        there = policy.accounts[account]
        defaults = frozenset(dimensions_of(there.dimensions.defaults))
        yield from _in_file(own, defaults)
        if {"rules", "maps"} & own.values.keys():
            yield from _of_rules(there.rules, f"{own.path}.", own)
    for entity in file.section("entities").values:
        yield Named(MasterKind.ENTITY, entity, f"entities.{entity}")


def _in_file(file: Section, defaults: frozenset[str]) -> Iterator[Named]:
    """Yield what a file, or a part of it for an account, names outside its rules."""
    for path in LEDGER_ACCOUNTS:
        for where, identifier in file.scalars(path):
            own = _texts(file, f"{_relative(where, file).rpartition('.')[0]}.dimensions")
            yield Named(MasterKind.ACCOUNT, identifier, where, defaults | frozenset(own))
    for path in BANK_ACCOUNTS:
        for where, identifier in file.scalars(path):
            entry = _relative(where, file).rpartition(".")[0]
            beside = _texts(file, entry).get("account", "")
            currency = entry.rpartition(".")[2]
            yield Named(
                MasterKind.BANK_ACCOUNT, identifier, where, beside=beside, currency=currency
            )
    for path, kind in _SINGLE.items():
        for where, identifier in file.scalars(path):
            yield Named(kind, identifier, where)
    yield from _dimensions(file)


def _relative(where: str, file: Section) -> str:
    return where.removeprefix(f"{file.path}." if file.path else "")


def _dimensions(file: Section) -> Iterator[Named]:
    """Yield the values of dimensions in sections that are called so, wherever they are."""
    for name, value in file.values.items():
        if not isinstance(value, Mapping) or name in {"maps", "metadata_keys", ACCOUNTS_SECTION}:
            continue
        section = Section(value, file.where(name), file.errors)
        if "dimensions" in section.path.split("."):
            for kind in STANDARD_DIMENSIONS:
                for where, identifier in section.scalars(kind):
                    yield Named(MasterKind(kind), identifier, where)
        yield from _dimensions(section)


def _of_rules(rules: RuleBook, prefix: str, file: Section) -> Iterator[Named]:
    defaults = frozenset(_texts(file, "dimensions.defaults"))
    for of_area in rules.values():
        for rule in of_area:
            yield from _of_rule(rule, defaults, prefix)


def _of_rule(rule: Rule, defaults: frozenset[str], prefix: str) -> Iterator[Named]:
    path = f"{prefix}rules[{rule.name}].set"
    carried = defaults | frozenset(rule.dimensions)
    for name, setting in rule.settings.items():
        if name in _SETTINGS:
            for identifier in setting.values:
                yield Named(_SETTINGS[name], identifier, f"{path}.{name}", carried)
    for name, setting in rule.dimensions.items():
        if name in STANDARD_DIMENSIONS:
            for identifier in setting.values:
                yield Named(MasterKind(name), identifier, f"{path}.dimensions.{name}")


def _texts(file: Section, path: str) -> Mapping[str, str]:
    return {where.rpartition(".")[2]: text for where, text in file.scalars(f"{path}.*")}


def _mapping(content: object) -> Mapping[str, object]:
    return content if isinstance(content, Mapping) else {}
