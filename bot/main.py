"""Where the `chuishao` command begins."""

import gc
import os
import sys


def behave() -> None:
    """Sets what holds for the whole process: what is written is nobody else's on this machine, whoever starts it; and
    what draws or hashes in a thread gives the event loop its turn five times as often as Python would."""
    os.umask(0o077)
    sys.setswitchinterval(0.001)


def main() -> None:
    """Runs the command line.

    What imports make stays for as long as the process runs: garbage collections in between cost a fifth of the start
    and find nothing, and later ones need not walk through it.
    """
    behave()
    gc.disable()
    from bot.cli import app

    gc.collect()
    gc.freeze()
    gc.enable()
    app.main()
