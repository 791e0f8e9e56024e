# SPDX-License-Identifier: MIT
"""The command arena8. Verbs live in modules of their own; here are options, help and exit codes."""

from __future__ import annotations

import os
import sys

import rich_click as click

from . import inputs
from .errors import RemoteError, ToolError

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.SHOW_ARGUMENTS = True
click.rich_click.STYLE_ERRORS_SUGGESTION = ""
click.rich_click.MAX_WIDTH = 100

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _version() -> str:
    from . import __version__

    return __version__


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="arena8", message="arena8 %(version)s")
@click.option("--traceback", is_flag=True, help="Show where in the code an error came from.")
def command(traceback: bool) -> None:
    """int8 TensorFlow Lite models on MicroPython boards.

    Exit codes: 0 done, 1 a wrong answer or an error, 2 wrong usage, 3 no board or a board that hangs.
    """
    if traceback:
        os.environ["ARENA8_DEBUG"] = "1"


@command.command()
@click.argument("model", metavar="MODEL")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON on standard output.")
def inspect(model: str, as_json: bool) -> int:
    """What is in MODEL: operators, shapes, MACs, parameters, arena bytes to the byte, what can't run.

    MODEL is a .tflite file, or a name found in ARENA8_MODELS or the working directory. Exit code 1 if it
    can't run.
    """
    from .verbs import inspect as verb

    return verb.run(model, as_json)


@command.command()
@click.argument("model", metavar="MODEL")
@click.option(
    "-i",
    "--input",
    "given",
    metavar="X",
    multiple=True,
    required=True,
    help="Numbers (1,2,3), or a file: .npy, JSON, CSV, an image. Once for each input of the model.",
)
@click.option(
    "-p",
    "--port",
    metavar="PORT",
    help="A device, or host, unix, pico-emulator, qemu:BOARD. "
    "Default: ARENA8_PORT, ESPTOOL_PORT, the one board connected.",
)
@click.option(
    "-b", "--baud", type=click.IntRange(min=1), default=115200, show_default=True, help="Of a UART."
)
@click.option(
    "--verify",
    is_flag=True,
    help="Run the same input on this machine too: exit code 1 unless the answers are the same to the bit.",
)
@click.option("--raw", is_flag=True, help="Integers are stored as they are, not quantized.")
@click.option(
    "--scale", type=float, default=1.0, show_default=True, help="Multiplies each number of the input ..."
)
@click.option(
    "--offset",
    type=float,
    default=0.0,
    show_default=True,
    help="... and is added to it, before it is quantized.",
)
@click.option("--resize", is_flag=True, help="Scale an image to the size that the model takes.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON on standard output.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds of silence after which a board hangs. Default: 10, emulators 60.",
)
@click.option("--no-reset", is_flag=True, help="Leave a program that was interrupted stopped.")
def infer(model, given, port, baud, verify, raw, scale, offset, resize, as_json, timeout, no_reset) -> int:
    """Runs an input through MODEL on a board and shows the answer.

    MODEL is the name of a model on the board, or a .tflite file: then the board's model must have the same
    checksum. Numbers are real values and get quantized; an .npy of exactly the input's type is stored as it
    is.
    """
    from .verbs import infer as verb

    return verb.run(
        verb.Request(
            model=model,
            inputs=given,
            port=port,
            baud=baud,
            verify=verify,
            as_json=as_json,
            timeout=timeout,
            reset=not no_reset,
            options=inputs.Options(raw=raw, resize=resize, scale=scale, offset=offset),
        )
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    from . import render

    try:
        return command.main(arguments, prog_name="arena8", standalone_mode=False) or 0
    except click.exceptions.Exit as e:
        return e.exit_code
    except click.ClickException as e:
        e.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        render.messages().print("interrupted")
        return 130
    except ToolError as e:
        if _debugging():
            if isinstance(e, RemoteError):
                render.messages().print(e.traceback, markup=False)
            raise
        render.messages().print(f"[bold red]error:[/] {render.escape(str(e))}")
        return e.exit_code


def _debugging() -> bool:
    return os.environ.get("ARENA8_DEBUG", "") not in ("", "0")


if __name__ == "__main__":
    sys.exit(main())
