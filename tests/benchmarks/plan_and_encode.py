"""How much processor time planning, encoding and reading the answer take for each document.

An invoice with its payment and a partial refund, as Stripe shows them: four documents, planned for
the invoice and again for the refund, then encoded into one request. A fixed loop takes turns with
them: what varies in it is the machine's noise, not ours.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tests.benchmarks.figures import Figure
from tests.benchmarks.spine import Spine
from tests.sandbox import intacct_credentials
from tests.support.wires import IntacctWire
from tieout.domain.documents import Document, dependencies
from tieout.domain.expressions import compile_expression
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area, Fixed, Rule
from tieout.domain.subjects import Subject, SubjectKind
from tieout.intacct.connect import FUNCTIONS_PER_REQUEST_MAX
from tieout.intacct.document_xml import CompanyCurrencies, document_function
from tieout.intacct.request_xml import session_request
from tieout.intacct.response_xml import Results, parse
from tieout.intacct.transport import HttpReply
from tieout.planning.plan import plan
from tieout.planning.snapshots import Snapshot
from tieout.services.ports import IntacctCredentials, Submission

LINES = (1, 10, 100)
SAMPLES = 25
# What a document may cost. Time grows with the lines, so that an invoice of a hundred lines, which
# few ever have, cannot meet it: that row shows what a line costs and is held to nothing.
MILLISECONDS_MAX = 1.0
LINES_WITH_TARGET_MAX = 10
# A sample is so many lines long, whatever the invoice: long enough for the clock.
LINES_IN_A_SAMPLE = 50
REFERENCE_STEPS = 20_000
PARSED_IN_A_SAMPLE = 5
RULES = 20

_CREDENTIALS = IntacctCredentials(**intacct_credentials.of_sample_company())
_CURRENCIES = CompanyCurrencies("usd")


@dataclass(frozen=True, slots=True)
class Case:
    """What Stripe says about one invoice and its refund, and under which policy it is booked."""

    subjects: Sequence[tuple[Subject, Snapshot]]
    policy: Policy

    def planned(self) -> dict[str, Document]:
        """Return the documents that the subjects call for, each once."""
        plans = [plan(subject, snapshot, self.policy) for subject, snapshot in self.subjects]
        return {document.key: document for made in plans for document in made.documents}


def figures(samples: int = SAMPLES) -> Iterable[Figure]:
    """Yield milliseconds of processor time for each document, line and answer."""
    noise: list[float] = []
    planning: dict[int, Sequence[float]] = {}
    encoding: dict[int, Sequence[float]] = {}
    for lines in LINES:
        case = case_of(lines)
        submissions = submissions_of(case.planned().values())
        times = max(LINES_IN_A_SAMPLE // lines, 1)
        taken = [
            (
                _cpu_ms(case.planned, times),
                _cpu_ms(partial(encoded, submissions), times),
                _cpu_ms(_reference, 1),
            )
            for _ in range(samples)
        ]
        planning[lines], encoding[lines], noisy = zip(*taken, strict=True)
        noise += noisy
        documents = len(submissions)
        yield _figure(
            f"plan + encode, per document of a {lines}-line invoice",
            [(plan_ms + encode_ms) / documents for plan_ms, encode_ms, _ in taken],
            MILLISECONDS_MAX if lines <= LINES_WITH_TARGET_MAX else None,
            f"planning {statistics.median(planning[lines]) / documents:.2f} ms, "
            f"encoding {statistics.median(encoding[lines]) / documents:.2f} ms, "
            f"{documents} documents",
        )
    yield _per_line("plan, per line", planning, "for the invoice and for its refund")
    yield _per_line("encode, per line", encoding, "of an invoice")
    yield _parsing_figure(samples)
    yield _rules_figure(samples)
    yield _figure("the machine's noise: a fixed loop", noise, None, f"{len(noise)} samples")


def _per_line(name: str, samples: Mapping[int, Sequence[float]], detail: str) -> Figure:
    """Return what a line more costs, from the longest invoice and the shortest."""
    few, *_, many = LINES
    pairs = zip(samples[few], samples[many], strict=True)
    return _figure(name, [(long - short) / (many - few) for short, long in pairs], None, detail)


def _parsing_figure(samples: int) -> Figure:
    """Return what the answer about a document costs to read."""
    reply, results = longest_reply()
    parsing = [_cpu_ms(partial(parse, reply), PARSED_IN_A_SAMPLE) / results for _ in range(samples)]
    detail = f"of {results} in a reply of {len(reply) / 1024:.0f} KB"
    return _figure("parse, per answer", parsing, None, detail)


def longest_reply() -> tuple[bytes, int]:
    """Let invoices be booked; return the longest reply, and how many answers are in it."""
    replies: list[bytes] = []

    class Recording(IntacctWire):
        def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
            reply = super().post(endpoint, body, timeout_seconds)
            replies.append(reply.body)
            return reply

    spine = Spine(wire_of=Recording)
    for number in range(FUNCTIONS_PER_REQUEST_MAX):
        spine.bill(spine.sign_up(number))
    spine.process(spine.new_messages())
    longest = max(replies, key=len)
    parsed = parse(longest)
    assert isinstance(parsed, Results)
    return longest, len(parsed.by_control_id)


def _rules_figure(samples: int) -> Figure:
    """Return what rules cost that all are asked of each line, since none matches; no target."""
    case = case_of(LINES_WITH_TARGET_MAX)
    ruled = dataclasses.replace(case, policy=with_rules(case.policy))
    documents = len(case.planned())
    without = [_cpu_ms(case.planned, 5) / documents for _ in range(samples)]
    under_rules = [_cpu_ms(ruled.planned, 5) / documents for _ in range(samples)]
    return _figure(
        f"plan under {RULES} rules, per document of a {LINES_WITH_TARGET_MAX}-line invoice",
        under_rules,
        None,
        f"without rules {statistics.median(without):.2f} ms",
    )


def with_rules(policy: Policy) -> Policy:
    """Return the policy with rules for revenue, none of which matches."""
    rules = tuple(
        Rule(
            name=f"r{number}",
            area=Area.REVENUE,
            when=compile_expression(
                f"line.product == 'prod_{number}' && customer.metadata.tier == 'enterprise'"
            ),
            settings={"account": Fixed("4000")},
        )
        for number in range(RULES)
    )
    return dataclasses.replace(policy, rules={Area.REVENUE: rules})


def case_of(lines: int) -> Case:
    """Let the Stripe double bill, charge and refund, and read it with the real reader."""
    spine = Spine()
    invoice = spine.bill(spine.sign_up(1), lines)
    charge = spine.pay(invoice)
    refund = spine.account.refund(charge, 1_000)["id"]
    subjects = (Subject(SubjectKind.INVOICE, invoice), Subject(SubjectKind.REFUND, refund))
    return Case([(each, spine.reader.snapshot(each)) for each in subjects], spine.policy)


def submissions_of(documents: Iterable[Document]) -> list[Submission]:
    """Return the documents as they are sent when those they refer to are booked."""
    return [
        Submission(
            document=document,
            control_id=f"bench:{document.key}",
            record_numbers=dict.fromkeys(dependencies(document), "1"),
        )
        for document in documents
    ]


def encoded(submissions: Sequence[Submission]) -> bytes:
    """Return a whole request."""
    functions = [document_function(each, _CURRENCIES) for each in submissions]
    return session_request(_CREDENTIALS, "session", functions, unique_id=True)


def _cpu_ms(work: Callable[[], object], times: int) -> float:
    """Return the milliseconds of processor time that doing it once takes, a mean."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1000 / times


def _reference() -> int:
    return sum(number * number for number in range(REFERENCE_STEPS))


def _figure(name: str, samples: Sequence[float], target: float | None, detail: str) -> Figure:
    low, middle, high = statistics.quantiles(samples, n=4)
    return Figure(name, middle, "ms", low, high, target, detail)
