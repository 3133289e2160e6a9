"""Makes `storage/reading/sound.txt` from pypinyin's data.

`pip install pypinyin`, then `python -m tests.reading.sounds`.
"""

import importlib
import unicodedata
from collections import defaultdict
from pathlib import Path

TABLE = Path(__file__).parents[2] / "storage" / "reading" / "sound.txt"
SURNAMES = {
    **{
        "单": "shan",
        "仇": "qiu",
        "解": "xie",
        "查": "zha",
        "区": "ou",
        "曾": "zeng",
        "任": "ren",
        "盖": "ge",
        "朴": "piao",
    },
    **{
        "尉": "yu",
        "宓": "mi",
        "缪": "miao",
        "乐": "yue",
        "折": "she",
        "洗": "xian",
        "覃": "qin",
        "翟": "zhai",
        "员": "yun",
    },
    **{"种": "chong", "繁": "po", "召": "shao", "祭": "zhai", "黑": "he", "秘": "bi", "冼": "xian", "难": "ning"},
    **{
        "纪": "ji",
        "臧": "zang",
        "隗": "wei",
        "郇": "xun",
        "那": "na",
        "撒": "sa",
        "柏": "bai",
        "卜": "bu",
        "费": "fei",
    },
    **{"葛": "ge", "车": "che", "尹": "yin"},
}
"""Characters that are read otherwise as surnames."""


def plain(syllable: str) -> str:
    """A syllable without its tone, ü as v."""
    parts = unicodedata.normalize("NFD", syllable)
    return "".join(one for one in parts if one.isascii() or one == "\u0308").replace("u\u0308", "v")


def knows(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def main() -> None:
    readings: dict[int, str] = importlib.import_module("pypinyin.pinyin_dict").pinyin_dict
    by_sound: dict[str, list[str]] = defaultdict(list)
    for code in range(0x4E00, 0x9FA6):
        character = chr(code)
        if knows(character, "gbk"):
            heard = [plain(one) for one in readings.get(code, "").split(",")]
            heard = [one for one in dict.fromkeys(heard) if one and one[-1] in "aeiouvngr"]
            heard = heard[: 2 if knows(character, "gb2312") else 1]
            surname = SURNAMES.get(character)
            for sound in dict.fromkeys([surname, *heard] if surname else heard):
                by_sound[sound].append(character)
    lines = [
        f"{sound} {''.join(characters)}\n"
        for sound, characters in sorted(by_sound.items())
        if len(characters) >= 3 or any(knows(one, "gb2312") for one in characters)
    ]
    TABLE.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
