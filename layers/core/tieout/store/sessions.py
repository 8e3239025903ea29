"""The shared Intacct session: one item holds session, lease and hold, each operation is one write.

A lease is a moment until which one worker may sign in, and a fencing token that only ever grows:

    worker A               the item                                worker B
    lease ───────────────> token 7, leased until 12:01:00
    signs in ...                                                   lease ──> LeaseHeld, waits
    (frozen past 12:01)                                            lease ──> token 8, until 12:02:00
                                                                   signs in
                           session of B, lease given back <─────── save(8)
    save(7) ─────────────> refused: 7 is not the newest token
    reads B's session

Since everything is in one item, no reader sees B's session together with A's lease, and no write
can be half done. The session id is encrypted (KMS) with an encryption context that binds it to its
endpoint: whoever may write the table, but not use the key, cannot have our session sent elsewhere.
"""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tieout.domain.errors import LeaseHeld
from tieout.domain.reasons import Reason
from tieout.services.ports import Hold, Session
from tieout.store import items
from tieout.store.attributes import Item, Plain, attribute, attributes
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.conditional import CONDITION_FAILED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

_TOKEN = "token"  # noqa: S105 - a fencing token is a counter, not a secret
_LEASED_UNTIL = "leased_until_unix"
_HOLDER = "holder"
_CIPHERTEXT = "session_ciphertext"
_ENDPOINT = "endpoint"
_EXPIRES_AT = "expires_at_unix"
_SIGNED_IN_AS = "signed_in_as"
_HELD_UNTIL = "held_until_unix"
_HELD_REASON = "held_reason"
_HELD_TEXT = "held_text"
_HELD_VERSION = "held_credentials_version"
# What KMS says to a ciphertext that is not from this key, or not with this context.
# Source: AWS KMS API reference, Decrypt, errors.
_UNREADABLE = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})


