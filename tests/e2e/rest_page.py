"""The code blocks of docs/rest.md, with one test's property and gateway."""

import re
from dataclasses import dataclass

from tests.conftest import ROOT

PAGE = (ROOT / "docs/rest.md").read_text()


@dataclass(frozen=True)
class Block:
    """A code block, and the answer that the page shows behind it, if there is one."""

    code: str
    shown: str | None


def blocks(heading: str, language: str = "sh") -> list[Block]:
    """Return the code blocks of a language under a heading."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    found = re.findall(rf"^```{language}\n(.*?)^```\n(?:\n```json\n(.*?)^```)?", section, re.MULTILINE | re.DOTALL)
    return [Block(code, shown or None) for code, shown in found]
