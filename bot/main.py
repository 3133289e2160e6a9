"""Where the `chuishao` command begins."""

import gc


def main() -> None:
    """The command line. What imports make stays for as long as the process runs: collections in between cost a fifth of
    the start and find nothing, and later ones need not walk through it."""
    gc.disable()
    from bot.cli import app

    gc.collect()
    gc.freeze()
    gc.enable()
    app.main()
