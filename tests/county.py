"""A county of any size to measure and to break things in: real villages, a secretary in each, judges, debtors whose
names stand alone in their village."""

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.world import SAMPLE

SURNAMES = "林杜朱丁黄何吕邢李应陈王周胡赵钱孙吴郑冯褚卫蒋沈韩杨秦尤许"
FIRST = "永福春生宝根爱香国强小龙金法美芳伟明秀珠志刚丽萍建华德旺庆海文斌"
SECOND = "土根生荣泉兴才水火木良顺祥贵富云平安定远山川林松柏青竹梅兰菊"
NAMES = 29 * 32 * 30
SECRETARIES, JUDGES = 20_000, 30_000
"""Where the chat numbers of secretaries and judges begin."""


@dataclass(frozen=True)
class Report:
    """Who says what, and who has to hear of it."""

    chat_id: int
    text: str
    judge: int


class County:
    """`debtors` people in debt, spread over all villages, each with a case of one of `judges` judges."""

    def __init__(self, debtors: int = 5000, judges: int = 20) -> None:
        with (SAMPLE / "sample-areas.csv").open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        self.villages = [row["区划代码"] for row in rows if row["级别"] == "village"]
        self.debtors = debtors
        self.judges = judges

    def write(self, folder: Path) -> dict[str, Path]:
        """The three files to import, by kind."""
        folder.mkdir(parents=True, exist_ok=True)
        people, cases = folder / "people.csv", folder / "cases.csv"
        with people.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["姓名", "手机号", "工号", "角色", "辖区代码", "Telegram号"])
            for n, code in enumerate(self.villages):
                writer.writerow([f"书记{n}", f"198{n:08}", "", "村社书记", code, SECRETARIES + n])
            for n in range(self.judges):
                writer.writerow([f"法官{n}", f"197{n:08}", f"FY{n:03}", "执行法官", "331122", JUDGES + n])
            writer.writerow(["管理员", "19600000000", "", "管理员", "331122", 39_999])
        with cases.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["案号", "被执行人", "曾用名/绰号", "所在村社", "申请执行人", "执行标的(元)", "承办法官工号"]
            )
            for n in range(self.debtors):
                number = f"（{2000 + n % 25}）浙1122执{n + 1}号"
                judge = f"FY{n % self.judges:03}"
                writer.writerow([number, self.name(n), "", self.home(n), "某银行", 1000, judge])
        return {"areas": SAMPLE / "sample-areas.csv", "people": people, "cases": cases}

    def name(self, n: int) -> str:
        """The n-th debtor's name; the first NAMES are all different."""
        return SURNAMES[n % 29] + FIRST[n // 29 % 32] + SECOND[n // 928 % 30]

    def home(self, n: int) -> str:
        """The village of the n-th debtor; who have the same name live far apart."""
        return self.villages[self._where(n)]

    def _where(self, n: int) -> int:
        return (n + 7 * (n // NAMES)) % len(self.villages)

    def reports(self) -> Iterator[Report]:
        """Numbered reports, each about another debtor, from the debtor's own village; for ever."""
        for n in itertools.count():
            debtor = n % self.debtors
            text = f"{self.name(debtor)}回来了，在村口{n}号"
            yield Report(SECRETARIES + self._where(debtor), text, JUDGES + debtor % self.judges)
