"""Goal: a plan file says what was approved, and one that anybody changed is refused as a whole.

Method: a written plan with every line edited, dropped, doubled or swapped, and cut at every line.
"""

import io
import json

import pytest

from tests.factories import a_paid_invoice, an_invoice
from tests.unit.services.world import INVOICE, World, of
from tieout.domain.subjects import SubjectKind
from tieout.services.operate import CannotBeDone
from tieout.services.plan_files import Approved, Header, PlanWriter, Seal, approved, checked
from tieout.services.preview import Pinned, Preview, Previewer

HEADER = Header("tieout-prod", "policy-1", "ada", 1_795_161_600, "2026-10-01", "2026-10-31")
OTHER = of(SubjectKind.INVOICE, "in_2")


def previews() -> list[Preview]:
    world = World()
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.stripe.snapshots[OTHER] = an_invoice(id="in_2", number="ACME-2")
    policies = Pinned(world.policies.current(), world.policies)
    previewer = Previewer(world.stripe, world.postings, policies, world.clock)
    return list(previewer.preview([INVOICE, of(SubjectKind.INVOICE, "in_none"), OTHER]))


def written() -> list[str]:
    stream = io.StringIO()
    writer = PlanWriter(stream, HEADER)
    for each in previews():
        writer.add(each)
    writer.seal(4)
    return stream.getvalue().splitlines(keepends=True)


def test_a_plan_reads_back_as_it_was_written() -> None:
    lines = written()
    assert checked(lines) == (HEADER, Seal(subjects=2, documents=5, transactions=4))
    first, _, second = previews()
    assert list(approved(lines)) == [
        Approved(INVOICE, first.to_send()),
        Approved(OTHER, second.to_send()),
    ]


@pytest.mark.parametrize("number", range(4))
def test_an_edited_line_is_refused(number: int) -> None:
    lines = written()
    content = json.loads(lines[number])
    name = next(iter(content))
    content |= {name: 3 if name == "tieout_plan" else "invoice/in_3"}
    lines[number] = json.dumps(content) + "\n"
    with pytest.raises(CannotBeDone, match=r"version 3|seal does not fit"):
        checked(lines)


def test_an_edited_amount_of_documents_is_refused_word_for_word() -> None:
    lines = written()
    lines[1] = lines[1].replace("invoice/in_1", "invoice/in_9", 1)
    with pytest.raises(CannotBeDone) as refused:
        checked(lines)
    assert str(refused.value) == (
        "the plan is not as `tieout plan` wrote it: its seal does not fit. Nothing is posted; "
        "make a new one, and narrow it with ids, --since and --until instead of editing it"
    )


@pytest.mark.parametrize("number", range(3))
def test_a_line_less_more_or_elsewhere_is_refused(number: int) -> None:
    lines = written()
    less = lines[:number] + lines[number + 1 :]
    more = [*lines[:number], lines[number], *lines[number:]]
    elsewhere = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
    for changed in (less, more, elsewhere):
        with pytest.raises(CannotBeDone):
            checked(changed)


@pytest.mark.parametrize(
    "appended", ['{"subject":"invoice/in_9","documents":{}}\n', "\n", "# ok\n"]
)
def test_a_line_after_the_end_is_named(appended: str) -> None:
    with pytest.raises(CannotBeDone) as refused:
        checked([*written(), appended])
    assert str(refused.value) == (
        "line 5 is no part of the plan, which ends with line 4. Nothing is posted; take away all "
        "after that, or make a new plan"
    )


@pytest.mark.parametrize("length", range(4))
def test_a_plan_without_its_end_is_refused(length: int) -> None:
    with pytest.raises(CannotBeDone, match=r"no plan|has no end"):
        checked(written()[:length])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("books_from: 2026-01-01\n", "no JSON object"),
        ("[]\n", "no JSON object"),
        ('{"a": 1}\n', "this is no plan: `tieout plan ... --out FILE` writes one"),
        ('{"tieout_plan": 2, "stack": "mine"}\n', "first line was edited"),
    ],
)
def test_what_is_no_plan_is_said_to_be_none(text: str, told: str) -> None:
    with pytest.raises(CannotBeDone, match=told):
        checked(text.splitlines(keepends=True))


def test_a_plan_names_no_customer_and_no_secret() -> None:
    text = "".join(written())
    assert "Lovelace" not in text
    assert "example.com" not in text
