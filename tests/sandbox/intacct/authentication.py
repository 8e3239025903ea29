"""Who may do what: sender, company, user, session, entity.

Source: dossier section 3 and its table of errors 3.1.
"""

from dataclasses import dataclass
from datetime import datetime

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.master import DimensionKind, User
from tests.sandbox.intacct.errors import (
    AuthenticationFailedError,
    ControlFailedError,
    ErrorEntry,
    FunctionFailedError,
)
from tests.sandbox.intacct.sessions import Session, Sessions
from tests.sandbox.intacct.wire.envelope import Control, Login, SessionLogin
from tests.sandbox.intacct.wire.replies import AuthenticationBlock

_SIGN_IN_TEXT = "Sign-in information is incorrect"


@dataclass(frozen=True)
class SignedIn:
    """An authenticated request."""

    user: User
    entity_id: str
    started: datetime
    ends: datetime

    @property
    def scope(self) -> Scope:
        """What functions may see of it."""
        return Scope(self.entity_id, self.user.user_id)

    def block(self, company_id: str) -> AuthenticationBlock:
        """Return the reply's authentication element."""
        return AuthenticationBlock(
            "success", self.user.user_id, company_id, self.entity_id, self.started, self.ends
        )


class Authenticator:
    """Checks the control block, then the login or session."""

    def __init__(self, company: IntacctCompany, sessions: Sessions) -> None:
        self._company = company
        self._sessions = sessions

    def check_sender(self, control: Control) -> None:
        """Check sender id and password, case sensitive, and refuse asynchronous policies.

        Raises:
            ControlFailedError: XL03000006.
        """
        sender = self._company.senders.get(control.sender_id)
        if sender is None or sender.password != control.password:
            raise ControlFailedError(
                ErrorEntry(errors.SIGN_IN_ERROR, "Incorrect Intacct XML Partner ID or password.")
            )
        if control.policy_id:
            raise ControlFailedError(
                ErrorEntry(
                    errors.SIGN_IN_ERROR, f"{control.policy_id} is not a valid transport policy."
                )
            )

    def sign_in(self, control: Control, authentication: Login | SessionLogin) -> SignedIn:
        """Check the login or session.

        Raises:
            ControlFailedError: unknown company, or a bad password where the switch says so.
            AuthenticationFailedError: everything else.
        """
        if isinstance(authentication, SessionLogin):
            self._check_authorized(control)
            return self._by_session(authentication)
        self._check_company(authentication.company_id)
        self._check_authorized(control)
        user = self._company.users.get(authentication.user_id)
        if user is None or user.password != authentication.password:
            raise self._bad_password()
        entity = authentication.location_id or user.entity_id
        self._check_entity(user, entity)
        now = self._company.clock()
        ends = self._sessions.end_of_new_session()
        return SignedIn(user, entity, now, ends)

    def open_session(self, signed_in: SignedIn, location_id: str | None) -> Session:
        """Open a session for getAPISession.

        An empty location means top level, an absent one the entity of the login used.

        Raises:
            FunctionFailedError: ``Get API Session Failed``, unknown or forbidden entity.
        """
        entity = signed_in.entity_id if location_id is None else location_id
        try:
            self._check_entity(signed_in.user, entity)
        except AuthenticationFailedError:
            raise FunctionFailedError(
                ErrorEntry("Get API Session Failed", f"Invalid location id {entity}")
            ) from None
        return self._sessions.start(signed_in.user.user_id, entity)

    def _by_session(self, authentication: SessionLogin) -> SignedIn:
        session = self._sessions.touch(authentication.session_id)
        user = self._company.users.get(session.user_id) if session else None
        if session is None or user is None:
            if self._company.switches.session_failure == "http_401":
                raise _refused_at_the_door()
            raise AuthenticationFailedError(
                ErrorEntry(
                    self._company.switches.session_errorno,
                    "The session is invalid or has expired; sign in again",
                    description=_SIGN_IN_TEXT,
                )
            )
        return SignedIn(user, session.entity_id, session.started, session.ends)

    def _check_company(self, company_id: str) -> None:
        if company_id == self._company.profile.company_id:
            return
        if self._company.switches.unknown_company == "gw_0011":
            entry = ErrorEntry("GW-0011", "Invalid request. Request ID: double")
            raise ControlFailedError(entry, http_status=400, short=True)
        entry = ErrorEntry("invalidRequest", "Invalid Request")
        raise ControlFailedError(entry, http_status=400)

    def _check_authorized(self, control: Control) -> None:
        sender = self._company.senders[control.sender_id]
        if not sender.authorized:
            raise AuthenticationFailedError(
                ErrorEntry(
                    errors.SIGN_IN_ERROR,
                    f"The sender ID '{control.sender_id}' is not authorized to make Web Services"
                    f" requests to company ID '{self._company.profile.company_id}'.",
                    description="Invalid Web Services Authorization",
                    correction="Contact the company administrator to grant authorization.",
                )
            )

    def _bad_password(self) -> errors.FailedError:
        if self._company.switches.sign_in_failure == "http_401":
            return _refused_at_the_door()
        return AuthenticationFailedError(
            ErrorEntry(
                errors.SIGN_IN_ERROR,
                _SIGN_IN_TEXT,
                correction="Check the user id and password.",
            )
        )

    def _check_entity(self, user: User, entity_id: str) -> None:
        member = self._company.members.get((DimensionKind.LOCATION, entity_id))
        known = not entity_id or (member is not None and member.is_entity)
        allowed = user.entity_id in {"", entity_id}
        if not known or not allowed:
            raise AuthenticationFailedError(
                ErrorEntry(errors.SIGN_IN_ERROR, f"Invalid location id '{entity_id}'")
            )


def _refused_at_the_door() -> ControlFailedError:
    """Return the failure of the newer way in (3.1)."""
    return ControlFailedError(
        ErrorEntry("XMLGW_JPP0002", description=_SIGN_IN_TEXT), http_status=401
    )
