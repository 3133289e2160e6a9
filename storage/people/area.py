"""The administrative tree: national codes, in which an area contains every code that it prefixes."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.sql import add_all, fetch, pick, run
from storage.noun import Fate, Noun, Record

CODE_LENGTHS = {2: "province", 4: "city", 6: "county", 9: "town", 12: "village"}
_SUFFIX = re.compile(r"(村民委员会|居民委员会|股份经济合作社|村委会|居委会|村委|社区)$")


class AreaLevel(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"


_LEVEL_WORDS = {
    AreaLevel.PROVINCE: "省|省级|自治区|直辖市|1",
    AreaLevel.CITY: "市|市级|地级|地级市|设区的?市|地市级|2",
    AreaLevel.COUNTY: "县|区|县级|区县|县区|县级市|市辖区|区县级|县市区|3",
    AreaLevel.TOWN: r"乡|镇|街道|[乡镇]级|街道级|乡镇(?:级|街道|\(街道\))?|镇街|4",
    AreaLevel.VILLAGE: r"(?:行政|建制)?村|社区|[村社]区?级|[居村]委会|村[居社]|村\((?:居|社区)\)|居民委员会|5",
}
"""How tables name the levels."""


class Area(Model):
    """A province, city, county, town or village. Keyed by code, never by name: there are two 七里乡."""

    code = fields.CharField(max_length=12, primary_key=True)
    name = fields.CharField(max_length=60)
    level = fields.CharEnumField(AreaLevel, max_length=10)
    parent = fields.CharField(max_length=12, default="")

    class Meta:
        table = "area"


def level_named(word: str) -> AreaLevel | None:
    """Reads the level as a table names it: 乡级, 街道, town."""
    said = word.lower()
    return next((one for one, words in _LEVEL_WORDS.items() if said == one or re.fullmatch(words, said)), None)


def short_code(code: str) -> str:
    """Brings a code to its short form: the zeros at its end, with which tables fill it up to 6, 9 or 12 digits, tell
    its level. Anything that is no code comes back as it is."""
    if not (code.isascii() and code.isdigit()) or len(code) not in CODE_LENGTHS:
        return code
    for length in (9, 6, 4, 2):
        if len(code) <= length:
            continue
        if code[length:].strip("0"):
            return code
        code = code[:length]
    return code


def contains(outer: str, inner: str) -> bool:
    """Tells whether the area `outer` holds `inner` (or is it)."""
    return bool(outer) and inner.startswith(outer)


def bounds_of(outer: str) -> tuple[str, str]:
    """Returns the first and the last code in `outer`."""
    return outer, outer.ljust(12, "9")


def town_of(code: str) -> str:
    """Returns the town (9 digits) of a village's code; the code itself where it is no longer than that."""
    return code[:9]


def county_of(code: str) -> str:
    """Returns the county (6 digits), which is the court's area."""
    return code[:6]


def short_name(name: str) -> str:
    """Shortens a name to what people say: 周弄村村民委员会 → 周弄村."""
    short = _SUFFIX.sub("", name)
    if short == name or not short:
        return name
    return short if short.endswith(("村", "社区", "居")) else short + ("村" if "村" in name else "")


@lru_cache(4096)
def stem(name: str) -> str:
    """Returns what is left to compare when villages are written in many ways: 周弄."""
    short = _SUFFIX.sub("", name.strip())
    return short.removesuffix("村") or short


def names_village(text: str, name: str) -> bool:
    """Tells whether a sentence speaks of this village: 周弄村的老林, 周弄那边."""
    words = stem(name)
    if words not in text:
        return False
    if len(words) < 2:
        return bool(words) and f"{words}村" in text
    return any(f"{words}{after}" in text for after in ("村", "那", "的", "人"))


_TOWN = re.compile("[乡镇]$|街道$")


class Gazetteer:
    """Finds a village by code, name, or town and name, within one county; for imports."""

    def __init__(self, areas: Iterable[Area]) -> None:
        rows = list(areas)
        self.by_code = {area.code: area for area in rows}
        self._towns = {area.code: area.name for area in rows if area.level is AreaLevel.TOWN}
        self._villages: dict[str, list[str]] = {}
        self._addresses: dict[tuple[str, str], list[str]] = {}
        villages = [area for area in rows if area.level is AreaLevel.VILLAGE]
        self._stems = [(area.code, area.parent, words) for area in villages if len(words := stem(area.name)) > 1]
        for area in rows:
            if area.level is AreaLevel.VILLAGE:
                key = stem(area.name)
                self._villages.setdefault(key, []).append(area.code)
                town = self._towns.get(area.parent, "")
                if town:
                    self._villages.setdefault(town + key, []).append(area.code)

    def village(self, text: str, county: str) -> list[str]:
        """Lists the codes that `text` can mean in the county: one is certain, none unknown, several in doubt."""
        if text.isdigit():
            return [text] if text in self.by_code and len(text) == 12 else []
        found = self._villages.get(stem(text), [])
        return [code for code in found if code.startswith(county)]

    def in_address(self, text: str, county: str) -> list[str]:
        """Lists the villages that an address in this county names, 浙江省丽水市缙云县七里乡周弄村12号: of its town,
        where it names one, and then behind its name; of several the longest. None for an address that is elsewhere."""
        if (text, county) not in self._addresses:
            self._addresses[text, county] = self._search(text, county)
        return self._addresses[text, county]

    def _search(self, text: str, county: str) -> list[str]:
        towns = {code: name for code, name in self._towns.items() if code.startswith(county)}
        named = {code: short_ for code, name in towns.items() if (short_ := _TOWN.sub("", name)) in text}
        here = county in self.by_code and self.by_code[county].name in text
        elsewhere = re.search("[省市县区]", text) is not None and not here
        if elsewhere or not (named or here):
            return []
        found: dict[str, int] = {}
        for code, parent, words in self._stems:
            if not code.startswith(county):
                continue
            where = text.partition(named[parent])[2] if parent in named else "" if named else text
            if words in where:
                found[code] = len(words)
        longest = max(found.values(), default=0)
        return [code for code, length in found.items() if length == longest]


