"""`chuishao read`: what a sentence is understood as."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from bot.cli.app import DONE, app, go, opened, say, word
from bot.cli.people import one_person
from storage.cases.debtor import debtors_by_id
from storage.engine.text import heard
from storage.reading.plates import plate_traces
from storage.reading.read import Reading
from storage.reading.understand import understand
from storage.reading.when import times_in


@app.command("read", help=word("cli.read"))
def read_(
    as_: Annotated[str, typer.Option("--as", help=word("cli.read_as"))],
    as_json: Annotated[bool, typer.Option("--json", help=word("cli.read_json"))] = False,
) -> None:
    async def work() -> int:
        async with opened() as (_, db):
            person = await one_person(as_)
            for line in sys.stdin:
                text = line.rstrip("\n")
                if not text.strip():
                    continue
                now = db.clock.now()
                told = (await understand(person, text, now)).told
                people = await debtors_by_id(guess.debtor_id for guess in told.guesses)
                names = {number: debtor.name for number, debtor in people.items()}
                _show(text, told, names, now, as_json=as_json)
        return DONE

    go(work())


def _show(text: str, reading: Reading, names: dict[int, str], now: datetime, *, as_json: bool) -> None:
    debtors: list[dict[str, Any]] = [
        {
            "id": guess.debtor_id,
            "name": names[guess.debtor_id],
            "evidence": [word(f"sighting.because_{kind}", word=said) for kind, said in guess.evidence],
        }
        for guess in reading.guesses
    ]
    if as_json:
        shown = {
            "text": text,
            "is_lead": reading.is_lead,
            "debtors": debtors,
            "ambiguous": reading.ambiguous,
            "kind": reading.kind,
            "place": reading.place,
            "urgent": reading.urgent,
            "confidence": round(reading.confidence, 2),
            "times": [
                {"words": one.words, "from": one.start.isoformat(), "to": one.end.isoformat()}
                for one in times_in(text, now)
            ],
            "amounts": list(reading.amounts),
            "phones": list(reading.phones),
            "plates": plate_traces(heard(text)),
            "confidential": reading.confidential,
            "withdraws": reading.withdraws,
            "corrects": reading.corrects,
        }
        say(json.dumps(shown, ensure_ascii=False))
        return
    if not reading.is_lead:
        say(f"{text}\n  {word('cli.read_not_lead')}")
        return
    glue = word("case.or") if reading.ambiguous else word("case.and")
    who = glue.join(str(one["name"]) for one in debtors) or word("cli.read_nobody")
    urgent = word("cli.read_urgent") if reading.urgent else ""
    line = word("cli.read_lead", kind=word(f"cli.kind_{reading.kind}"), who=who, place=reading.place, urgent=urgent)
    reasons = "；".join("，".join(one["evidence"]) for one in debtors)
    say(f"{text}\n  {line}\n  {reasons}".rstrip())
