"""Goal: the stack's numbers and names agree with each other, with the code and with the folders.

Method: read template.yaml as data and compare relations that no linter knows. Permissions are in
test_template_permissions.py, the deployment itself in test_template_deployment.py.
"""

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.sandbox.aws.emulator import ROOT
from tests.sandbox.aws.template import load_template, resources_of_type
from tieout import bootstrap
from tieout.bootstrap import TimeLimits, time_limits
from tieout.domain.events import SUBSCRIPTIONS
from tieout.services import process
from tieout.settings import (
    ENVIRONMENT,
    READ_BUDGET_MIN,
    PollerSettings,
    ProcessorSettings,
    WebhookSettings,
)
from tieout.store import items, trail_items
from tieout.stripe.listing import EVENT_TYPES_MAX

TEMPLATE = load_template()
PARAMETERS = TEMPLATE["Parameters"]
RESOURCES = TEMPLATE["Resources"]
FUNCTIONS = resources_of_type(TEMPLATE, "AWS::Serverless::Function")
QUEUES = resources_of_type(TEMPLATE, "AWS::SQS::Queue")
TABLES = resources_of_type(TEMPLATE, "AWS::DynamoDB::Table")
ALARMS = resources_of_type(TEMPLATE, "AWS::CloudWatch::Alarm")
KEY_ARN = {"Fn::GetAtt": ["Key", "Arn"]}

FOLDERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
# The one place that maps a queue to the queue that catches its failures.
DEAD_LETTER_QUEUES = {
    name: properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    for name, properties in QUEUES.items()
    if "RedrivePolicy" in properties
}
SECONDS_PER_DAY = 86_400


def logical_id(folder: str) -> str:
    return f"{folder.title()}Function"


def environment(folder: str) -> dict[str, Any]:
    shared = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own = FUNCTIONS[logical_id(folder)]["Environment"]["Variables"]
    return {**shared, **own}


def at_default(value: Any) -> str:  # noqa: ANN401 - any value that a template can hold
    """Return the value as the function would see it in a stack with the default parameters."""
    match value:
        case {"Ref": name} if name in PARAMETERS:
            return str(PARAMETERS[name]["Default"])
        case {"Ref": name} if name in QUEUES:
            return f"https://sqs.us-east-1.amazonaws.com/123456789012/{name}.fifo"
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(\w+)\}", lambda found: PARAMETERS[found[1]]["Default"], text)
        case str():
            return value
        case _:
            return repr(value)


# --- Functions and folders --------------------------------------------------------------------


