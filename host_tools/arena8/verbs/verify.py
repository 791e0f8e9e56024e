# SPDX-License-Identifier: MIT
"""arena8 verify: infer --verify --count N."""

from __future__ import annotations

import rich_click as click

from .. import options
from . import infer


@click.command("verify")
@options.model("As of infer; an array may hold many samples. Default: random numbers.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"So many inputs. Default: {infer.COUNT} random ones, or all that the file holds.",
)
@click.option("--seed", type=int, default=infer.SEED, show_default=True, help="Of the random inputs.")
@options.on_model("The outcome")
def command(count, **asked) -> int:
    """Runs many inputs through MODEL on a board and here: the same answers, to the bit?

    The same as `infer --verify --count N`. If an answer differs, the model runs again one operator at a time
    with all tensors kept, and the first operator that differs is named. Exit code 1 then.
    """
    if count is None:
        count = 2**31 if asked["given"] else infer.COUNT
    return infer.run(infer.Request(verify=True, count=count, **asked))
