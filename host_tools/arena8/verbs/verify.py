# SPDX-License-Identifier: MIT
"""arena8 verify: infer --verify --count N."""

from __future__ import annotations

import rich_click as click

from .. import inputs, options
from . import infer


@click.command("verify")
@click.argument("model", metavar="MODEL")
@click.option(
    "-i",
    "--input",
    "given",
    metavar="X",
    multiple=True,
    help="As of infer; an array may hold many samples. Default: random numbers.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"So many inputs. Default: {infer.COUNT} random ones, or all that the file holds.",
)
@click.option("--seed", type=int, default=infer.SEED, show_default=True, help="Of the random inputs.")
@options.port
@options.baud
@options.raw
@options.scale
@options.offset
@options.resize
@options.as_json("The outcome")
@options.timeout
@options.no_reset
def command(
    model, given, count, seed, port, baud, raw, scale, offset, resize, as_json, timeout, no_reset
) -> int:
    """Runs many inputs through MODEL on a board and here: the same answers, to the bit?

    The same as `infer --verify --count N`. If an answer differs, the model runs again one operator at a time
    with all tensors kept, and the first operator that differs is named. Exit code 1 then.
    """
    if count is None:
        count = 2**31 if given else infer.COUNT
    return infer.run(
        infer.Request(
            model=model,
            given=given,
            port=port,
            baud=baud,
            verify=True,
            as_json=as_json,
            timeout=timeout,
            reset=not no_reset,
            options=inputs.Options(raw=raw, resize=resize, scale=scale, offset=offset),
            count=count,
            seed=seed,
        )
    )
