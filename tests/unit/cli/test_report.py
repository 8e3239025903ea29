"""Goal: a controller can read, print and load the tie-out, and no text from outside acts in it.

Method: pages and tables are made from tie-outs by hand and read with lxml and csv; the commands run
against tables in this process.
"""

import csv
import dataclasses
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from lxml import html

from tests.support.aws import Aws
from tests.unit.cli.conftest import publish
from tests.unit.cli.test_plan import POLICY
from tieout.cli import main
from tieout.cli.report import csv_rows, described
from tieout.cli.report_page import page
from tieout.domain.tie_outs import Cause, OpenItem, Residue, TieOut
from tieout.domain.transactions import Volume
from tieout.store.tie_outs import DynamoTieOuts
from tieout.store.transactions import DynamoTransactions

DAY = date(2026, 10, 30)
EVIL = '=HYPERLINK("http://x")<script>alert(1)</script>'
PARKED = Residue("refund/re_1", Cause.PARKED, 4_999, "2026-10-28", EVIL)
REST = Residue("rest", Cause.UNKNOWN, -100, "2026-10-30")


def tied(day: date = DAY, *residues: Residue) -> TieOut:
    residual_minor = sum(each.amount_minor for each in residues)
    return TieOut(
        "",
        "usd",
        day.isoformat(),
        1_000_000,
        23_400,
        1_023_400,
        "1205",
        1_023_400 + residual_minor,
        residues,
        (OpenItem("in_1", "usd", 500, 0, "not in Intacct", explained=True),),
        500,
        0,
        made_at_unix=1_793_620_800,
    )


DAYS = {
    DAY: [tied(DAY, PARKED)],
    DAY + timedelta(days=1): [tied(DAY + timedelta(days=1), PARKED, REST)],
}


def found(page_text: str, path: str) -> list[html.HtmlElement]:
    """Return the elements that an XPath selects on a page."""
    return cast("list[html.HtmlElement]", html.fromstring(page_text).xpath(path))


def text_of(page_text: str) -> str:
    return str(html.fromstring(page_text).xpath("string()"))


def test_the_page_shows_every_day_and_what_stands_between() -> None:
    shown = page(DAYS, "Books & Co")
    text = text_of(shown)
    for expected in ("Books & Co", "2026-10-30", "2026-10-31", "10,234.00 USD", "refund/re_1"):
        assert expected in text
    assert "1.00 USD cannot be explained on 2026-10-31" in text
    assert [cell.text for cell in found(shown, "(//table)[1]/tbody/tr[1]/td")][:4] == [
        "2026-10-30",
        "10,000.00 USD",
        "234.00 USD",
        "10,234.00 USD",
    ]


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    shown = page(DAYS, EVIL)
    assert found(shown, "//script | //link | //img | //*[@src or @href]") == []
    assert EVIL in text_of(shown)


def test_a_chart_has_a_line_for_each_side() -> None:
    line = "//*[local-name()='polyline']"
    assert len(found(page(DAYS, "x"), line)) == 2
    assert found(page({DAY: DAYS[DAY]}, "x"), line) == []


def test_days_that_were_not_tied_out_are_on_the_page() -> None:
    missing = [date(2026, 10, each) for each in (25, 26, 27, 29)]
    shown = page({DAY: DAYS[DAY]}, "x", missing)
    assert "Not tied out: 2026-10-25 to 2026-10-27, 2026-10-29" in text_of(shown)


def test_an_open_invoice_that_nobody_can_explain_calls_somebody() -> None:
    tied_out = tied()
    item = dataclasses.replace(tied_out.open_items[0], explained=False)
    shown = page({DAY: [dataclasses.replace(tied_out, open_items=(item,))]}, "x")
    assert "Open invoices differ on 2026-10-30" in text_of(shown)


def test_what_a_person_let_stand_is_shown_as_accepted() -> None:
    tied_out = tied()
    item = dataclasses.replace(tied_out.open_items[0], accepted=True)
    shown = page({DAY: [dataclasses.replace(tied_out, open_items=(item,))]}, "x")
    assert "not in Intacct; accepted" in text_of(shown)


def test_a_control_account_that_differs_is_told_on_page_table_and_terminal() -> None:
    made = dataclasses.replace(
        tied(), control_account="1100", control_minor=47_500, subledger_minor=50_000
    )
    told = "Control account 1100: 475.00 USD; open items in Intacct: 500.00 USD"
    text = text_of(page({DAY: [made]}, "x"))
    assert told in text
    assert "The receivables' control account differs on 2026-10-30" in text
    assert told in described(made)
    assert "OPEN" in described(made)
    (row,) = (row for row in csv_rows({DAY: [made]}) if row[4] == "control account")
    assert row[5] == "1100"
    assert row[8:12] == ("500.00", "", "475.00", "-25.00")
    assert "Control account" not in text_of(page({DAY: [tied()]}, "x")) + described(tied())


def test_no_day_is_a_page_that_says_so() -> None:
    assert "Nothing was tied out" in page({}, "x")