def test_every_folder_is_one_function_of_the_same_name_and_one_file() -> None:
    assert {logical_id(folder) for folder in FOLDERS} == set(FUNCTIONS)
    for folder in FOLDERS:
        properties = FUNCTIONS[logical_id(folder)]
        assert properties["CodeUri"] == f"functions/{folder}"
        found = {path.name for path in (ROOT / "functions" / folder).iterdir()}
        assert found - {"__pycache__"} == {"app.py"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_environment_is_what_the_settings_read(folder: str) -> None:
    assert set(environment(folder)) == ENVIRONMENT[folder]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_settings_accept_the_environment_of_a_stack_with_default_parameters(
    folder: str,
) -> None:
    read: dict[str, Callable[[Mapping[str, str]], Any]] = {
        "webhook": WebhookSettings.from_environment,
        "processor": ProcessorSettings.from_environment,
        "poller": PollerSettings.from_environment,
    }
    settings = read[folder]({k: at_default(value) for k, value in environment(folder).items()})

    assert settings.common.service == folder
    assert settings.common.stage == "dev"
    assert not settings.common.livemode, "real money must be asked for"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_request_gives_up_before_the_function_does(folder: str) -> None:
    function_seconds = FUNCTIONS[logical_id(folder)]["Timeout"]
    variables = environment(folder)
    requests = [int(variables[name]) for name in variables if name.endswith("_TIMEOUT_SECONDS")]
    # One Stripe read and one Intacct request, both unanswered, still leave time to write it down.
    assert sum(requests) < function_seconds


def processor_limits() -> TimeLimits:
    values = {name: at_default(value) for name, value in environment("processor").items()}
    return time_limits(ProcessorSettings.from_environment(values))


def test_a_worker_that_still_lives_owns_what_it_sends() -> None:
    assert processor_limits().lease_seconds >= FUNCTIONS["ProcessorFunction"]["Timeout"]


def test_a_request_begun_at_the_last_moment_can_still_be_written_down() -> None:
    intacct_seconds = int(environment("processor")["INTACCT_TIMEOUT_SECONDS"])
    writing_seconds = processor_limits().sending_seconds - intacct_seconds
    assert writing_seconds > bootstrap._READ_TIMEOUT_SECONDS * bootstrap._ATTEMPTS_MAX


def test_there_is_time_to_begin_a_batch() -> None:
    limits = processor_limits()
    reserved_seconds = limits.reading_seconds + limits.sending_seconds
    # Ten subjects of some four reads each, which Stripe answers in a third of a second.
    assert FUNCTIONS["ProcessorFunction"]["Timeout"] - reserved_seconds >= 15


def test_api_gateway_waits_longer_than_the_webhook_works() -> None:
    integration_timeout_seconds = 29  # Source: "Quotas for REST APIs", integration time-out
    assert FUNCTIONS["WebhookFunction"]["Timeout"] < integration_timeout_seconds


# --- Queue ------------------------------------------------------------------------------------


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_work() -> None:
    # Source: "Using Lambda with Amazon SQS", queue configuration.
    for properties in FUNCTIONS.values():
        for event in properties["Events"].values():
            if event["Type"] == "SQS":
                queue = event["Properties"]["Queue"]["Fn::GetAtt"][0]
                assert QUEUES[queue]["VisibilityTimeout"] >= 6 * properties["Timeout"]


def test_the_processor_answers_for_each_message_and_is_capped() -> None:
    source = FUNCTIONS["ProcessorFunction"]["Events"]["Queue"]["Properties"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] == 10
    assert source["ScalingConfig"]["MaximumConcurrency"] == {"Ref": "ProcessorConcurrency"}
    assert PARAMETERS["ProcessorConcurrency"]["Default"] == 2


def test_every_queue_has_a_dead_letter_queue_of_its_kind_that_keeps_at_least_as_long() -> None:
    assert set(QUEUES) == set(DEAD_LETTER_QUEUES) | set(DEAD_LETTER_QUEUES.values())
    for queue, dead_letter_queue in DEAD_LETTER_QUEUES.items():
        source, target = QUEUES[queue], QUEUES[dead_letter_queue]
        assert target["FifoQueue"] == source["FifoQueue"]
        assert target["MessageRetentionPeriod"] >= source["MessageRetentionPeriod"]
        assert RESOURCES[dead_letter_queue]["DeletionPolicy"] == "Retain"


def receives_before_dead_letter(value: str) -> int:
    (queue,) = DEAD_LETTER_QUEUES
    parameter = QUEUES[queue]["RedrivePolicy"]["maxReceiveCount"]["Ref"]
    return int(PARAMETERS[parameter][value])


def waited_seconds(receives: int, pause_max_seconds: int) -> int:
    """Return the sum of the pauses after which a message is moved, if each receive fails."""
    pauses = (process.BACK_OFF_FIRST_SECONDS * 2**number for number in range(receives))
    return sum(min(pause, pause_max_seconds) for pause in pauses)


def test_the_queue_outlasts_a_day_of_outage_and_a_wrong_password_over_a_long_weekend() -> None:
    receives = receives_before_dead_letter("Default")
    outage_seconds = waited_seconds(receives, process.BACK_OFF_MAX_SECONDS)
    person_seconds = waited_seconds(receives, process.BACK_OFF_FOR_PERSON_MAX_SECONDS)
    assert outage_seconds >= SECONDS_PER_DAY
    assert person_seconds >= 3 * SECONDS_PER_DAY


def test_a_message_is_set_aside_before_the_queue_would_delete_it() -> None:
    receives = receives_before_dead_letter("MaxValue")
    longest_seconds = waited_seconds(receives, process.BACK_OFF_FOR_PERSON_MAX_SECONDS)
    for queue in DEAD_LETTER_QUEUES:
        assert longest_seconds < QUEUES[queue]["MessageRetentionPeriod"]


def test_a_pause_is_over_within_the_hour() -> None:
    assert process.BACK_OFF_FOR_PERSON_MAX_SECONDS <= 3_600


# --- Tables and secrets -----------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_encrypted_recoverable_and_outlives_the_stack(table: str) -> None:
    properties = TABLES[table]
    assert properties["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": KEY_ARN,
    }
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsTables", True, False]}
    assert RESOURCES[table]["DeletionPolicy"] == "Retain"
    assert RESOURCES[table]["UpdateReplacePolicy"] == "Retain"


def test_the_keys_are_those_that_the_code_writes() -> None:
    keys = {
        name: tuple(key["AttributeName"] for key in properties["KeySchema"])
        for name, properties in TABLES.items()
    }
    assert keys == {
        "InboxTable": (items.ID,),
        "PostingsTable": (items.POSTING_KEY,),
        "TrailTable": (trail_items.CHAIN, trail_items.SEQ),
        "StateTable": (items.ID,),
    }


def test_the_indexes_are_those_that_the_code_queries() -> None:
    indexes = {
        index["IndexName"]: tuple(key["AttributeName"] for key in index["KeySchema"])
        for index in TABLES["PostingsTable"]["GlobalSecondaryIndexes"]
    }
    assert indexes == {
        items.SUBJECT_INDEX: (items.SUBJECT, items.POSTING_KEY),
        items.WORKLIST_INDEX: (items.WORKLIST, items.UPDATED_AT),
        items.OPEN_INDEX: (items.OPEN, items.SOURCE_CREATED),
    }


def test_only_the_inbox_forgets_and_not_before_stripe_does() -> None:
    expiring = {
        name: properties["TimeToLiveSpecification"]["AttributeName"]
        for name, properties in TABLES.items()
        if "TimeToLiveSpecification" in properties
    }
    assert expiring == {"InboxTable": items.EXPIRATION}
    stripe_lists_events_days = 30
    assert PARAMETERS["EventRetentionDays"]["MinValue"] > stripe_lists_events_days


def test_a_secret_is_created_empty_so_that_no_deployment_can_overwrite_it() -> None:
    secrets = resources_of_type(TEMPLATE, "AWS::SecretsManager::Secret")
    assert set(secrets) == {"StripeSecret", "IntacctSecret"}
    for name, properties in secrets.items():
        assert not {"SecretString", "GenerateSecretString"} & properties.keys()
        assert RESOURCES[name]["DeletionPolicy"] == "Retain"


# --- Alarms -----------------------------------------------------------------------------------


def test_every_dead_letter_queue_has_one_alarm_that_rings_at_the_first_message() -> None:
    for queue in DEAD_LETTER_QUEUES.values():
        watched = {"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}
        alarms = [alarm for alarm in ALARMS.values() if watched in alarm["Dimensions"]]
        assert len(alarms) == 1
        assert alarms[0]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert alarms[0]["Threshold"] == 0
        assert alarms[0]["ComparisonOperator"] == "GreaterThanThreshold"


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_tells_somebody_what_to_do(alarm: str) -> None:
    assert ALARMS[alarm]["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert ALARMS[alarm]["AlarmDescription"].endswith(".")


def test_an_alarm_watches_a_counter_that_the_code_counts() -> None:
    names = (ROOT / "layers/core/tieout/services/metric_names.py").read_text(encoding="utf-8")
    counted = set(re.findall(r'^[A-Z_]+ = "(\w+)"$', names, re.MULTILINE))
    own = [alarm for alarm in ALARMS.values() if not str(alarm["Namespace"]).startswith("AWS/")]

    assert {alarm["MetricName"] for alarm in own} <= counted
    for alarm in own:
        (dimension,) = alarm["Dimensions"]
        assert dimension["Name"] == "service"
        assert dimension["Value"] in FOLDERS
        variables = environment(dimension["Value"])
        assert variables["POWERTOOLS_SERVICE_NAME"] == dimension["Value"]
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == alarm["Namespace"]


def test_the_poller_runs_within_every_period_of_the_alarm_on_its_silence() -> None:
    alarm = ALARMS["PollerSilentAlarm"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] >= 2 * schedule_seconds()


def schedule_seconds() -> int:
    found = re.fullmatch(r"rate\((\d+) minutes\)", PARAMETERS["PollerSchedule"]["Default"])
    assert found is not None
    return 60 * int(found[1])


def test_the_poller_fits_the_reads_that_stripe_allows_the_smallest_account() -> None:
    reads_a_month_max = 10_000  # Source: stripe-api dossier, read allocation
    runs_a_month = 31 * SECONDS_PER_DAY / schedule_seconds()
    assert runs_a_month * PARAMETERS["PollerReadBudget"]["Default"] < reads_a_month_max


def test_the_smallest_read_budget_covers_a_step_of_each_pass_of_the_poller() -> None:
    lists_of_events = math.ceil(len(SUBSCRIPTIONS) / EVENT_TYPES_MAX)
    lists_of_invoices = 2
    assert lists_of_events + lists_of_invoices == READ_BUDGET_MIN
    assert PARAMETERS["PollerReadBudget"]["MinValue"] == READ_BUDGET_MIN


def test_the_alarm_on_a_poller_that_is_behind_hears_of_every_run() -> None:
    alarm = ALARMS["PollerBehindAlarm"]
    assert alarm["Period"] >= 2 * schedule_seconds()
    assert alarm["TreatMissingData"] == "notBreaching"


# --- Front matter -----------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["Parameters", "Outputs"])
def test_everything_an_operator_sees_describes_itself(section: str) -> None:
    for name, entry in TEMPLATE[section].items():
        assert len(entry.get("Description", "")) > 20, name


def test_every_parameter_has_its_place_on_the_console() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    listed = [name for group in groups for name in group["Parameters"]]
    assert sorted(listed) == sorted(PARAMETERS)


def samconfig() -> dict[str, Any]:
    return tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("stage", PARAMETERS["Stage"]["AllowedValues"])
def test_each_stage_can_be_deployed_as_configured(stage: str) -> None:
    settings = samconfig()[stage]["deploy"]["parameters"]
    values = dict(pair.split("=", 1) for pair in settings["parameter_overrides"])

    assert settings["stack_name"] == f"tieout-{stage}"
    assert settings["capabilities"] == "CAPABILITY_IAM"
    assert values["Stage"] == stage
    assert values["Livemode"] == ("true" if stage == "prod" else "false")
    for name, value in values.items():
        allowed = PARAMETERS[name].get("AllowedValues")
        assert allowed is None or value in map(str, allowed), name


def test_the_anchors_in_the_log_outlive_the_events_of_an_audit() -> None:
    settings = samconfig()["prod"]["deploy"]["parameters"]["parameter_overrides"]
    values = dict(pair.split("=", 1) for pair in settings)
    assert int(values["LogRetentionDays"]) > int(values["EventRetentionDays"])


def test_no_stage_deploys_for_another_python_than_it_was_built_for() -> None:
    text = (ROOT / "layers/Makefile").read_text(encoding="utf-8")
    built_for = dict(re.findall(r"^TIEOUT_(\w+) \?= (\S+)$", text, re.MULTILINE))
    assert built_for == {
        "RUNTIME": PARAMETERS["PythonRuntime"]["Default"],
        "ARCHITECTURE": PARAMETERS["Architecture"]["Default"],
    }
    assert not re.search("PythonRuntime|Architecture=", str(samconfig()))