async def parts_of(code: str) -> list[Area]:
    """Loads the towns of a county, the villages of a town; a village itself."""
    level = {6: AreaLevel.TOWN, 9: AreaLevel.VILLAGE}.get(len(code))
    if level is None:
        level = AreaLevel.VILLAGE if len(code) == 12 else AreaLevel.COUNTY
    return await pick(Area, "code >= ? AND code <= ? AND level = ? ORDER BY code", *bounds_of(code), level)


async def villages_of(town: str) -> list[tuple[str, str]]:
    """Lists code and name of a town's villages."""
    first, last = bounds_of(town)
    rows = await fetch("SELECT code, name FROM area WHERE code > ? AND code <= ? ORDER BY code", first, last)
    return [(row["code"], row["name"]) for row in rows]


async def name_of(code: str) -> str:
    """Returns the short name of an area; the code itself if the table doesn't have it."""
    rows = await fetch("SELECT name FROM area WHERE code = ?", code)
    return short_name(rows[0]["name"]) if rows else code


async def full_name(code: str) -> str:
    """Returns town and village as a judge wants to read it: 七里乡周弄村; only the name for larger areas."""
    if len(code) <= 9:
        return await name_of(code)
    rows = await fetch("SELECT code, name FROM area WHERE code = ? OR code = ?", town_of(code), code)
    names = {row["code"]: row["name"] for row in rows}
    return str(names.get(town_of(code), "")) + short_name(names.get(code, code))


def in_full(names: Mapping[str, str]) -> dict[str, str]:
    """Returns, by code, what areas are called with their town before a village's name: 七里乡周弄村."""
    villages = {code: short_name(name) for code, name in names.items() if town_of(code) != code and len(code) > 9}
    towns = {code: f"{names.get(town_of(code), '')}{name}" for code, name in villages.items()}
    return {**names, **towns}


async def area_names(within: str) -> tuple[str, ...]:
    """Lists what the areas within this one are called, as a person would write it."""
    first, last = bounds_of(within)
    rows = await fetch("SELECT code, name FROM area WHERE code >= ? AND code <= ? ORDER BY code", first, last)
    return tuple(in_full({row["code"]: row["name"] for row in rows}).values())


async def named(words: str, within: str) -> str:
    """Finds the code of the area in `within` of this code or name; "" where there is none, or several."""
    first, last = bounds_of(within)
    rows = await fetch("SELECT code, name FROM area WHERE code >= ? AND code <= ?", first, last)
    names = {row["code"]: row["name"] for row in rows}
    full = in_full(names)
    codes = [code for code, name in names.items() if words in (code, name, short_name(name), stem(name), full[code])]
    return codes[0] if len(codes) == 1 else ""


async def count_villages(within: str) -> list[tuple[str, int]]:
    """Lists the towns of an area by name, each with how many villages it has."""
    first, last = bounds_of(within)
    rows = await fetch("SELECT code, name FROM area WHERE code >= ? AND code <= ? ORDER BY code", first, last)
    often = Counter(town_of(row["code"]) for row in rows if len(row["code"]) == 12)
    return [(row["name"], often[row["code"]]) for row in rows if len(row["code"]) == 9]


async def add_village(name: str, town: str, code: str, actor: str) -> str:
    """Adds a village to a town and returns its code: the one that is given, else the first free one from 900 on, which
    the statistics bureau doesn't use. "" where there is one of this code or name already. Needs a unit."""
    there = dict(await villages_of(town))
    if code in there or any(stem(name) == stem(one) for one in there.values()):
        return ""
    code = code or next(one for number in range(900, 1000) if (one := f"{town}{number}") not in there)
    await add_all(Area, [{"code": code, "name": name, "level": AreaLevel.VILLAGE, "parent": town}])
    audit.record("area.added", f"area:{code}", actor=actor)
    return code


async def rename(code: str, name: str, actor: str) -> bool:
    """Gives an area another name; False where another beside it is called so. Needs a unit."""
    around = bounds_of(town_of(code) if len(code) > 9 else county_of(code))
    rows = await fetch("SELECT code, name FROM area WHERE code >= ? AND code <= ?", *around)
    beside = [row["name"] for row in rows if len(row["code"]) in (9, len(code)) and row["code"] != code]
    if any(stem(name) == stem(one) for one in beside):
        return False
    await run("UPDATE area SET name = ? WHERE code = ?", name, code)
    audit.record("area.renamed", f"area:{code}", actor=actor)
    return True


NOUN = Noun((Record(Area, erasing=Fate.NONE, leaving=Fate.NONE),))
