"""Would the tests notice? Faults are put by hand, one at a time, into the rules on which most depends, and the tests of
their nouns are run. `python -m tests.bench.mutants [HOW MANY]`; what lives is listed, to be looked at.

The known tools change no SQL inside of strings, where half of these rules are; so this is one of our own."""

import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple, TypeVar

ROOT = Path(__file__).parents[2]
SEED, HOW_MANY, WORKERS, PATIENCE = 20_261_128, 300, 2, 6
"""PATIENCE: a fault that makes the tests last so many times as long as without it is noticed."""
TESTS: dict[str, str] = {
    "storage/people/access.py": "tests/people/test_access.py tests/cases",
    "storage/people/person.py": "tests/alerts/test_elsewhere.py tests/people tests/duty",
    "storage/people/approval.py": "tests/desk/test_privacy.py",
    "storage/alerts/alert.py": "tests/alerts tests/cases tests/desk/test_listing.py",
    "storage/alerts/escalation.py": "tests/alerts tests/duty tests/faults/test_machine.py",
    "storage/alerts/steps.py": "tests/alerts tests/desk/test_staff.py",
    "storage/alerts/sighting.py": "tests/alerts tests/desk/test_unnamed.py tests/desk/test_privacy.py tests/post",
    "storage/duty/ladder.py": "tests/duty tests/alerts",
    "storage/post/outbox.py": "tests/post tests/alerts tests/faults/test_far_end.py",
    "storage/post/delivery.py": "tests/post tests/desk/test_privacy.py tests/desk/test_erased.py",
    "storage/post/inbox.py": "tests/post tests/transport tests/desk/test_erased.py",
    "storage/engine/audit.py": "tests/engine",
    "storage/desk/privacy.py": "tests/desk/test_privacy.py tests/desk/test_erased.py tests/desk/test_unnamed.py",
    "storage/cases/quota.py": "tests/desk/test_privacy.py tests/post/test_offered.py",
    "storage/cases/erased.py": "tests/desk/test_erased.py",
    "bot/transport/limiter.py": "tests/transport tests/faults/test_far_end.py",
    "bot/transport/guard.py": "tests/page/test_limits.py",
    "bot/page/budget.py": "tests/page/test_limits.py",
    "handlers/describe.py": "tests/alerts tests/cases",
}
_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In},
}
_SQL = (
    *((" AND ", " OR "), (">= ?", "> ?"), ("<= ?", "< ?"), (" < ?", " >= ?"), (" > ?", " <= ?"), (" = ?", " <> ?")),
    *(
        (" <> ?", " = ?"),
        ("IS NULL", "IS NOT NULL"),
        ("IS NOT NULL", "IS NULL"),
        ("NOT EXISTS", "EXISTS"),
        (" DESC", ""),
    ),
)


Result = TypeVar("Result")


class Mutant(NamedTuple):
    """A file with one fault in it."""

    path: str
    line: int
    what: str
    source: str


def mutants_of(path: str) -> Iterator[Mutant]:
    """Makes every fault that can be put into a file: comparisons, and and or, not, true and false, numbers, SQL."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    for place, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            fresh = copy.deepcopy(tree)
            found = list(ast.walk(fresh))[place]
            change(found)
            yield Mutant(path, getattr(node, "lineno", 0), what, ast.unparse(fresh))


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            other = _COMPARE.get(type(operator))
            if other is not None:
                yield f"{type(operator).__name__} → {other.__name__}", _setter("ops", number, other())
    elif isinstance(node, ast.BoolOp):
        other_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{type(node.op).__name__} → {type(other_op).__name__}", _setter("op", None, other_op)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not → nothing", _setter("op", None, ast.UAdd())
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} → {not node.value}", _setter("value", None, not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is int and 0 < node.value < 1000:
        yield f"{node.value} → {node.value + 1}", _setter("value", None, node.value + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " ?" in node.value:
        for old, new in _SQL:
            if old in node.value:
                yield f"SQL{old}→{new}", _setter("value", None, node.value.replace(old, new, 1))


def _setter(name: str, number: int | None, value: object) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        if number is None:
            setattr(node, name, value)
        else:
            getattr(node, name)[number] = value

    return change


def _outcome(folder: Path, tests: str, patience: float | None) -> int:
    """Runs tests in a copy; gives pytest's exit code, or 1 where they hang. `patience` in seconds."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", "not postgres and not browser"]
    try:
        done = subprocess.run(
            [*words, *tests.split()],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1
    return done.returncode


def _baseline(folder: Path, tests: str) -> float:
    """Runs tests without a fault: they pass, or nothing that they notice later means anything. Gives seconds."""
    begun = time.monotonic()
    if _outcome(folder, tests, None):
        sys.exit(f"these tests fail without any fault: {tests}")
    return time.monotonic() - begun


def _killed(folder: Path, one: Mutant, usual: float) -> bool:
    """Tells whether a test of the noun fails with the fault in the copy."""
    path = folder / one.path
    before = path.read_text("utf-8")
    path.write_text(one.source, "utf-8")
    try:
        return _outcome(folder, TESTS[one.path], PATIENCE * usual) in (1, 2)
    finally:
        path.write_text(before, "utf-8")


def main(how_many: int) -> int:
    """Prints what lived and how many were noticed."""
    drawn = random.Random(SEED)
    everything = [one for path in TESTS for one in mutants_of(path)]
    sample = drawn.sample(everything, min(how_many, len(everything)))
    begun, lived = time.monotonic(), list[Mutant]()
    with tempfile.TemporaryDirectory() as place:
        copies: Queue[Path] = Queue()
        for number in range(WORKERS):
            left_out = shutil.ignore_patterns(".git", ".venv", ".clients", "*.pyc", "__pycache__", "dist")
            copies.put(Path(shutil.copytree(ROOT, Path(place) / str(number), ignore=left_out)))

        def in_a_copy(work: Callable[[Path], Result]) -> Result:
            folder = copies.get()
            try:
                return work(folder)
            finally:
                copies.put(folder)

        with ThreadPoolExecutor(WORKERS) as workers:
            sets = sorted({TESTS[one.path] for one in sample})
            usual = dict(
                zip(sets, workers.map(lambda tests: in_a_copy(lambda at: _baseline(at, tests)), sets), strict=True)
            )

            def tried(one: Mutant) -> bool:
                return in_a_copy(lambda folder: _killed(folder, one, usual[TESTS[one.path]]))

            for number, (one, killed) in enumerate(zip(sample, workers.map(tried, sample), strict=True), 1):
                if not killed:
                    lived.append(one)
                    print(f"lives: {one.path}:{one.line} {one.what}", flush=True)
                print(f"{number}/{len(sample)}, {len(lived)} live", end="\r", file=sys.stderr, flush=True)
    share = 1 - len(lived) / len(sample)
    took = (time.monotonic() - begun) / 60
    print(f"{len(sample)} of {len(everything)} faults, {share:.0%} noticed, {took:.0f} minutes", flush=True)
    return 0 if share >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else HOW_MANY))
