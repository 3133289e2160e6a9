"""Makes `storage/engine/simplified.txt` from OpenCC's data: `pip install opencc-python-reimplemented`, then
`python -m tests.reading.simplified`. A line a pair: the traditional character, and what stands for it."""

import importlib.resources
from pathlib import Path

TABLE = Path(__file__).parents[2] / "storage" / "engine" / "simplified.txt"
SOURCE = importlib.resources.files("opencc") / "dictionary" / "TSCharacters.txt"


def main() -> None:
    pairs = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        character, _tab, choices = line.partition("\t")
        simple = choices.split(" ")[0]
        if "\u4e00" <= character <= "\u9fff" and len(simple) == 1 and simple != character:
            pairs.append(f"{character}{simple}\n")
    TABLE.write_text("".join(sorted(pairs)), encoding="utf-8")


if __name__ == "__main__":
    main()
