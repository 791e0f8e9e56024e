# SPDX-License-Identifier: MIT
"""The command arena8: its verbs, its help, its exit codes. A verb is `command` in a module of verbs/."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import rich_click as click

from . import usage
from .errors import RemoteError, ToolError

NARROWEST = 20  # columns
PACKAGE = Path(__file__).resolve().parent

# The verbs, in the order in which help shows them. Each is the name of its module.
FIRST = ("inspect", "flash", "deploy", "infer", "bench", "boards")
ADVANCED = ("build", "freeze", "verify", "emulate")

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.STYLE_ERRORS_SUGGESTION = ""
click.rich_click.MAX_WIDTH = 100
click.rich_click.COMMAND_GROUPS = {
    "arena8": [
        {"name": "Commands", "commands": list(FIRST)},
        {"name": "Advanced", "commands": list(ADVANCED)},
    ]
}

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Verbs(click.RichGroup):
    """Finds the verbs in their modules when they are asked for."""

    def list_commands(self, ctx):
        return [*FIRST, *ADVANCED]

    def get_command(self, ctx, name):
        if name not in self.list_commands(ctx):
            return None
        verb = importlib.import_module(f".verbs.{name}", __package__).command
        verb.epilog = usage.epilog(usage.EXAMPLES[name])
        return verb


def _version() -> str:
    from . import __version__

    return __version__


@click.group(cls=Verbs, context_settings=CONTEXT, epilog=usage.epilog(usage.START))
@click.version_option(package_name="arena8", message="arena8 %(version)s")
@click.option("--traceback", is_flag=True, help="Show where in the code an error came from.")
def command(traceback: bool) -> None:
    """int8 TensorFlow Lite models on MicroPython boards.

    Exit codes: 0 done, 1 a wrong answer or an error, 2 wrong usage, 3 no board or a board that hangs.
    """
    if traceback:
        os.environ["ARENA8_DEBUG"] = "1"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    _prepare_streams()
    from . import render

    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # as of `arena8 inspect MODEL | head -1`
        render.give_up_output()
        return 1
    except OSError as e:  # what verbs expect is a ToolError by now; a full disk behind > is left
        if _debugging():
            raise
        where = f"{e.filename}: " if e.filename else "the output: "
        _error(f"{where}{e.strerror or e}")
        render.give_up_output()
        return 1
    except Exception as e:
        if _debugging():
            raise
        _error(
            f"arena8 itself failed, in {_place(e)}: {type(e).__name__}: {e}. That is a bug: please report it "
            "with what `arena8 --traceback` in place of `arena8` shows"
        )
        return 1


def _run(arguments: list[str] | None) -> int:
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
        _error(str(e))
        return e.exit_code


def _error(text: str) -> None:
    from . import render

    render.messages().print(f"[bold red]error:[/] {render.escape(text)}")


def _place(error: Exception) -> str:
    """The last line of arena8's own code that an exception passed."""
    frame, place = error.__traceback__, "an unknown place"
    while frame:
        path = Path(frame.tb_frame.f_code.co_filename).resolve()
        if path.is_relative_to(PACKAGE):
            place = f"{path.relative_to(PACKAGE).as_posix()}, line {frame.tb_lineno}"
        frame = frame.tb_next
    return place


def _prepare_streams() -> None:
    """What a stream's encoding lacks is escaped, and there are streams to write to, as wide as a word."""
    if os.environ.get("COLUMNS", "").isdecimal() and int(os.environ["COLUMNS"]) < NARROWEST:
        del os.environ["COLUMNS"]  # 0 for one, by which no line would be shown
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who called
            setattr(sys, name, open(os.devnull, "w"))
        elif hasattr(stream, "reconfigure") and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _debugging() -> bool:
    return os.environ.get("ARENA8_DEBUG", "") not in ("", "0")


if __name__ == "__main__":
    sys.exit(main())
