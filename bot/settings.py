"""Settings, from the environment or a TOML file, all checked before anything starts."""

import contextlib
import os
import re
import tomllib
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from locales import LANGUAGES, plain
from storage.engine.secret import BadKeyError, Secrets, new_key

PREFIX = "CHUISHAO_"
CONFIG = "CHUISHAO_CONFIG"
TELEGRAM = "https://api.telegram.org"


class BadSettingsError(Exception):
    """One line that names the setting and says what it wants."""


def _is_whole(url: str) -> bool:
    """Tells whether a database's URL has one host and no sign in its password that cuts it short."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    good = bool(parts.hostname) and (port is None or port > 0) and not parts.fragment and parts.netloc.count("@") <= 1
    return good and "@" not in parts.path and "@" not in parts.query


Network = IPv4Network | IPv6Network


def networks(said: str) -> tuple[Network, ...]:
    """Reads addresses and networks with commas between: 127.0.0.1, 172.16.0.0/12. Raises ValueError."""
    return tuple(ip_network(one.strip(), strict=False) for one in said.split(",") if one.strip())


class Settings(BaseSettings):
    """The product's settings; the environment outweighs the file. Every field is documented in README."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    bot_token: str = ""
    api_base: str = TELEGRAM
    database: str = ""
    database_password: str = ""
    """The password of PostgreSQL as it is, with whatever it holds; in a URL # ? @ / % must be escaped."""
    proxy: str = ""
    """Through which Telegram is reached; without it, the one that the environment names."""
    trusted_proxies: str = "127.0.0.1, ::1"
    """Addresses or networks of the proxies before the page: whose word about where a request comes from is taken."""
    data: Path = Path("data")
    webhook_url: str = ""
    webhook_secret: str = ""
    rate_limits: Literal["", "telegram", "off"] = ""
    gateway_limits: Literal["off", "telegram"] = "off"
    """Whether the gateway refuses, with 429, what Telegram would refuse."""
    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    key: str = ""
    court_phone: str = ""
    language: str = LANGUAGES[0]
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    web: bool = True
    push_hosts: str = ""
    """Servers of the court's own for ntfy and Bark, with commas between."""
    mail: str = ""
    """The mail server as Apprise writes it: mailtos://user:password@smtp.example.gov.cn."""
    sms_hook: str = ""
    call_hook: str = ""
    """An HTTP address of the court's that calls a telephone and reads a sentence out."""
    transcribe: str = ""
    """What writes down voice messages: the URL of a server (…/v1/audio/transcriptions), or a folder with a model."""
    keep_days: int = 180
    keep_years: int = 0
    """After how many years what was said in reports that are over is thinned out; 0: never."""
    tick: float = Field(default=1.0, gt=0, le=10)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = os.environ.get(CONFIG, "chuishao.toml")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    @property
    def own_push_hosts(self) -> tuple[str, ...]:
        return tuple(filter(None, self.push_hosts.replace(" ", "").split(",")))

    @property
    def offers(self) -> frozenset[str]:
        """Returns what the court has for reaching people beside their chats."""
        there = {"mail": self.mail, "sms": self.sms_hook, "call": self.call_hook}
        return frozenset(name for name, how in there.items() if how)

    @field_validator("bot_token")
    @classmethod
    def _token(cls, value: str) -> str:
        number, colon, secret = value.partition(":")
        if value and not (colon and number.isdigit() and secret):
            raise ValueError("want_bot_token")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _webhook_url(cls, value: str) -> str:
        """Requires https, as Telegram wants it; plain http only on this machine, for a stand-in."""
        parts = urlsplit(value)
        local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
        if value and not ((parts.scheme == "https" or local) and parts.netloc and len(parts.path) > 1):
            raise ValueError("want_webhook_url")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value):
            raise ValueError("want_secret")
        return value

    @field_validator("mail")
    @classmethod
    def _mail(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("mailto", "mailtos") or not urlsplit(value).hostname):
            raise ValueError("want_mail")
        return value

    @field_validator("transcribe")
    @classmethod
    def _transcribe(cls, value: str) -> str:
        if "://" in value:
            if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
                raise ValueError("want_transcribe")
        elif value:
            folder = Path(value)
            if not (folder / "tokens.txt").is_file() or not any(folder.glob("*.onnx")):
                raise ValueError("want_transcribe")
            if find_spec("sherpa_onnx") is None or find_spec("av") is None:
                raise ValueError("want_speech")
        return value

    @field_validator("api_base", "public_url", "sms_hook", "call_hook")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
            raise ValueError("want_url")
        return value.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        """Refuses a path: the page is served at the root of its host."""
        parts = urlsplit(value)
        if value and (parts.path.strip("/") or parts.query or parts.fragment or "?" in value or "#" in value):
            raise ValueError("want_root_url")
        return value

    @field_validator("database")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and "://" in value and not value.startswith(("postgres://", "postgresql://", "sqlite://")):
            raise ValueError("want_database")
        if value.startswith("postgres") and "://" in value and not _is_whole(value):
            raise ValueError("want_database_password")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("want_proxy")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _trusted_proxies(cls, value: str) -> str:
        try:
            networks(value)
        except ValueError as error:
            raise ValueError("want_networks") from error
        return value

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not (host and colon and port.isdigit() and int(port) < 65536):
            raise ValueError("want_listen")
        return value

    @field_validator("keep_years", mode="before")
    @classmethod
    def _keep_years(cls, value: object) -> int:
        text = str(value)
        if not (text.isascii() and text.isdigit() and int(text) <= 100):
            raise ValueError("want_years")
        return int(text)

    @field_validator("keep_days", mode="before")
    @classmethod
    def _keep_days(cls, value: object) -> int:
        """Requires at least a week (7 days): for so long an update that comes again is known by its number."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and 7 <= int(text) <= 36500):
            raise ValueError("want_days")
        return int(text)

    @field_validator("key")
    @classmethod
    def _key(cls, value: str) -> str:
        if value:
            try:
                Secrets(value)
            except BadKeyError as error:
                raise ValueError("want_key") from error
        return value

    @field_validator("language")
    @classmethod
    def _language(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError("want_language")
        return value

    @property
    def database_url(self) -> str:
        """Returns `sqlite://PATH` or `postgres://…`."""
        if self.database.startswith(("postgres://", "postgresql://")):
            return self._with_password(self.database) if self.database_password else self.database
        path = Path(self.database.removeprefix("sqlite://")) if self.database else self.data / "chuishao.db"
        return f"sqlite://{path.absolute()}"

    def _with_password(self, url: str) -> str:
        parts = urlsplit(url)
        user = f"{parts.username or ''}:{quote(self.database_password, safe='')}"
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, f"{user}@{host}", parts.path, parts.query, ""))

    @property
    def database_path(self) -> Path | None:
        """Returns the path of the SQLite file, None on PostgreSQL."""
        url = self.database_url
        return Path(url.removeprefix("sqlite://")) if url.startswith("sqlite") else None

    @property
    def database_shown(self) -> str:
        """Returns where the database is, without its password: for people and logs."""
        parts = urlsplit(self.database_url)
        if parts.scheme == "sqlite":
            return str(self.database_path)
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0]

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def limits_on(self) -> bool:
        """Tells whether the dispatcher keeps Telegram's sending limits."""
        return self.rate_limits == "telegram" or (not self.rate_limits and bool(self.bot_token))

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels on which people can be reached: Telegram with a bot token, the page where it is on, here or on
        another machine of the same database."""
        shared = self.database_url.startswith("postgres")
        return (*(["telegram"] if self.bot_token else []), *(["web"] if self.web or shared else []))

    def secrets(self) -> Secrets:
        """Loads the key from `CHUISHAO_KEY`, else from the key file in the data folder, made at the first start.

        A key file that has gone missing beside a database is not replaced: a new key would read nothing.
        """
        if self.key:
            return Secrets(self.key)
        path = self.data / "key"
        if not path.exists() and self.database_path is not None and self.database_path.exists():
            raise BadSettingsError(plain(self.language, "settings.key_missing", path=self.database_path, file=path))
        return Secrets(_key_file(path))


def make_private(folder: Path) -> None:
    """Lets nobody else on this machine read the data folder, also where an earlier version has made it, or a hand."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    places = [folder, *folder.iterdir()]
    places += [one for inner in ("gateway",) if (folder / inner).is_dir() for one in (folder / inner).iterdir()]
    for path in places:
        wanted = 0o700 if path.is_dir() else 0o600
        with contextlib.suppress(PermissionError, FileNotFoundError):  # another's, as a volume may be; doctor says so
            if path.stat().st_mode & 0o077:
                path.chmod(wanted)


