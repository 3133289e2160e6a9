"""Structured logs: one JSON object a line on standard error, without personal data."""

import logging
import sys

import structlog


def set_up(level: str) -> None:
    """Sets up both structlog's and the standard library's loggers.

    The access lines of aiohttp and python-telegram-bot's own lines are left out: they hold urls with tokens and
    people's names.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer(), foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("aiohttp.access", "telegram", "httpx", "httpcore", "tortoise", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("telegram.ext", "apprise"):  # the one names handlers' arguments, the other whom it writes to
        logging.getLogger(name).setLevel(logging.CRITICAL)
