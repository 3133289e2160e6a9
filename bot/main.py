"""Where the `chuishao` command begins."""

import gc


def main() -> None:
    """Runs the command line.

    What imports make stays for as long as the process runs: garbage collections in between cost a fifth of the start
    and find nothing, and later ones need not walk through it.
    """
    gc.disable()
    from bot.cli import app

    gc.collect()
    gc.freeze()
    gc.enable()
    app.main()
