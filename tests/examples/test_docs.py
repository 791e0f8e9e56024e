# SPDX-License-Identifier: MIT
"""The documentation leads to all of its pages, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from arena8 import boards, cli, usage

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """As the usual viewers of Markdown make them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def links(page: Path) -> list[tuple[Path, str]]:
    """(file, anchor) of the links of a page that stay in this tree."""
    found = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    parts = [link.partition("#") for link in found]
    return [((page.parent / name).resolve() if name else page, anchor) for name, _, anchor in parts]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for file, anchor in links(page):
        assert file.exists(), f"{page.name} links to {file}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {file.name}#{anchor}"


def test_the_index_leads_to_every_page():
    listed = {file for file, _ in links(DOCS / "README.md")}
    assert {page for page in DOCS.rglob("*.md")} - {DOCS / "README.md"} <= listed


def test_every_verb_has_a_page_that_names_its_options():
    group = cli.command
    for name in (*cli.FIRST, *cli.ADVANCED):
        page = (DOCS / "verbs" / f"{name}.md").read_text(encoding="utf-8")
        assert f"# arena8 {name}" in page and f"arena8 {name}" in page.split("\n", 1)[1], name
        verb = group.get_command(None, name)
        known = {option for parameter in verb.params for option in parameter.opts}
        for line in re.findall(rf"^ *(?:\$ )?arena8 {name} .*$", page, re.M):
            for option in re.findall(r" (--?[a-z][a-z-]*)", line.partition("  #")[0]):
                assert option in known, f"docs/verbs/{name}.md: {line}"


def test_every_board_has_a_page():
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "boards").glob("*.md"))
    for name in boards.all_boards():
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", text), name


@pytest.mark.parametrize("name", [*cli.FIRST, *cli.ADVANCED])
def test_examples_of_the_help_are_commands(name, capsys):
    verb = cli.command.get_command(None, name)
    known = {option for parameter in verb.params for option in parameter.opts}
    for line in usage.EXAMPLES[name].strip().splitlines():
        assert line.startswith(f"arena8 {name}") and len(line) <= 98
        words = re.split(r"\s{2,}", line)[0].split()[2:]
        assert {word for word in words if word.startswith("-")} <= known, line
    assert cli.main([name, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for line in usage.EXAMPLES[name].strip().splitlines():
        assert " ".join(line.split()) in shown


def test_the_first_steps_are_verbs():
    lines = usage.START.strip().splitlines()
    assert [line.split()[1] for line in lines] == ["inspect", "flash", "deploy", "infer"]