class DynamoSessions:
    """The `Sessions` port's real adapter; the session of one entity, None for the top level.

    Every method raises `TransientFault` when DynamoDB or KMS cannot be used now and
    `ConfigurationFault` when they cannot be used at all.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        kms: "KMSClient",
        table_name: str,
        key_id: str,
        entity: str | None = None,
    ) -> None:
        self._client = client
        self._kms = kms
        self._table_name = table_name
        self._key_id = key_id
        self._entity = entity
        self._opened: tuple[bytes, str] | None = None

    def current(self) -> Session | None:
        """Return the stored session, whatever its age; None if there is none.

        A session that cannot be decrypted (the key was replaced, the item was tampered with) is as
        good as none: signing in replaces it.
        """
        item = self._read()
        if _CIPHERTEXT not in item:
            return None
        endpoint = item[_ENDPOINT]["S"]
        session_id = self._decrypted(item[_CIPHERTEXT]["B"], endpoint)
        if session_id is None:
            return None
        return Session(
            session_id,
            endpoint,
            expires_at_unix=int(item[_EXPIRES_AT]["N"]),
            signed_in_as=item.get(_SIGNED_IN_AS, {}).get("S", ""),
        )

    def lease(self, now_unix: int, lease_seconds: int) -> int:
        """Take the lease and return its fencing token.

        Raises:
            LeaseHeld: another worker has it.
        """
        # Nobody has the lease: never taken, or given back by `save` or `hold`.
        lease_is_free = "attribute_not_exists(#leased_until)"
        # Its worker died or was frozen. The growing token is what makes taking it over safe.
        lease_ran_out = "#leased_until <= :now"

        holder = uuid.uuid4().hex
        try:
            written = self._update(
                "SET #leased_until = :until, #holder = :holder ADD #token :one",
                f"{lease_is_free} OR {lease_ran_out}",
                names={"#leased_until": _LEASED_UNTIL, "#holder": _HOLDER, "#token": _TOKEN},
                values={
                    ":now": now_unix,
                    ":until": now_unix + lease_seconds,
                    ":holder": holder,
                    ":one": 1,
                },
            )
        except Declined as declined:
            # The SDK sends again when an answer is lost, and then our own lease is in the way.
            written = declined.answer.get("Item", {})
            if written.get(_HOLDER) != attribute(holder):
                seconds = _seconds_left(written, now_unix)
                raise LeaseHeld("another worker is signing in to Intacct", seconds) from None
        return int(written[_TOKEN]["N"])

    def save(self, session: Session, token: int) -> None:
        """Store the session, end any hold and give the lease back.

        Raises:
            LeaseHeld: the token is not the newest.
        """
        self._release(
            token,
            keep={
                _CIPHERTEXT: self._encrypted(session),
                _ENDPOINT: session.endpoint,
                _EXPIRES_AT: session.expires_at_unix,
                _SIGNED_IN_AS: session.signed_in_as,
            },
            drop=(_HELD_UNTIL, _HELD_REASON, _HELD_TEXT, _HELD_VERSION),
        )

    def hold(self, hold: Hold, token: int) -> None:
        """Remember that signing in failed, so that nobody tries that again before the hold ends.

        The lease is given back, the stored session stays.

        Raises:
            LeaseHeld: the token is not the newest, so someone else's attempt is what counts.
        """
        self._release(
            token,
            keep={
                _HELD_UNTIL: hold.until_unix,
                _HELD_REASON: hold.reason.value,
                _HELD_TEXT: hold.text,
                _HELD_VERSION: hold.credentials_version,
            },
            drop=(),
        )

    def held(self, now_unix: int) -> Hold | None:
        """Return why signing in is on hold, None if it is not."""
        item = self._read()
        if _HELD_UNTIL not in item or int(item[_HELD_UNTIL]["N"]) <= now_unix:
            return None
        return Hold(
            until_unix=int(item[_HELD_UNTIL]["N"]),
            reason=Reason(item[_HELD_REASON]["S"]),
            text=item[_HELD_TEXT]["S"],
            credentials_version=item.get(_HELD_VERSION, {}).get("S", ""),
        )

    def _release(self, token: int, keep: Mapping[str, Plain], drop: tuple[str, ...]) -> None:
        """Write the outcome of signing in and give the lease back, in one write."""
        dropped = (_LEASED_UNTIL, _HOLDER, *drop)
        sets = ", ".join(f"#{name} = :{name}" for name in keep)
        removes = ", ".join(f"#{name}" for name in dropped)

        # Nobody took the lease after us, even if ours has run out meanwhile: the session is good,
        # and a re-send after a lost answer finds the same.
        token_is_newest = "#token = :token"  # noqa: S105 - as above
        try:
            self._update(
                f"SET {sets} REMOVE {removes}",
                token_is_newest,
                names={f"#{name}": name for name in (_TOKEN, *keep, *dropped)},
                values={":token": token, **{f":{name}": value for name, value in keep.items()}},
            )
        except Declined:
            raise LeaseHeld("another worker took the lease since") from None

    def _read(self) -> Item:
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key=items.key_of(items.session_id(self._entity)),
                ConsistentRead=True,
            )
        return answer.get("Item", {})

    def _update(
        self, update: str, condition: str, names: Mapping[str, str], values: Mapping[str, Plain]
    ) -> Item:
        """Change the item if the condition holds, and return it as it is then.

        Raises:
            Declined: the condition does not hold; the answer's `Item` is what is stored.
        """
        operation = f"dynamodb:UpdateItem on {self._table_name}"
        with aws_faults(operation, frozenset({CONDITION_FAILED})):
            answer = self._client.update_item(
                TableName=self._table_name,
                Key=items.key_of(items.session_id(self._entity)),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=attributes(**values),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        return answer["Attributes"]

    def _encrypted(self, session: Session) -> bytes:
        with aws_faults("kms:Encrypt with the state key"):
            answer = self._kms.encrypt(
                KeyId=self._key_id,
                Plaintext=session.session_id.encode(),
                EncryptionContext=self._context(session.endpoint),
            )
        return answer["CiphertextBlob"]

    def _decrypted(self, ciphertext: bytes, endpoint: str) -> str | None:
        # A warm function reads the same session before every request; KMS is asked once for each.
        if self._opened is None or self._opened[0] != ciphertext:
            try:
                with aws_faults("kms:Decrypt with the state key", _UNREADABLE):
                    answer = self._kms.decrypt(
                        KeyId=self._key_id,
                        CiphertextBlob=ciphertext,
                        EncryptionContext=self._context(endpoint),
                    )
            except Declined:
                return None
            self._opened = (ciphertext, answer["Plaintext"].decode())
        return self._opened[1]

    def _context(self, endpoint: str) -> Mapping[str, str]:
        # Shows in CloudTrail in clear: nothing secret belongs here.
        context = {"tieout": "intacct-session", "table": self._table_name, "endpoint": endpoint}
        return context if self._entity is None else {**context, "entity": self._entity}


def _seconds_left(item: Item, now_unix: int) -> int | None:
    if _LEASED_UNTIL not in item:
        return None
    return max(1, int(item[_LEASED_UNTIL]["N"]) - now_unix)
