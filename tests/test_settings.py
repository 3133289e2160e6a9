"""Settings: one line for the first that is wrong, naming it and what it wants; all of them documented."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from bot.settings import BadSettingsError, Settings, load, unknown_in_environment
from bot.transport.api import proxy_for
from storage.engine.secret import new_key

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CHUISHAO_CONFIG", "CHUISHAO_DATA", "CHUISHAO_LISTEN", "CHUISHAO_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", "abc"),
        ("API_BASE", "ftp://x"),
        ("DATABASE", "mysql://x/y"),
        ("LISTEN", "8080"),
        ("LISTEN", "127.0.0.1:99999"),
        ("WEBHOOK_URL", "http://example.org/x"),
        ("WEBHOOK_URL", "https://example.org"),
        ("WEBHOOK_SECRET", "with blank"),
        ("RATE_LIMITS", "some"),
        ("KEY", "short"),
        ("LANGUAGE", "fr"),
        ("LOG_LEVEL", "LOUD"),
        ("TICK", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("TRANSCRIBE", "ftp://x/y"),
        ("TRANSCRIBE", "/no/such/folder"),
        ("KEEP_DAYS", "3"),
        ("KEEP_DAYS", "for ever"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CHUISHAO_{name}", value)
    with pytest.raises(BadSettingsError) as stopped:
        load()
    line = str(stopped.value)
    assert line.startswith(f"CHUISHAO_{name} 不对：") and "\n" not in line and len(line) < 200


def test_a_file_serves_and_the_environment_outweighs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('listen = "127.0.0.1:1234"\ncourt_phone = "0578-1"\n')
    monkeypatch.setenv("CHUISHAO_CONFIG", str(tmp_path / "c.toml"))
    monkeypatch.setenv("CHUISHAO_COURT_PHONE", "0578-2")
    settings = load()
    assert settings.port == 1234 and settings.court_phone == "0578-2"
    (tmp_path / "c.toml").write_text('lissten = "127.0.0.1:1234"\n')
    with pytest.raises(BadSettingsError, match="没有 CHUISHAO_LISSTEN 这个设置"):
        load()
    (tmp_path / "c.toml").write_text("= broken")
    with pytest.raises(BadSettingsError, match="TOML"):
        load()
    monkeypatch.setenv("CHUISHAO_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(BadSettingsError, match="不存在"):
        load()


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUISHAO_LISTN", "x")
    assert unknown_in_environment() == ["CHUISHAO_LISTN"]


def test_a_lost_key_is_not_replaced_beside_a_database(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "d")
    settings.secrets()
    assert (tmp_path / "d" / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "d" / "chuishao.db").write_bytes(b"")
    (tmp_path / "d" / "key").write_text("rubbish")
    with pytest.raises(BadSettingsError, match="密钥文件坏了"):
        settings.secrets()
    (tmp_path / "d" / "key").unlink()
    with pytest.raises(BadSettingsError, match="没有密钥文件"):
        settings.secrets()
    Settings(data=tmp_path / "d", key=new_key()).secrets()


@pytest.mark.parametrize("readme", ["README.md", ".github/README.en.md"])
def test_every_setting_is_documented_and_no_other(readme: str) -> None:
    text = (ROOT / readme).read_text()
    named = set(re.findall(r"`CHUISHAO_([A-Z_]+)`", text))
    assert named == {name.upper() for name in Settings.model_fields} | {"CONFIG"}


def test_the_password_is_never_shown() -> None:
    assert Settings(database="postgres://u:secret@h:5/db").database_shown == "postgres://h:5/db"


@pytest.mark.parametrize("password", ["a#b", "p@ss/w#1", "a?b", "x:1/y", "100%"])
def test_a_password_with_any_sign_works_by_itself(password: str) -> None:
    settings = Settings(database="postgres://chuishao@127.0.0.1:5999/chuishao", database_password=password)
    parts = urlsplit(settings.database_url)
    assert unquote(parts.password or "") == password and (parts.hostname, parts.port) == ("127.0.0.1", 5999)
    assert password not in settings.database_shown


@pytest.mark.parametrize("password", ["a#b", "p@ss/w#1", "a/b"])
def test_a_password_that_breaks_the_url_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(BadSettingsError, match="CHUISHAO_DATABASE_PASSWORD") as refused:
        load(database=f"postgres://c:{password}@127.0.0.1:5999/c")
    assert password not in str(refused.value) and "ss/w" not in str(refused.value)


@pytest.mark.parametrize("tail", ["chuishao", "?a=1", "#x"])
def test_a_public_address_with_a_path_is_refused(tail: str) -> None:
    with pytest.raises(BadSettingsError, match="PUBLIC_URL"):
        load(public_url=f"https://court.example/{tail}")


def test_a_proxy_is_for_telegram_and_never_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert proxy_for("https://api.telegram.org", "") is None
    assert proxy_for("https://api.telegram.org", "http://p:1") == "http://p:1"
    assert proxy_for("http://127.0.0.1:8080", "http://p:1") is None
    monkeypatch.setenv("https_proxy", "http://q:2")
    assert proxy_for("https://api.telegram.org", "") == "http://q:2" and proxy_for("http://localhost:1", "") is None
    monkeypatch.setenv("no_proxy", "api.telegram.org")
    assert proxy_for("https://api.telegram.org", "") is None
