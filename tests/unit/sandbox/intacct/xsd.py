"""The real request schema as an oracle, and a generator of requests that walks through it.

The schema file is not part of the project; where it is absent the tests that need it skip.
"""

import random
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from tests.sandbox.intacct.wire.schema import FUNCTION_NAMES

SCHEMA_FILE = (
    Path(__file__).resolve().parents[4] / "../shared/reference/intacct-schema/api-3.0.xsd"
).resolve()
_XS = "{http://www.w3.org/2001/XMLSchema}"
_PLACES = ("sequence", "choice", "all")
_DEPTH_MAX = 6
_VALUES = ("", "x", "12.50", "Ünïcode & <more>")


def require_schema() -> etree.XMLSchema:
    """Return the compiled schema, or skip the test loudly."""
    if not SCHEMA_FILE.exists():
        pytest.skip(f"the real request schema is not at hand: {SCHEMA_FILE}")
    return _compiled()


@cache
def _compiled() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA_FILE))


class RequestGenerator:
    """Builds random requests that the schema accepts, with the functions the double knows."""

    def __init__(self, seed: int) -> None:
        self._depth = 0
        self._random = random.Random(seed)  # noqa: S311 - test data, not secrets
        root = etree.parse(SCHEMA_FILE).getroot()
        self._elements = {each.get("name"): each for each in root.findall(f"{_XS}element")}
        choices = self._elements["function"].iter(f"{_XS}element")
        known = {each.get("ref") for each in choices}
        self._functions = [name for name in FUNCTION_NAMES if name in known]

    def request(self) -> etree._Element:
        """Build a whole request with one to three functions."""
        request = etree.Element("request")
        request.append(self._element("control"))
        operation = etree.SubElement(request, "operation")
        if self._random.random() < 0.5:
            operation.set("transaction", self._random.choice(("true", "false")))
        operation.append(self._login())
        content = etree.SubElement(operation, "content")
        for number in range(self._random.randint(1, 3)):
            function = etree.SubElement(content, "function", controlid=f"f{number}")
            function.append(self._element(self._random.choice(self._functions)))
        return request

    def mutate(self, request: etree._Element) -> str:
        """Change the request in one place and say how; it may still be valid."""
        element = self._random.choice([each for each in request.iter() if len(each) or each.text])
        change = self._random.choice(
            (self._drop, self._repeat, self._swap, self._insert, self._attribute, self._words)
        )
        return f"{change.__name__} in {element.tag}: {change(element)}"

    def _drop(self, element: etree._Element) -> str:
        if not len(element):
            return "nothing"
        child = self._random.choice(list(element))
        element.remove(child)
        return str(child.tag)

    def _repeat(self, element: etree._Element) -> str:
        if not len(element):
            return "nothing"
        child = self._random.choice(list(element))
        copy = etree.fromstring(etree.tostring(child))
        element.insert(self._random.randint(0, len(element)), copy)
        return str(child.tag)

    def _swap(self, element: etree._Element) -> str:
        if len(element) < 2:
            return "nothing"
        children = list(element)
        self._random.shuffle(children)
        element[:] = children
        return "children"

    def _insert(self, element: etree._Element) -> str:
        names = ["bogus", "amount", "description", *(str(each.tag) for each in element)]
        name = self._random.choice(names)
        element.insert(self._random.randint(0, len(element)), etree.Element(name))
        return name

    def _attribute(self, element: etree._Element) -> str:
        if element.attrib and self._random.random() < 0.5:
            name = self._random.choice(list(element.attrib))
            del element.attrib[name]
            return f"without {name!s}"
        name, value = self._random.choice((("bogus", "1"), ("transaction", "maybe"), ("key", "1")))
        element.set(name, value)
        return f"{name}={value}"

    def _words(self, element: etree._Element) -> str:
        element.text = "words"
        return "text"

    def _login(self) -> etree._Element:
        # Authentication by oauth is in the schema, but the double refuses it.
        authentication = etree.Element("authentication")
        name = self._random.choice(("login", "sessionid"))
        authentication.append(self._element(name))
        return authentication

    def _element(self, name: str, declaration: etree._Element | None = None) -> etree._Element:
        element = etree.Element(name)
        declared = self._elements[name] if declaration is None else declaration
        kind = declared.find(f"{_XS}complexType")
        if kind is None:
            is_flag = declared.get("type") == "xs:boolean"
            element.text = "true" if is_flag else self._random.choice(_VALUES)
            return element
        for attribute in kind.iter(f"{_XS}attribute"):
            self._declared_attribute(element, attribute)
        particles = [each for each in kind if each.tag in {f"{_XS}{n}" for n in _PLACES}]
        if kind.get("mixed") == "true" and not particles:
            element.text = self._random.choice(_VALUES)
        self._depth += 1
        for particle in particles:
            element.extend(self._particle(particle))
        self._depth -= 1
        return element

    def _declared_attribute(self, element: etree._Element, attribute: etree._Element) -> None:
        if attribute.get("use") != "required" and self._random.random() < 0.5:
            return
        allowed = [str(each.get("value")) for each in attribute.iter(f"{_XS}enumeration")]
        element.set(str(attribute.get("name")), self._random.choice(allowed or ["1"]))

    def _particle(self, particle: etree._Element) -> list[etree._Element]:
        found: list[etree._Element] = []
        for _ in range(self._times(particle)):
            found.extend(self._once(particle))
        return found

    def _once(self, particle: etree._Element) -> list[etree._Element]:
        children = [each for each in particle if isinstance(each.tag, str)]
        match str(particle.tag).removeprefix(_XS):
            case "element":
                reference = particle.get("ref")
                if reference:
                    return [self._element(reference)]
                return [self._element(str(particle.get("name")), particle)]
            case "any":
                anything = etree.Element("ANYTHING")
                etree.SubElement(anything, "GOES").text = "here"
                return [anything]
            case "choice":
                # Only get_list's logical refers to itself; its last alternative ends that.
                deep = self._depth > _DEPTH_MAX
                return self._particle(children[-1] if deep else self._random.choice(children))
            case "all":
                self._random.shuffle(children)
        return [element for child in children for element in self._particle(child)]

    def _times(self, particle: etree._Element) -> int:
        least = int(particle.get("minOccurs", "1"))
        most = particle.get("maxOccurs", "1")
        upper = least + 2 if most == "unbounded" else int(most)
        return self._random.randint(least, upper)
