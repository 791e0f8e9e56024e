# SPDX-License-Identifier: MIT
"""Mutants of models of every operator, with a fixed seed; `make fuzz` makes more, with others."""

import re

import pytest
import structured


@pytest.fixture(scope="module")
def rows():
    """The rows of ops.def, as they are written."""
    lines = (structured.engine_build.ENGINE / "ops.def").read_text().split("\n")
    return [line for line in lines if re.match(r"A8_(OP|CUSTOM)\(", line)]


def test_every_row_has_a_seed(rows):
    """Else: python tests/fuzz/seed_models.py"""
    seeds = structured.seeds()
    names = list(seeds) * 3
    answers, errors = structured.run([(2 * k, *seeds[name]) for k, name in enumerate(names)])
    assert not errors, names[len(answers)] + errors[-4000:]
    ran = {row for answer in answers for row in answer.rows}
    assert [line for k, line in enumerate(rows) if k not in ran] == []


def test_mutants():
    fuzzer = structured.Fuzzer(1)
    fuzzer.all_once(5)
    for name, path, errors in fuzzer.findings:
        pytest.fail(f"{name}, {path}:\n{errors[-4000:]}")
    assert sum(fuzzer.tried.values()) > 5000
    # The mutants must reach the invoke, or this tests nothing.
    assert sum(fuzzer.ended.values()) > sum(fuzzer.tried.values()) // 8
