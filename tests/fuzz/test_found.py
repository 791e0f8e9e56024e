# SPDX-License-Identifier: MIT
"""Models that broke a rule before something was mended."""

import structured
from lift import lift

UNSUPPORTED = -2


def test_variable_tensor_that_is_a_handle():
    """A reset filled 2^32 - 1 bytes."""
    model, _ = structured.seeds()["WHILE-resource"]
    m = lift(model)
    m.subgraphs[1].tensors[0].is_variable = True
    answers, errors = structured.run([(2, m.build(), b"")])
    assert not errors, errors[-4000:]
    assert answers[0].code == UNSUPPORTED
