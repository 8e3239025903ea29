"""A story as a page: the first thing that an auditor opens in a pack. Pure."""

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

from tieout.cli.console import printable
from tieout.cli.html_page import document, table
from tieout.cli.trace_story import Told, breach_line, is_proved, now, summary, told, verdict
from tieout.services.evidence_pack import entry_file
from tieout.services.trace import Story


def page(stories: Sequence[Story], zone: ZoneInfo, installation: str) -> str:
    """Return the stories of an id as HTML.

    Args:
        stories: at least one.
        zone: in which times are told.
        installation: whose books these are.
    """
    asked = printable(stories[0].asked)
    intro = (
        f"<p>What the audit trail of the installation {escape(installation)} says of "
        f"<b>{escape(asked)}</b>. Times are of {escape(zone.key)}, each with its distance from "
        "UTC. README.txt says how this pack is checked, and what it can prove.</p>"
    )
    sections = "".join(_section(each, zone) for each in stories)
    return document(f"Audit trail of {asked}", intro + sections)


def _section(story: Story, zone: ZoneInfo) -> str:
    led_to = [[escape(each) for each in row] for row in summary(story)]
    moments = [_row(each) for each in told(story, zone)]
    return (
        f"<section><h2>What it leads to</h2>{_verdict(story)}"
        + table(("posting", "now", "why it is here"), led_to, ids=(0,))
        + "<h2>What happened</h2>"
        + table(("when", "where", "what"), moments)
        + "<h2>What is booked now</h2>"
        + "".join(f"<pre>{escape(each)}</pre>" for each in now(story))
        + "</section>"
    )


def _verdict(story: Story) -> str:
    breaches = "".join(f"<li>{escape(breach_line(each))}</li>" for each in story.breaches)
    listed = f"<ul>{breaches}</ul>" if breaches else ""
    kind = "good" if is_proved(story) else "bad"
    return f'<p class="{kind}">{escape(verdict(story))}</p>{listed}'


def _row(each: Told) -> Sequence[str]:
    wrong = "".join(f'<br><span class="bad">{escape(text)}</span>' for text in each.wrong)
    facts = "\n".join(f"{name}: {text}" for name, text in each.facts)
    where = escape(each.place)
    if each.entry is not None:
        where = f'<a href="{escape(entry_file(each.entry))}">{where}</a>'
    what = f"<b>{escape(each.headline)}</b>{wrong}" + (facts and f"<pre>{escape(facts)}</pre>")
    # Without breaks, however narrow the column.
    return escape(each.at).replace(" ", "&nbsp;"), where, what
