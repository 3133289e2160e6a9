"""The files for those who run it: every figure they ask for exists, every setting they set is one."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.settings import PREFIX, Settings
from bot.transport.metrics import Metrics
from tests.parts import absent

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).parent.parent / ".github" / "deploy"
METRIC = re.compile(r"\bchuishao_[a-z_]+")


def names() -> set[str]:
    """All series that /metrics can show."""
    found = set()
    for family in Metrics().registry.collect():
        found |= {family.name, f"{family.name}_total"}
        if family.type == "histogram":
            found |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return found


def expressions() -> list[str]:
    rules = re.findall(r"^ +expr: (.+)$", (DEPLOY / "alerts.yml").read_text(), re.M)
    board = json.loads((DEPLOY / "dashboard.json").read_text())
    return rules + [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_rules_and_dashboard_ask_for_figures_that_exist() -> None:
    asked = expressions()
    assert len(asked) > 20
    for expression in asked:
        used = METRIC.findall(expression)
        assert used or expression.startswith("up{"), expression
        assert set(used) <= names(), expression
        assert expression.count("(") == expression.count(")"), expression


def test_promtool_accepts_rules_and_expressions(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        absent("promtool (Debian's package prometheus)")
    assert promtool is not None
    subprocess.run([promtool, "check", "rules", str(DEPLOY / "alerts.yml")], check=True, capture_output=True)
    rules = "".join(f"      - record: panel:{n}\n        expr: {json.dumps(e)}\n" for n, e in enumerate(expressions()))
    (tmp_path / "panels.yml").write_text(f"groups:\n  - name: panels\n    rules:\n{rules}")
    subprocess.run([promtool, "check", "rules", str(tmp_path / "panels.yml")], check=True, capture_output=True)


@pytest.mark.parametrize("file", ["chuishao.service", "Dockerfile", "compose.yaml"])
def test_deployments_set_only_settings_that_exist(file: str) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    used = set(re.findall(r"\bCHUISHAO_[A-Z_]+", (DEPLOY / file).read_text()))
    assert used and used <= known


def test_the_image_copies_what_the_package_needs() -> None:
    """Built and run only where there is a container runtime; here its paths are held against the checkout."""
    root = DEPLOY.parent.parent
    copied = re.findall(r"^COPY (.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    for path in " ".join(copied).split():
        assert (root / path).exists(), path
    packages = re.search(r"packages = \[(.+)\]", (root / "pyproject.toml").read_text())
    assert packages is not None
    assert {"bot", "handlers", "storage", "locales"} <= set(" ".join(copied).split())


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("SKIPPED because systemd-analyze isn't on this machine")
    unit = (DEPLOY / "chuishao.service").read_text().replace("/opt/chuishao/.venv/bin/chuishao", "/bin/true")
    (tmp_path / "chuishao.service").write_text(unit)
    done = subprocess.run([analyze, "verify", str(tmp_path / "chuishao.service")], capture_output=True, text=True)
    assert "Unknown" not in done.stderr and "Failed to parse" not in done.stderr, done.stderr
