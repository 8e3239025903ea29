"""Kinds of Intacct's master data that a policy can name."""

from enum import StrEnum


class MasterKind(StrEnum):
    """Kinds of Intacct's master data, as people call them; dimensions by their policy names."""

    ACCOUNT = "account"
    BANK_ACCOUNT = "bank account"
    JOURNAL = "journal"
    ENTITY = "entity"
    TERM = "term"
    LOCATION = "location"
    DEPARTMENT = "department"
    CLASS = "class"
    PROJECT = "project"
    ITEM = "item"
