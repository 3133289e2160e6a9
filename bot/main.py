"""Where the `chuishao` command begins."""

import gc
import os


def main() -> None:
    """Runs the command line.

    What imports make stays for as long as the process runs: garbage collections in between cost a fifth of the start
    and find nothing, and later ones need not walk through it.
    """
    os.umask(0o077)  # what is written is nobody else's on this machine, whoever starts the command
    gc.disable()
    from bot.cli import app

    gc.collect()
    gc.freeze()
    gc.enable()
    app.main()