def test_the_table_has_every_amount_and_no_formula() -> None:
    file = io.StringIO()
    csv.writer(file).writerows(csv_rows(DAYS))
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert {len(row) for row in rows} == {13}
    differences = {
        kind: [row["difference"] for row in rows if row["row"] == kind]
        for kind in ("balance", "residual", "receivables", "open invoice")
    }
    assert differences == {
        "balance": ["49.99", "48.99"],
        "residual": ["49.99", "49.99", "-1.00"],
        "receivables": ["-5.00", "-5.00"],
        "open invoice": ["-5.00", "-5.00"],
    }
    assert {row["read_at"] for row in rows} == {"2026-11-02 12:00 UTC"}
    assert all(not row["text"].startswith("=") for row in rows)


@pytest.fixture
def table(account: Aws, with_stack: Callable[..., None]) -> str:
    table = account.state_table()
    with_stack(StateTableName=table)
    publish(account, table, POLICY.read_text(encoding="utf-8"))
    return table


@pytest.fixture
def stored(account: Aws, table: str) -> DynamoTieOuts:
    return DynamoTieOuts(account.dynamodb, table)


@pytest.fixture
def counts(account: Aws, table: str) -> DynamoTransactions:
    return DynamoTransactions(account.dynamodb, table)


def test_a_day_is_told_with_an_exit_code_that_a_program_may_ask(
    stored: DynamoTieOuts, capsys: pytest.CaptureFixture[str]
) -> None:
    for day, made in DAYS.items():
        stored.save(day, made)
    assert main(["tie-out", "2026-10-30", "--stack", "tieout-dev"]) == 0
    said = capsys.readouterr().out
    assert "refund/re_1" in said
    assert ": 0 of 100,000 used (0%)\n  from 100,000 on (not this month at this pace) new" in said
    assert main(["tie-out", "2026-10-31", "--stack", "tieout-dev", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [each["residues"][-1]["cause"] for each in told["tie_outs"]] == ["unknown"]
    assert told["transactions_of_month"]["used"] == 0


@pytest.mark.usefixtures("stored")
def test_a_day_that_was_not_tied_out_says_how_it_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tie-out", "2026-10-01", "--stack", "tieout-dev"]) == 2
    assert "--now" in capsys.readouterr().err


def test_a_report_is_written_as_page_and_table(
    stored: DynamoTieOuts,
    counts: DynamoTransactions,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts.add("2026-10", 88_000)
    stored.save(DAY, DAYS[DAY])
    paths = tmp_path / "report.html", tmp_path / "report.csv"
    arguments = ["--from", "2026-10-28", "--to", "2026-10-30", "--stack", "tieout-dev"]
    files = ["--out", str(paths[0]), "--csv", str(paths[1])]
    assert main(["report", *arguments, *files]) == 0
    *_, told, title, used = capsys.readouterr().out.splitlines()
    assert (title, used) == ("Intacct transactions", "  2026-10: 88,000 of 100,000 used (88%)")
    gaps = "2026-10-28 to 2026-10-29"
    assert told == f"2026-10-28 to 2026-10-30: tied out on 1 of 3 days; not tied out: {gaps}"
    shown = paths[0].read_text(encoding="utf-8")
    assert "refund/re_1" in shown
    assert found(shown, "//h1")[0].text == "Tie-out of tieout-dev, 2026-10-28 to 2026-10-30"
    assert found(shown, "//li")[0].text == used.strip()
    rows = paths[1].read_text(encoding="utf-8")
    assert "49.99" in rows
    assert rows.endswith(',transactions,2026-10,,,,,,,"2026-10: 88,000 of 100,000 used (88%)"\n')
    again = json_of(capsys, "report", *arguments, "--csv", str(paths[1]))
    (month,) = again["transactions_of_months"]
    assert (month["month"], month["used"], month["forecast"]) == ("2026-10", 88_000, 88_000)


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    return cast("dict[str, Any]", json.loads(capsys.readouterr().out))


def test_the_month_of_now_says_from_when_on_sales_are_summed_up() -> None:
    month = Volume("2026-11", 1_000, 700, 1_200, above_from=900, above_on=date(2026, 11, 24))
    shown = [each.text for each in found(page(DAYS, "x", months=[month]), "//li")]
    assert shown == [
        "2026-11: 700 of 1,000 used so far (70%), 1,200 by its end at this pace (120%)",
        "from 900 on (on 2026-11-24 at this pace) new sales are booked as `above_budget` says",
    ]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out"),
        (
            ["--out", "x.html", "--from", "2026-10-02", "--to", "2026-10-01"],
            "lies before the first, 2026-10-02",
        ),
    ],
)
def test_a_report_that_cannot_be_written_says_why(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["report", "--stack", "tieout-dev", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_day_must_look_like_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["tie-out", "31.10.2026", "--stack", "tieout-dev"])
    assert "must be a day like 2026-11-20, not '31.10.2026'" in capsys.readouterr().err
