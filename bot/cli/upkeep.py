"""`chuishao backup`, `audit verify` and `doctor`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.app import DONE, FOUND, app, bar, checked_settings, go, opened, say, stop, word
from bot.health.single import only_one
from bot.office.backup import BackupError, back_up, restore
from bot.settings import load
from storage.engine.audit import NoHeadError, head, published, verify
from storage.engine.clock import local

audit_app = typer.Typer(no_args_is_help=True)
app.add_typer(audit_app, name="audit", help=word("cli.audit"))


@app.command("backup", help=word("cli.backup"))
def backup(target: Annotated[Path | None, typer.Argument(help=word("cli.backup_target"))] = None) -> None:
    settings = checked_settings()
    stamp = local(datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    folder = target or Path(f"chuishao-{stamp}")
    try:
        with bar("cli.backup_progress") as progress:
            size = back_up(settings, folder, progress)
    except BackupError as error:
        stop(word(f"cli.{error.key}", path=folder, why=error.why), FOUND)
    where = "CHUISHAO_KEY" if settings.key else settings.data / "key"
    say(word("cli.backup_done", path=folder, size=f"{size / 1e6:.1f}", where=where))


@app.command("restore", help=word("cli.restore"))
def restore_(source: Annotated[Path, typer.Argument(help=word("cli.restore_source"))]) -> None:
    settings = checked_settings()
    try:
        with only_one(settings):
            aside = restore(settings, source)
    except BackupError as error:
        stop(word(f"cli.{error.key}", path=source, why=error.why), FOUND)
    say(word("cli.restored", path=source))
    if aside is not None:
        say(word("cli.restored_aside", path=aside))


@audit_app.command("verify", help=word("cli.audit_verify"))
def audit_verify(
    against: Annotated[str, typer.Option("--against", help=word("cli.audit_against"))] = "",
) -> None:
    async def work() -> int:
        async with opened() as (settings, _db):
            try:
                kept = published(against, settings.secrets()) if against else None
            except NoHeadError:
                stop(word("cli.audit_no_such_head"), FOUND)
            with bar("cli.audit_progress") as progress:
                verdict = await verify(settings.secrets(), kept, progress)
        if verdict.fault is None:
            say(word("cli.audit_whole", count=verdict.entries))
            return DONE
        say(word(f"cli.audit_fault_{verdict.fault.value}", number=verdict.broken, count=verdict.entries))
        return FOUND

    go(work())


@audit_app.command("head", help=word("cli.audit_head"))
def audit_head() -> None:
    async def work() -> int:
        async with opened() as (settings, _db):
            now = await head()
            secrets = settings.secrets()
        say(word("cli.audit_head_now", head=now.attested(secrets), public=secrets.public_key))
        return DONE

    go(work())


@app.command("doctor", help=word("cli.doctor"))
def doctor() -> None:
    from bot.health import doctor as examination

    async def work() -> int:
        worst = DONE
        async for finding in examination.examine(load()):
            grade = word(f"doctor.{finding.grade.value}")
            line = f"{grade:　<3}{word(f'doctor.{finding.subject}')}：{word(finding.key, **finding.args)}"
            say(line)
            worst = FOUND if finding.grade is examination.Grade.BAD else worst
        return worst

    go(work())
