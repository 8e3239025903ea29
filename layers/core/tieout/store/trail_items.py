"""Keys and shapes of every item of the trail table; the template declares the same keys.

    chain                 seq          item
    main                  0            head: number and hash of the last entry
    main                  1, 2, ...    entries
    main#evidence         1, 2, ...    evidence of the entry of that number, or what became of it
    main#id#<any id>      1, 2, ...    the entry of that number has to do with that id
    main#anchor           20261120     where the chain's end was when that day was over
    chains                any          that there is a chain of this name

An entry is stored as the very text that its hash is made of.
"""

import hashlib
import json
import zlib
from datetime import date

from tieout.domain.canonical import canonical
from tieout.domain.trail import Anchor, Entry, Evidence, Head, entry_of, text_of
from tieout.store.attributes import Item, Plain, attributes, plains
from tieout.store.conditional import Condition

CHAIN = "chain"
SEQ = "seq"
HEAD_SEQ = 0
LAST, HASH = "last", "hash"
CHAINS = "chains"
NAME = "name"
# On a posting's item: the number of the entry that was written with it.
TRAIL_SEQ = "trail_seq"
# Entries and anchors stay as they were written first.
NEVER_WRITTEN = Condition("attribute_not_exists(#chain)", {"#chain": CHAIN})


def evidence_chain(account: str) -> str:
    """Return the partition of the evidence of an account's chain."""
    return f"{account}#evidence"


def id_chain(account: str, identifier: str) -> str:
    """Return the partition that leads from an id to the entries of an account's chain."""
    return f"{account}#id#{identifier}"


def anchor_chain(account: str) -> str:
    """Return the partition of the anchors of an account's chain."""
    return f"{account}#anchor"


def key(chain: str, seq: int) -> Item:
    """Return the key of an item."""
    return attributes(chain=chain, seq=seq)


def entry_item(entry: Entry) -> Item:
    """Return the item of an entry."""
    return attributes(chain=entry.account, seq=entry.seq, text=text_of(entry), hash=entry.hash)


def entry_from(item: Item) -> Entry:
    """Return the entry of an item.

    Raises:
        ValueError: its text is no entry's.
    """
    values = plains(item)
    return entry_of(values["text"], values[HASH])


def head_item(head: Head) -> Item:
    """Return the item of a chain's head."""
    return attributes(chain=head.account, seq=HEAD_SEQ, last=head.seq, hash=head.hash)


def head_from(item: Item) -> Head:
    """Return the head of an item."""
    values = plains(item)
    return Head(values[CHAIN], values[LAST], values[HASH])


def evidence_item(entry: Entry, evidence: Evidence) -> Item:
    """Return the item of an entry's evidence, compressed (zlib)."""
    return attributes(
        chain=evidence_chain(entry.account),
        seq=entry.seq,
        salt=evidence.salt,
        content=zlib.compress(canonical(evidence.content).encode()),
    )


def erased_item(account: str, seq: int, erased_by: int) -> Item:
    """Return what takes the place of evidence that is erased."""
    return attributes(chain=evidence_chain(account), seq=seq, erased_by=erased_by)


def evidence_from(item: Item) -> Evidence:
    """Return the evidence of an item.

    Raises:
        ValueError: nobody wrote it like this.
    """
    values = plains(item)
    if "erased_by" in values:
        return Evidence({}, b"", values["erased_by"])
    try:
        content = json.loads(zlib.decompress(values["content"]))
    except (zlib.error, KeyError, ValueError) as error:
        raise ValueError("the evidence cannot be read") from error
    return Evidence(content, values.get("salt", b""))


def id_item(entry: Entry, identifier: str) -> Item:
    """Return the item that leads from an id to an entry."""
    return attributes(
        chain=id_chain(entry.account, identifier), seq=entry.seq, posting_key=entry.key
    )


def chain_item(account: str) -> Item:
    """Return the item that says that there is a chain; its number is only there to be its own."""
    number = int.from_bytes(hashlib.sha256(account.encode()).digest()[:6], "big")
    return attributes(chain=CHAINS, seq=number, name=account)


def anchor_item(anchor: Anchor) -> Item:
    """Return the item of an anchor."""
    fields: dict[str, Plain] = {
        "day": anchor.day,
        LAST: anchor.seq,
        HASH: anchor.hash,
        "at_unix": anchor.at_unix,
    }
    return {**anchor_key(anchor.account, anchor.day), **attributes(**fields)}


def anchor_key(account: str, day: str) -> Item:
    """Return the key of the anchor of a day."""
    return key(anchor_chain(account), int(date.fromisoformat(day).strftime("%Y%m%d")))


def anchor_from(item: Item) -> Anchor:
    """Return the anchor of an item."""
    values = plains(item)
    account = values[CHAIN].removesuffix(anchor_chain(""))
    return Anchor(account, values["day"], values[LAST], values[HASH], values["at_unix"])
