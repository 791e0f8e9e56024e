# SPDX-License-Identifier: MIT
"""The choice of operators: ops.def as the build reads it, groups, what models need, switches."""

import re

import arena8
import pytest
from arena8 import view
from firmware_paths import MODEL, REPO


@pytest.fixture(scope="module")
def opset(builder):
    return builder.opset


def test_the_build_reads_every_row(opset):
    rows = opset.rows()
    lines = [line for line in opset.OPS_DEF.read_text().splitlines() if line.startswith("A8_")]
    assert len(rows) == len(lines)
    assert list(dict.fromkeys(row.name for row in rows)) == list(arena8.operators())
    assert lines == sorted(lines, key=lambda line: (line.startswith("A8_CUSTOM"), line.split(", ")[0], line))


def test_the_page_lists_every_row(opset):
    text = (REPO / "docs" / "operators.md").read_text()
    listed = re.findall(r"^\| (\w+\.[A-Z0-9]+) \| [\d,]+ \|", text, re.M)
    assert listed == [f"{row.name}.{row.family}" for row in opset.rows()], "run `make operators`"


def test_all_is_every_row_and_switches_nothing_off(opset):
    assert opset.choose("all") == opset.rows()
    assert opset.defines(opset.rows()) == {}


def test_groups_share_no_row_and_are_together_all(opset):
    groups = [opset.choose(group) for group in opset.GROUPS]
    assert sorted(map(str, sum(groups, []))) == sorted(map(str, opset.rows()))
    assert {row.family for row in opset.choose("int8")} & {"INT16", "INT4"} == set()


def test_auto_is_what_the_model_needs(opset, builder):
    chosen = builder.chosen_operators("auto", [MODEL])
    assert {(row.name, row.family) for row in chosen} == set(view.operator_rows(str(MODEL)))
    off = opset.defines(chosen)
    assert len(off) == len(opset.rows()) - len(chosen)
    assert off["A8_OP_MEAN_INT8"] == 0 and "A8_OP_CONV_2D_INT8" not in off


def test_names_and_rows(opset):
    assert {row.operator for row in opset.choose("CONV_2D, MEAN")} == {"CONV_2D", "MEAN"}
    assert [str(row) for row in opset.choose("QUANTIZE.INT8 ADD.INT8")] == ["ADD.INT8", "QUANTIZE.INT8"]


@pytest.mark.parametrize(
    "choice, words", [("", "no operators"), ("FOO", "FOO is no operator"), ("auto", "none")]
)
def test_what_cannot_be_chosen(opset, choice, words):
    with pytest.raises(opset.OperatorsError, match=words):
        opset.choose(choice)
