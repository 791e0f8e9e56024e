# SPDX-License-Identifier: MIT
"""What the differential tests share."""

import differential
import pytest


@pytest.fixture(scope="session")
def program():
    """The path of run_models, linked with the engine under sanitizers."""
    return differential.build()
