"""The control surface under ``/_double/``, for a double that runs in another process.

Not part of Intacct. It is served on loopback only, because it can change the books' periods,
accounts and password without any authentication.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.intacct import reports
from tests.sandbox.intacct.faults import Fault, FaultKind
from tests.sandbox.intacct.gateway import Gateway
from tests.sandbox.intacct.http_reply import HttpReply
from tests.sandbox.intacct.sample import add_account

PREFIX = "/_double/"


@dataclass(frozen=True)
class _Request:
    parameters: Mapping[str, str]
    payload: Mapping[str, Any]

    @property
    def as_of(self) -> date | None:
        """The day of a report, today when absent."""
        text = self.parameters.get("as_of")
        return date.fromisoformat(text) if text else None

    @property
    def wants_json(self) -> bool:
        """Whether ``format=json`` was asked for."""
        return self.parameters.get("format") == "json"


class ControlSurface:
    """Reports and levers of one gateway.

    ``GET reports/trial-balance``, ``reports/ar-aging``, ``reports/ledger?account=``, ``stats``
    (all with ``?format=json`` and the reports with ``&as_of=YYYY-MM-DD``);
    ``POST faults``, ``periods``, ``accounts``, ``password``, ``permissions``, ``sessions`` with
    JSON bodies.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reads: Mapping[str, Callable[[_Request], HttpReply]] = {
            "reports/trial-balance": self._trial_balance,
            "reports/ar-aging": self._aging,
            "reports/ledger": self._ledger,
            "stats": self._stats,
        }
        self._writes: Mapping[str, Callable[[_Request], object]] = {
            "faults": self._push_faults,
            "periods": self._change_period,
            "accounts": self._add_account,
            "password": self._change_password,
            "permissions": self._change_permissions,
            "sessions": self._end_sessions,
        }

    def handle(self, method: str, target: str, body: bytes) -> HttpReply:
        """Answer a request for a path under ``/_double/``."""
        parts = urlsplit(target)
        name = parts.path.removeprefix(PREFIX)
        parameters = {key: values[0] for key, values in parse_qs(parts.query).items()}
        try:
            payload = json.loads(body) if body else {}
            request = _Request(parameters, payload if isinstance(payload, dict) else {})
            with self._gateway.lock:
                return self._dispatch(method, name, request)
        except (ValueError, KeyError, TypeError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    def _dispatch(self, method: str, name: str, request: _Request) -> HttpReply:
        if method == "GET" and name in self._reads:
            return self._reads[name](request)
        if method == "POST" and name in self._writes:
            answer = self._writes[name](request)
            self._gateway.company.log.commit()
            return _json(200, answer)
        return _json(404, {"error": f"no {method} {name}"})

    def _trial_balance(self, request: _Request) -> HttpReply:
        company = self._gateway.company
        if request.wants_json:
            return _rows(reports.trial_balance(company, request.as_of))
        return _text(reports.trial_balance_text(company, request.as_of))

    def _aging(self, request: _Request) -> HttpReply:
        company = self._gateway.company
        if not request.wants_json:
            return _text(reports.aging_text(company, request.as_of))
        customers = [dataclasses.asdict(row) for row in reports.aging(company, request.as_of)]
        items = [dataclasses.asdict(row) for row in reports.aging_items(company, request.as_of)]
        return _json(200, {"customers": customers, "items": items})

    def _ledger(self, request: _Request) -> HttpReply:
        company, account_no = self._gateway.company, request.parameters["account"]
        if request.wants_json:
            return _rows(reports.account_ledger(company, account_no, request.as_of))
        return _text(reports.account_ledger_text(company, account_no, request.as_of))

    def _stats(self, request: _Request) -> HttpReply:
        totals = self._gateway.counters.as_dict()
        if request.wants_json:
            return _json(200, totals)
        return _text("".join(f"{name:20} {value}\n" for name, value in totals.items()))

    def _push_faults(self, request: _Request) -> object:
        """Script faults: ``{"faults": [{"kind": ..., "times": 1, "function": ...}]}``."""
        if request.payload.get("clear"):
            self._gateway.faults.clear()
        for each in request.payload.get("faults", []):
            fault = Fault(**{**each, "kind": FaultKind(each["kind"])})
            self._gateway.faults.push(fault)
        return {"pending": [dataclasses.asdict(each) for each in self._gateway.faults.pending]}

    def _change_period(self, request: _Request) -> object:
        """Close or open a month for everybody: ``{"month": "2026-10", "state": "closed"}``."""
        year, month = (int(part) for part in str(request.payload["month"]).split("-"))
        date(year, month, 1)  # refuses what is not a month
        state = request.payload["state"]
        if state not in {"closed", "open"}:
            raise ValueError(f"state must be closed or open, not {state}")
        company = self._gateway.company
        change = company.close_period if state == "closed" else company.open_period
        change(year, month)
        return {"closed": [f"{y:04}-{m:02}" for y, m, _ in sorted(company.closed_months.keys())]}

    def _add_account(self, request: _Request) -> object:
        """Add an account: ``{"account_no": "4050", "title": ..., "requires": ["class_"]}``."""
        payload = request.payload
        account = add_account(
            self._gateway.company,
            str(payload["account_no"]),
            str(payload["title"]),
            normal_balance=str(payload.get("normal_balance", "debit")),
            requires=payload.get("requires", ()),
        )
        return {"account_no": account.account_no}

    def _change_password(self, request: _Request) -> object:
        """Change a user's password: ``{"user_id": ..., "password": ...}``."""
        users = self._gateway.company.users
        user = users[str(request.payload["user_id"])]
        users.put(
            user.user_id, dataclasses.replace(user, password=str(request.payload["password"]))
        )
        return {"user_id": user.user_id}

    def _change_permissions(self, request: _Request) -> object:
        """Deny a user objects: ``{"user_id": ..., "denied_objects": ["ARINVOICE"]}``."""
        users = self._gateway.company.users
        user = users[str(request.payload["user_id"])]
        denied = frozenset(str(each).upper() for each in request.payload["denied_objects"])
        users.put(user.user_id, dataclasses.replace(user, denied_objects=denied))
        return {"user_id": user.user_id, "denied_objects": sorted(denied)}

    def _end_sessions(self, _: _Request) -> object:
        """End every session, as an administrator can."""
        ended = self._gateway.sessions.open_count
        self._gateway.sessions.end_all()
        return {"ended": ended}


def _rows(rows: list[Any]) -> HttpReply:
    return _json(200, [dataclasses.asdict(row) for row in rows])


def _text(text: str) -> HttpReply:
    headers = MappingProxyType({"Content-Type": "text/plain; charset=utf-8"})
    return HttpReply(200, text.encode(), headers)


def _json(status: int, value: object) -> HttpReply:
    headers = MappingProxyType({"Content-Type": "application/json"})
    return HttpReply(status, json.dumps(value, default=str, indent=1).encode(), headers)