def _key_file(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_key())
    except FileExistsError:
        pass
    text = path.read_text().strip()
    try:
        Secrets(text)
    except BadKeyError as error:
        raise BadSettingsError(plain(LANGUAGES[0], "settings.key_file", path=path)) from error
    return text


def load(**overrides: object) -> Settings:
    """Reads and checks. Raises BadSettingsError with one line for the first setting that is wrong."""
    language = os.environ.get("CHUISHAO_LANGUAGE", LANGUAGES[0])
    language = language if language in LANGUAGES else LANGUAGES[0]
    config = os.environ.get(CONFIG)
    if config and not Path(config).is_file():
        raise BadSettingsError(plain(language, "settings.no_file", path=config))
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except tomllib.TOMLDecodeError as error:
        raise BadSettingsError(plain(language, "settings.bad_toml", why=error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else PREFIX
        raise BadSettingsError(_explain(language, name, first["type"], str(first["msg"]))) from error


def _explain(language: str, name: str, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return plain(language, "settings.unknown", name=name)
    wanted = message.removeprefix("Value error, ")
    if wanted.startswith("want_"):
        return plain(language, "settings.wrong", name=name, wanted=plain(language, f"settings.{wanted}"))
    return plain(language, "settings.wrong", name=name, wanted=message)


def unknown_in_environment() -> list[str]:
    """Lists CHUISHAO_ variables that mean nothing, to name at start: a misspelt setting would be silent otherwise."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
