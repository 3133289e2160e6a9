"""Would the tests notice? Faults are put by hand, one at a time, into the rules on which most depends, and the tests of
their nouns are run. `python -m tests.bench.mutants [HOW MANY]`; what lives is listed, to be looked at.

The known tools change no SQL inside of strings, where half of these rules are; so this is one of our own."""

import ast
import copy
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SEED, HOW_MANY, WORKERS = 20_261_128, 300, 2
FIRST, PATIENCE = 40, 300.0
"""So many tests are tried before all the others that go through the place; PATIENCE in seconds, for a fault that makes
them hang is noticed, too."""
FILES = (
    "storage/people/access.py",
    "storage/people/person.py",
    "storage/people/approval.py",
    "storage/alerts/alert.py",
    "storage/alerts/escalation.py",
    "storage/alerts/steps.py",
    "storage/alerts/sighting.py",
    "storage/duty/ladder.py",
    "storage/post/outbox.py",
    "storage/post/delivery.py",
    "storage/post/inbox.py",
    "storage/engine/audit.py",
    "storage/desk/privacy.py",
    "storage/cases/quota.py",
    "storage/cases/erased.py",
    "bot/transport/limiter.py",
    "bot/transport/guard.py",
    "bot/page/budget.py",
    "handlers/describe.py",
)
TESTS = (
    *("tests/alerts", "tests/cases", "tests/desk", "tests/duty", "tests/engine", "tests/people", "tests/post"),
    *("tests/transport", "tests/faults/test_far_end.py", "tests/page/test_limits.py", "tests/reading/test_lesson.py"),
)
NOTED = """
import atexit as _atexit, json as _json, os as _os
_seen = {}
def _noted(line):
    _seen.setdefault(_os.environ.get("PYTEST_CURRENT_TEST", "").rsplit(" ", 1)[0], set()).add(line)
def _written(name):
    with open(_os.path.join(_os.environ["MUTANTS"], f"{_os.getpid()}-{name}"), "w") as file:
        _json.dump({test: sorted(lines) for test, lines in _seen.items()}, file)
_atexit.register(_written, _FILE)
"""
"""Goes into each file, to learn which test goes through which function."""
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
        if _is_a_measure(path, node):
            continue
        for what, change in _changes(node):
            fresh = copy.deepcopy(tree)
            found = list(ast.walk(fresh))[place]
            change(found)
            yield Mutant(path, getattr(node, "lineno", 0), what, ast.unparse(fresh))


def _is_a_measure(path: str, node: ast.AST) -> bool:
    """Tells whether it is a number outside of every function: how long a column or a wait is, and no rule."""
    return isinstance(node, ast.Constant) and type(node.value) is int and not _place(path, node.lineno)


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


@functools.cache
def _tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _place(path: str, line: int) -> int:
    """Gives the line at which the inmost function around a line begins; 0 where there is none."""
    around = [one for one in _functions(_tree(path)) if _holds(one, line)]
    return max((one.lineno for one in around), default=0)


def _holds(one: ast.FunctionDef | ast.AsyncFunctionDef, line: int) -> bool:
    return one.body[0].lineno <= line <= (one.end_lineno or one.lineno)


def _run(folder: Path, words: Sequence[str], patience: float | None = None, **more: str) -> int:
    """Runs tests in a copy; gives pytest's exit code, or 1 where they hang. `patience` in seconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    env = {**os.environ, "PYTHONPATH": str(folder), **more}
    try:
        return subprocess.run(
            command, cwd=folder, env=env, capture_output=True, timeout=patience, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return 1


def _touching(folder: Path) -> dict[tuple[str, int], list[str]]:
    """Runs every test once, without a fault, and gives those that go through each function, by file and line. They must
    pass, or nothing that they notice later means anything."""
    before = {path: (folder / path).read_text("utf-8") for path in FILES}
    for path, source in before.items():
        tree = ast.parse(source)
        for one in _functions(tree):
            said = isinstance(one.body[0], ast.Expr) and isinstance(one.body[0].value, ast.Constant)
            one.body.insert(1 if said else 0, ast.parse(f"_noted({one.lineno})").body[0])
        first = next(n for n, one in enumerate(tree.body) if isinstance(one, ast.Import | ast.ImportFrom))
        while isinstance(tree.body[first], ast.ImportFrom) and getattr(tree.body[first], "module", "") == "__future__":
            first += 1
        tree.body[first:first] = ast.parse(f"_FILE = {path.replace('/', '+')!r}{NOTED}").body
        (folder / path).write_text(ast.unparse(ast.fix_missing_locations(tree)), "utf-8")
    notes = folder / "noted"
    notes.mkdir()
    if _run(folder, ["-n", str(WORKERS), "-k", "not postgres and not browser", *TESTS], MUTANTS=str(notes)):
        sys.exit("the tests fail without any fault")
    found: dict[tuple[str, int], list[str]] = {}
    for file in sorted(notes.iterdir()):
        path = file.name.split("-", 1)[1].replace("+", "/")
        for test, lines in json.loads(file.read_text("utf-8")).items():
            for line in lines if test else ():
                found.setdefault((path, line), []).append(test)
    for path, source in before.items():
        (folder / path).write_text(source, "utf-8")
    return found


def _killed(folder: Path, one: Mutant, tests: Sequence[str]) -> bool:
    """Tells whether one of the tests fails with the fault in the copy."""
    path = folder / one.path
    before = path.read_text("utf-8")
    path.write_text(one.source, "utf-8")
    try:
        parts = [part for part in (tests[:FIRST], tests[FIRST:]) if part]
        return any(_run(folder, ["-x", *part], PATIENCE) in (1, 2) for part in parts)
    finally:
        path.write_text(before, "utf-8")


def main(how_many: int) -> int:
    """Prints what lived and how many were noticed."""
    drawn = random.Random(SEED)
    everything = [one for path in FILES for one in mutants_of(path)]
    sample = drawn.sample(everything, min(how_many, len(everything)))
    begun, lived = time.monotonic(), list[Mutant]()
    with tempfile.TemporaryDirectory() as place:
        copies: Queue[Path] = Queue()
        for number in range(WORKERS):
            left_out = shutil.ignore_patterns(".git", ".venv", ".clients", "*.pyc", "__pycache__", "dist")
            copies.put(Path(shutil.copytree(ROOT, Path(place) / str(number), ignore=left_out)))

        touching = _touching(copies.queue[0])
        everything_once = sorted({test for tests in touching.values() for test in tests})

        def tried(one: Mutant) -> bool:
            place = _place(one.path, one.line)
            tests = sorted(set(touching.get((one.path, place), ()))) if place else everything_once
            drawn_too = random.Random(f"{SEED} {one.path} {one.line}")
            drawn_too.shuffle(tests)
            folder = copies.get()
            try:
                return _killed(folder, one, tests)
            finally:
                copies.put(folder)

        with ThreadPoolExecutor(WORKERS) as workers:
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
