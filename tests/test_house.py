"""The rules of the house that no type holds: who speaks SQL, what each noun says of itself, what a new one touches."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import handlers
from handlers.card import KINDS, OLD_KINDS
from handlers.route import COMMANDS, MENU
from storage.engine.sql import SPEAKS_SQL
from storage.noun import Fate
from storage.nouns import WINGS, nouns

ROOT = Path(__file__).parents[1]
SQL = {"fetch", "run", "run_many", "pick", "one", "add", "add_all", "add_once", "add_numbered", "change", "joined"}
QUERYSETS = {
    *("filter", "get", "get_or_none", "create", "bulk_create", "all", "exclude", "select_for_update", "get_or_create"),
}


def modules(floor: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / floor).rglob("*.py")):
        if "migrations" not in path.parts:
            yield ".".join(path.relative_to(ROOT / floor).with_suffix("").parts), ast.parse(path.read_text())


def speaks_sql(tree: ast.Module) -> bool:
    """Whether one of the functions that run a statement is imported from the engine."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "storage.engine.sql"
        and SQL & {name.name for name in node.names}
        for node in ast.walk(tree)
    )


def uses_querysets(tree: ast.Module) -> list[int]:
    """The lines in which a method of a model is called that makes a query."""
    models = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("storage")
        for name in node.names
        if name.name[0].isupper() and not name.name.isupper()
    }
    models |= {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "Model" for b in node.bases)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in QUERYSETS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in models
    ]


def test_those_in_the_list_speak_sql_all_others_use_querysets_and_none_does_both() -> None:
    for name, tree in modules("storage"):
        if name not in ("engine.sql", "engine.database"):
            listed = f"storage.{name}" in SPEAKS_SQL
            assert speaks_sql(tree) is listed, name
            assert not (listed and uses_querysets(tree)), (name, uses_querysets(tree))


def test_handlers_touch_neither_sql_nor_querysets() -> None:
    for name, tree in modules("handlers"):
        assert not speaks_sql(tree), name
        assert uses_querysets(tree) == [], name


def test_each_noun_says_what_erasing_leaving_and_thinning_do_to_its_records() -> None:
    for name, noun in nouns().items():
        for record in noun.records:
            assert record.model.__module__ == name, f"{record.model} is declared where it isn't"
        for way, does in (("erasing", noun.erases or noun.thins), ("thinning", noun.thins)):
            goes = [record.model.__name__ for record in noun.records if getattr(record, way) is Fate.GOES]
            by_the_database = {"Shown", "Inbox"}  # by what outbox and sighting do with them
            assert does is not None or set(goes) <= by_the_database, (name, way, goes)
        if noun.erases is not None and noun.records:
            assert any(record.erasing is Fate.GOES for record in noun.records) or name.endswith("outbox"), name
        if noun.leaves_with is not None:
            assert any(record.leaving is Fate.GOES for record in noun.records), name


def test_a_noun_has_one_wing_on_every_floor() -> None:
    """Where a noun has records and a conversation, both stand in the wing of the same name, under the same name."""
    homes = {name.rsplit(".", 1)[1]: name.rsplit(".", 2)[1] for name in nouns()}
    for module in handlers.nouns():
        wing, noun = module.__name__.split(".")[1:]
        assert wing in WINGS
        assert homes.get(noun, wing) == wing, f"{noun} is in {homes[noun]} below and in {wing} above"


