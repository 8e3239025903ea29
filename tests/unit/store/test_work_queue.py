"""Goal: whatever a group or deduplication id looks like, SQS takes it; a message can be put off.

Method: SQS in this process (moto) and a stubbed client.
"""

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from tests.support.aws import Aws
from tieout.domain.errors import ConfigurationFault, Throttled, Unavailable
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import WorkItem
from tieout.store.work_queue import SqsWorkQueue, Visibility, sqs_name

ITEM = WorkItem(Subject(SubjectKind.INVOICE, "in_1"), "evt_1", "cus_1", "evt_1", livemode=False)


@pytest.mark.parametrize("text", ["cus_1", "acct_1/refund/re_1", "poll:in_1:open:0:5", "!~" * 64])
def test_a_name_that_sqs_takes_stands_for_itself(text: str) -> None:
    assert sqs_name(text) == text


@given(st.text(min_size=1, max_size=300))
def test_any_name_becomes_one_that_sqs_takes(text: str) -> None:
    name = sqs_name(text)
    assert 1 <= len(name) <= 128
    assert all("!" <= character <= "~" for character in name)


@pytest.mark.parametrize("text", ["x" * 129, "cus 1", "kundë", "a\nb"])
def test_other_names_become_different_hashes(text: str) -> None:
    assert sqs_name(text).startswith("sha256:")
    assert sqs_name(text) != sqs_name(text + "x")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("RequestThrottled", 403, Throttled),
        ("ServiceUnavailable", 503, Unavailable),
        ("AccessDenied", 403, ConfigurationFault),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, ConfigurationFault),
    ],
)
def test_an_item_that_the_queue_did_not_take_is_told(
    aws: Aws, code: str, status: int, expected: type[Exception]
) -> None:
    with Stubber(aws.sqs) as stubber:
        stubber.add_client_error("send_message", code, http_status_code=status)
        with pytest.raises(expected, match="sqs:SendMessage"):
            SqsWorkQueue(aws.sqs, "https://sqs/queue.fifo").send(ITEM)


def test_a_message_that_is_put_off_comes_again_when_it_is_time(aws: Aws) -> None:
    url = aws.queue()
    SqsWorkQueue(aws.sqs, url).send(ITEM)
    (message,) = aws.sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in aws.sqs.receive_message(QueueUrl=url)
    assert Visibility(aws.sqs, url).change(message["ReceiptHandle"], 0) is True
    assert len(aws.sqs.receive_message(QueueUrl=url)["Messages"]) == 1


@pytest.mark.parametrize(("asked", "sent"), [(-1, 0), (900, 900), (1_000_000, 43_200)])
def test_a_pause_stays_within_what_sqs_allows(aws: Aws, asked: int, sent: int) -> None:
    expected = {"QueueUrl": "https://sqs/q", "ReceiptHandle": "handle", "VisibilityTimeout": sent}
    with Stubber(aws.sqs) as stubber:
        stubber.add_response("change_message_visibility", {}, expected)
        assert Visibility(aws.sqs, "https://sqs/q").change("handle", asked) is True


@pytest.mark.parametrize(
    "code",
    ["MessageNotInflight", "ReceiptHandleIsInvalid", "AWS.SimpleQueueService.MessageNotInflight"],
)
def test_a_message_out_of_our_hands_is_no_fault(aws: Aws, code: str) -> None:
    with Stubber(aws.sqs) as stubber:
        stubber.add_client_error("change_message_visibility", code)
        assert Visibility(aws.sqs, "https://sqs/q").change("handle", 10) is False
