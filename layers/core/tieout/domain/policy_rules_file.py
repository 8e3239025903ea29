"""`rules` and `maps` of the policy file: read, and refused where a rule could never count."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from tieout.domain.expressions import (
    EXPRESSION_LENGTH_MAX,
    Expression,
    ExpressionError,
    compile_expression,
)
from tieout.domain.policy_dimensions import check_dimension_name
from tieout.domain.policy_limits import (
    ACCOUNT_LENGTH_MAX,
    CUSTOMER_ID_LENGTH_MAX,
    DIMENSION_LENGTH_MAX,
    DUE_DAYS_MAX,
    ENTITY_LENGTH_MAX,
    MEMO_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PAYMENT_METHODS,
    TERM_LENGTH_MAX,
)
from tieout.domain.policy_reader import Section, suggestion
from tieout.domain.policy_rules import (
    SETTABLE,
    WITHOUT_DAY,
    Area,
    Example,
    Fixed,
    Lookup,
    Rule,
    RuleBook,
    Setting,
    Template,
)
from tieout.domain.sale_policy import (
    REASON_LENGTH_MAX,
    SALE_MODES,
    SaleMode,
    check_above_budget,
    read_above_budget,
)

_LENGTHS: Mapping[str, int] = {
    "account": ACCOUNT_LENGTH_MAX,
    "bank_account": ACCOUNT_LENGTH_MAX,
    "category": NAME_LENGTH_MAX,
    "customer_id": CUSTOMER_ID_LENGTH_MAX,
    "entity": ENTITY_LENGTH_MAX,
    "ignore_reason": REASON_LENGTH_MAX,
    "mode": NAME_LENGTH_MAX,
    "term": TERM_LENGTH_MAX,
}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Known:
    """What the rest of the policy says, as far as rules are compared with it.

    Attributes:
        categories: names of the revenue categories.
        clearing: accounts and bank accounts that hold Stripe's balance and nothing else.
        has_budget: whether the month's transactions have one.
    """

    categories: Collection[str]
    clearing: Collection[str]
    has_budget: bool


@dataclass(frozen=True, slots=True)
class _Map:
    entries: Mapping[str, str]
    default: str | None


def read_rules(file: Section, known: Known) -> RuleBook:
    """Return the rules by area, noting what is wrong with any of them."""
    maps = _maps(file)
    rules: list[tuple[Section, Rule]] = []
    for section in file.entries("rules"):
        rule = _rule(section, maps, known)
        if rule is not None:
            _refuse_hidden(section, rule, [earlier for _, earlier in rules])
            rules.append((section, rule))
    book: dict[Area, list[Rule]] = defaultdict(list)
    for _, rule in rules:
        book[rule.area].append(rule)
    return {area: tuple(of_area) for area, of_area in book.items()}


# --- Maps -------------------------------------------------------------------------------------


def _maps(file: Section) -> Mapping[str, _Map]:
    own, onward, sections = {}, {}, {}
    for name, section in file.sections("maps"):
        default = section.optional_text("default", DIMENSION_LENGTH_MAX)
        own[name] = _Map(section.texts("values", DIMENSION_LENGTH_MAX), default)
        onward[name] = section.optional_text("next", NAME_LENGTH_MAX)
        sections[name] = section
        if default is not None and onward[name] is not None:
            section.note("next", "is never asked, because there is a `default`")
        section.refuse_unknown()
    return {name: _whole(name, own, onward, sections[name]) for name in own}


def _whole(
    name: str, own: Mapping[str, _Map], onward: Mapping[str, str | None], section: Section
) -> _Map:
    """Return a map with what it goes on to; the first map that has a key counts."""
    path, entries = [name], dict(own[name].entries)
    default = own[name].default
    following = onward[name]
    while following is not None:
        if following in path:
            section.note("next", f"goes round in a circle: {' -> '.join([*path, following])}")
            break
        if following not in own:
            section.note("next", f"names no map: {following!r}{suggestion(following, own)}")
            break
        path.append(following)
        entries = {**own[following].entries, **entries}
        default = own[following].default
        following = onward[following]
    return _Map(entries, default)


# --- Rules ------------------------------------------------------------------------------------


def _rule(section: Section, maps: Mapping[str, _Map], known: Known) -> Rule | None:
    name = section.text("name", NAME_LENGTH_MAX)
    area = _area(section)
    since, until = section.day("from"), section.day("until")
    if since is not None and until is not None and until < since:
        section.note("until", f"is before `from` ({since.isoformat()})")
    when = _expression(section, "when") if "when" in section.values else None
    examples = tuple(_examples(section))
    chosen = section.section("set")
    if area is None:
        section.refuse_unknown()
        return None
    if area in WITHOUT_DAY and (since or until):
        section.note("from", f"is not for `{area}`: it counts on every day, leave out the dates")
    settings = {
        each: setting
        for each in SETTABLE[area]
        if each != "dimensions" and (setting := _setting(chosen, each, maps, known)) is not None
    }
    dimensions = _dimensions(chosen, maps) if "dimensions" in SETTABLE[area] else {}
    if {"account", "category"} <= settings.keys():
        chosen.note("category", "has an account of its own: name one of the two")
    if area is Area.SALE:
        _check_sale(chosen, settings, known)
    if not chosen.values.keys() & set(SETTABLE[area]):
        section.note("set", f"must choose something of: {', '.join(SETTABLE[area])}")
    chosen.refuse_unknown()
    section.refuse_unknown()
    return Rule(name, area, since, until, when, settings, dimensions, examples)


def _check_sale(chosen: Section, settings: Mapping[str, Setting], known: Known) -> None:
    mode = settings.get("mode")
    if mode is None:
        chosen.note("mode", "is missing: nothing else says how these sales are booked")
        return
    if "ignore" in mode.values and "ignore_reason" not in settings:
        chosen.note("ignore_reason", "is missing: say why the books do not need these sales")
    above_budget = settings.get("above_budget")
    if isinstance(above_budget, Fixed):
        named = cast("SaleMode", above_budget.text)
        check_above_budget(chosen, named, mode.values, has_budget=known.has_budget)


def _area(section: Section) -> Area | None:
    named = section.text("for", NAME_LENGTH_MAX)
    if named in list(Area):
        return Area(named)
    if named:
        section.note("for", f"must be one of {', '.join(Area)}{suggestion(named, list(Area))}")
    return None


def _setting(chosen: Section, name: str, maps: Mapping[str, _Map], known: Known) -> Setting | None:
    if name not in chosen.values:
        chosen.asked.add(name)
        return None
    match name:
        case "memo":
            return _template(chosen, name)
        case "method":
            return Fixed(chosen.choice(name, PAYMENT_METHODS, PAYMENT_METHODS[0]))
        case "above_budget":
            mode = read_above_budget(chosen)
            return None if mode is None else Fixed(mode)
        case "due_days":
            return Fixed(str(chosen.integer(name, 0, DUE_DAYS_MAX, 0)))
    setting = _text_or_lookup(chosen, name, _LENGTHS[name], maps)
    for value in () if setting is None else setting.values:
        if name == "category" and value not in known.categories:
            chosen.note(name, f"names no category: {value!r}{suggestion(value, known.categories)}")
        if name == "mode" and value not in SALE_MODES:
            hint = suggestion(value, SALE_MODES)
            chosen.note(name, f"must be one of {', '.join(SALE_MODES)}, not {value!r}{hint}")
        if name in {"account", "bank_account"} and value in known.clearing:
            chosen.note(
                name,
                f"{value!r} is under `clearing`, and what is there must equal Stripe's balance: "
                "choose another",
            )
    return setting


def _dimensions(chosen: Section, maps: Mapping[str, _Map]) -> dict[str, Setting]:
    section = chosen.section("dimensions")
    found = {}
    for name in section.values:
        check_dimension_name(section, name)
        setting = _text_or_lookup(section, name, DIMENSION_LENGTH_MAX, maps)
        if setting is not None:
            found[name] = setting
    return found


def _text_or_lookup(
    section: Section, name: str, length_max: int, maps: Mapping[str, _Map]
) -> Setting | None:
    if not isinstance(section.values.get(name), Mapping):
        text = section.optional_text(name, length_max)
        return None if text is None else Fixed(text)
    lookup = section.section(name)
    map_name = lookup.text("map", NAME_LENGTH_MAX)
    key = _expression(lookup, "key")
    lookup.refuse_unknown()
    if map_name and map_name not in maps:
        lookup.note("map", f"names no map: {map_name!r}{suggestion(map_name, maps)}")
    if key is None or map_name not in maps:
        return None
    setting = Lookup(key, maps[map_name].entries, maps[map_name].default)
    for value in setting.values:
        if len(value) > length_max:
            lookup.note("map", f"{value!r} is longer than {length_max} characters")
    return setting


def _expression(section: Section, name: str) -> Expression | None:
    section.asked.add(name)
    text = section.values.get(name)
    if not isinstance(text, str):
        # One line or several, unlike other texts; what is no text at all is noted like those.
        section.text(name, EXPRESSION_LENGTH_MAX)
        return None
    try:
        return compile_expression(text.strip())
    except ExpressionError as error:
        section.note(name, str(error))
        return None


def _template(section: Section, name: str) -> Template | None:
    text = section.optional_text(name, MEMO_LENGTH_MAX)
    if text is None:
        return None
    # Texts and what stood between braces take turns.
    parts: list[str | Expression] = []
    for place, part in enumerate(_PLACEHOLDER.split(text)):
        if place % 2 == 0:
            if "{" in part or "}" in part:
                section.note(name, "has a brace without its other half")
            parts.append(part)
            continue
        try:
            parts.append(compile_expression(part))
        except ExpressionError as error:
            section.note(name, f"{{{part}}}: {error}")
    return Template(tuple(parts))


def _examples(section: Section) -> Iterator[Example]:
    for entry in section.entries("examples"):
        given = entry.section("given").values
        gives = tuple(each.values for each in entry.entries("gives"))
        if not gives:
            entry.note("gives", "must name at least one line")
        yield Example(entry.text("name", NAME_LENGTH_MAX, default="unnamed"), given, gives)
        entry.asked.add("given")
        entry.refuse_unknown()


# --- Rules that could never count -------------------------------------------------------------


def _refuse_hidden(section: Section, rule: Rule, earlier: Collection[Rule]) -> None:
    """Note a rule that another one before it takes everything from, or that is named like one."""
    for other in earlier:
        if other.name == rule.name:
            section.note("name", f"there is another rule {rule.name!r}")
        if other.area is not rule.area or not _overlap(other, rule) or not other.always_answers:
            continue
        if other.when == rule.when:
            section.note(
                "when",
                f"is that of rule {other.name!r}, and both hold from {_first_day(other, rule)} "
                "on: give them dates that do not overlap",
            )
        elif other.when is None and _covers(other, rule):
            section.note("when", f"is never asked: rule {other.name!r} before it always matches")


def _overlap(one: Rule, other: Rule) -> bool:
    latest_start = max(one.since or date.min, other.since or date.min)
    return latest_start <= min(one.until or date.max, other.until or date.max)


def _covers(one: Rule, other: Rule) -> bool:
    begins = (one.since or date.min) <= (other.since or date.min)
    return begins and (one.until or date.max) >= (other.until or date.max)


def _first_day(one: Rule, other: Rule) -> str:
    days = [each for each in (one.since, other.since) if each is not None]
    return max(days).isoformat() if days else "the beginning"