def put_kinds(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The kinds of cards that a module puts into the outbox, and where."""
    place = {"put": 1, "put_to_person": 1, "reply": 0}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            where = place.get(name)
            if where is not None and len(node.args) > where and isinstance(node.args[where], ast.Constant):
                yield str(node.args[where].value), node.lineno


def test_every_kind_of_card_that_anybody_puts_has_a_renderer() -> None:
    found = {kind for floor in ("handlers", "storage") for _name, tree in modules(floor) for kind, _ in put_kinds(tree)}
    assert len(found) > 40 and found <= set(KINDS), found - set(KINDS)
    assert set(OLD_KINDS.values()) <= set(KINDS) and not set(OLD_KINDS) & set(KINDS)


def test_every_command_in_the_menu_has_a_place_of_its_own() -> None:
    shown = [place for place in MENU.values() if place]
    assert set(MENU) <= set(COMMANDS) and len(set(shown)) == len(shown)


MODEL = '''"""Keeps parrots."""

from tortoise import fields
from tortoise.models import Model

from storage.noun import Erasure, Fate, Noun, Record


class Parrot(Model):
    """A bird that says what it heard."""

    id = fields.IntField(primary_key=True)
    said = fields.TextField()

    class Meta:
        table = "parrot"


async def _erases(what: Erasure) -> None:
    await Parrot.filter(said__contains=what.name).delete()


NOUN = Noun((Record(Parrot, erasing=Fate.GOES, leaving=Fate.STAYS),), erases=_erases)
'''
MIGRATION = '''"""Parrots."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0002_shown")]
    operations = [ops.RunSQL("CREATE TABLE parrot (id INTEGER PRIMARY KEY NOT NULL, said TEXT NOT NULL)", "")]
'''
HANDLER = '''"""/parrot: what the birds say."""

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.route import App, on_command
from storage.people.access import Action


def register(app: App) -> None:
    on_command(app, "parrot", Action.EVERYONE, parrot, menu=5)


async def parrot(turn: Turn, _words: str) -> None:
    await turn.reply("parrot")


@card("parrot")
async def show_parrot(showing: Showing) -> Card | None:
    return Card(showing.text("parrot.says"))
'''
WORDS = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "parrot.says"\nmsgstr "hello"\n'
CHECK = """
import asyncio, sys
from pathlib import Path
import handlers, locales
from bot.transport.channel import build
from bot.transport.limiter import NoLimits
from handlers.card import KINDS
from handlers.people.help import menu_of
from handlers.route import COMMANDS
from storage.desk import privacy
from storage.desk.parrot import Parrot
from storage.cases.debtor import Debtor
from storage.engine.secret import Secrets, new_key
from storage.opening import open_database
from storage.people.person import Person, Role

async def main():
    build("telegram", None, "1:x", NoLimits())
    assert "parrot" in COMMANDS and "parrot" in KINDS
    person = Person(name="x", phone="1", role=Role.ADMIN, area_code="331122", active=True)
    assert menu_of(person)[0] == "parrot"
    assert locales.text("en", "parrot.says") == "hello"
    async with open_database(f"sqlite://{sys.argv[1]}/x.db", Secrets(new_key())) as db:
        async def work():
            await Parrot.create(said="林永福 came")
            await Parrot.create(said="nobody came")
            debtor = await Debtor.create(name="林永福", kind="person", area_code="331122203226")
            await privacy.erase(debtor.id, Person(id=1), "erased")
            return await Parrot.all().values_list("said", flat=True)
        assert list(await db.unit(work)) == ["nobody came"]
    print("good")

asyncio.run(main())
"""


def test_a_new_noun_touches_what_contributing_says_and_no_more(tmp_path: Path) -> None:
    """Its model with what it says of itself, its step of the schema, its conversation, its words; nothing is entered
    anywhere else, and it is opened, offered, worded and erased like all others."""
    for floor in ("bot", "handlers", "storage", "locales"):
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("__pycache__"))
    written = {
        "storage/desk/parrot.py": MODEL,
        "storage/engine/migrations/9000_parrot.py": MIGRATION,
        "handlers/desk/parrot.py": HANDLER,
        "locales/zh_Hans/parrot.po": WORDS,
        "locales/en/parrot.po": WORDS,
    }
    for name, content in written.items():
        (tmp_path / name).write_text(content)
    words = tmp_path / "locales" / "zh_Hans" / "help.po"
    words.write_text(f'{words.read_text()}\nmsgid "help.menu_parrot"\nmsgstr "x"\n')
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stdout.strip() == "good", done.stderr
    told = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    for place in (
        "storage/WING/NOUN.py",
        "handlers/WING/NOUN.py",
        "locales/LANGUAGE/NOUN.po",
        "migrations/",
        "help.menu_",
    ):
        assert place in told, f"CONTRIBUTING doesn't say: {place}"
