"""Settings: environment variables, read once. All that is wrong is named at once, and no secret is shown.

Each field of `Settings` is declared with its variable, its reader and its meaning; the README's table is
written from the same declarations (`settings_tables`).
"""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from db.errors import OperatorError
from tracker import settings_readers as read
from tracker.declared_setting import setting
from tracker.provider_settings import ProviderSettings

WEB_DIST = Path("web/dist")
STATE_FOLDER = Path(".tracker")
SECRET_FILE = "secret"  # noqa: S105 - its name
IN_MEMORY_BUS = "memory://"


class SettingsError(OperatorError):
    """One or more settings are wrong; the message names them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ProviderSettings):
    """The process's settings. Secrets stay out of its repr."""

    database_url: str | None = setting(
        "DATABASE_URL",
        read.postgres_url,
        "PostgreSQL 15 or newer.",
        shown_default="an embedded one starts",
        secret=True,
    )
    redis_url: str | None = setting(
        "REDIS_URL",
        read.redis_url,
        "Redis or Valkey 7 or newer, or a cluster (name several of its servers, separated by commas);"
        " `memory://` for one process without any.",
        shown_default="an embedded one starts",
        secret=True,
    )
    tracker_secret: str | None = setting(
        "TRACKER_SECRET",
        read.secret,
        "Signs tokens (HS256) and what processes tell each other; at least 32 characters.",
        shown_default="generated and kept in `.tracker` while the database is the embedded one",
        secret=True,
    )
    jwks_url: str | None = setting(
        "JWKS_URL",
        read.outside_url,
        "The identity provider's keys (ES256, RS256). When set, only its tokens are accepted.",
    )
    jwt_audience: str | None = setting("JWT_AUDIENCE", read.text, "The `aud` that tokens must carry.")
    jwt_issuer: str | None = setting("JWT_ISSUER", read.text, "The `iss` that tokens must carry.")
    host: str = setting("HOST", read.text, "The address to listen on.", default="127.0.0.1")
    port: int = setting("PORT", read.integer(1, 65535), "The port to listen on.", default=8080)
    public_url: str = setting(
        "PUBLIC_URL",
        read.web_url,
        "Where people reach this server; its path is the sub-path that pages live under.",
        default="",
        shown_default="`http://HOST:PORT`",
    )
    allowed_origins: tuple[str, ...] = setting(
        "ALLOWED_ORIGINS",
        read.origins,
        "Other web origins that may open sockets, comma-separated.",
        default=(),
        shown_default="only this server's own",
    )
    map_tiles_url: str | None = setting(
        "MAP_TILES_URL",
        read.tiles_url,
        "Map tiles, like `https://tile.example/{z}/{x}/{y}.png`.",
        shown_default="the streets of `MAP_STREETS`",
    )
    map_attribution: str = setting(
        "MAP_ATTRIBUTION", read.text, "The attribution that the tiles' licence asks for.", default=""
    )
    map_streets: Path | None = setting(  # noqa: RUF009 - a Path cannot change either
        "MAP_STREETS",
        read.file,
        "Streets to draw when there are no tiles: a JSON file like the demo city's.",
        shown_default="none; `tracker demo` sets it",
    )
    demo_city: int | None = setting(
        "DEMO_CITY",
        read.integer(1, 2**31 - 1),
        "The invented city (its seed) that a pro's page drives through by itself. For a demo alone.",
        shown_default="none; `tracker demo` sets it",
    )
    routing_url: str | None = setting(
        "ROUTING_URL",
        read.web_url,
        "A routing service for ETAs.",
        shown_default="estimated from distance and speed",
    )
    routing_kind: str = setting(
        "ROUTING_KIND", read.one_of("osrm", "valhalla"), "`osrm` or `valhalla`.", default="osrm"
    )
    trail_retention_days: int = setting(
        "TRAIL_RETENTION_DAYS", read.integer(1, 3650), "How long raw trails are kept.", default=30
    )
    link_grace_hours: float = setting(
        "LINK_GRACE_HOURS",
        read.number(0, 24 * 365),
        "How long a tracking link outlives its job.",
        default=24,
    )
    visible_statuses: tuple[str, ...] = setting(
        "VISIBLE_STATUSES",
        read.statuses,
        "While a job has one of these, its customer sees the pro's position.",
        default=("en_route", "arrived", "in_progress"),
    )
    web_dist: Path = setting(  # noqa: RUF009 - a Path cannot change either
        "WEB_DIST", read.folder, "The built pages.", default=WEB_DIST, shown_default="`web/dist`"
    )
    metrics_folder: Path | None = setting(  # noqa: RUF009 - a Path cannot change either
        "METRICS_FOLDER",
        read.folder,
        "Where processes that share a port leave their counts, so that one scrape shows all.",
        shown_default="`tracker serve --workers` makes one",
    )
    log_level: str = setting(
        "LOG_LEVEL",
        read.one_of("DEBUG", "INFO", "WARNING", "ERROR", fold=str.upper),
        "`DEBUG`, `INFO`, `WARNING` or `ERROR`.",
        default="INFO",
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, state: Path = STATE_FOLDER) -> Settings:
        """Read all settings. Empty variables count as unset. Raises SettingsError naming every wrong one.

        Without DATABASE_URL and TRACKER_SECRET, the secret is the one kept in the `state` folder.
        """
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for field in dataclasses.fields(cls):
            variable, raw = field.metadata["variable"], environ.get(field.metadata["variable"], "").strip()
            if raw:
                try:
                    values[field.name] = field.metadata["reader"](raw)
                except ValueError as error:  # readers say what they want, never what they got
                    wrong.append(f"{variable} {error}")
        if not environ.get("TRACKER_SECRET", "").strip():
            if environ.get("DATABASE_URL", "").strip():
                wrong.append("TRACKER_SECRET must be set (at least 32 characters) beside DATABASE_URL")
            elif not wrong:
                values["tracker_secret"] = kept_secret(state)
        if wrong:
            raise SettingsError("; ".join(wrong))
        settings = cls(**values)
        if halves := settings.missing_beside():
            raise SettingsError("; ".join(halves))
        if settings.public_url:
            return settings
        return dataclasses.replace(settings, public_url=f"http://{_reachable(settings.host)}:{settings.port}")

    def to_env(self) -> dict[str, str]:
        """The same settings as variables, for processes that this one starts."""
        shown = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value not in (None, (), ""):
                shown[field.metadata["variable"]] = (
                    ",".join(value) if isinstance(value, tuple) else str(value)
                )
        return shown

    @property
    def in_memory_bus(self) -> bool:
        """One process, no Redis: REDIS_URL=memory://."""
        return self.redis_url == IN_MEMORY_BUS

    @property
    def root_path(self) -> str:
        """The sub-path of the public address: empty, or like `/tracking`."""
        return urlsplit(self.public_url).path.rstrip("/")

    def need_database_url(self) -> str:
        """Raises SettingsError when DATABASE_URL is not set."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL must be set")
        return self.database_url

    def need_secret(self) -> str:
        """Raises SettingsError when TRACKER_SECRET is not set."""
        if self.tracker_secret is None:
            raise SettingsError("TRACKER_SECRET must be set")
        return self.tracker_secret


def kept_secret(state: Path) -> str:
    """The secret kept in `state`, made on first use; only its owner may read it.

    Two processes that start at once end up with the same one: the file appears whole, once.
    """
    path = state / SECRET_FILE
    if not path.exists():
        state.mkdir(parents=True, exist_ok=True)
        mine = state / f"{SECRET_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(mine, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(mine)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    try:
        return str(read.secret(path.read_text(encoding="utf-8").strip()))
    except ValueError:
        raise SettingsError(f"{path} is damaged; remove it, and earlier tokens end") from None


def settings_tables() -> tuple[str, str]:
    """The README's tables in Markdown: the server's own settings, then the business's and its services'."""
    outside = {field.name for field in dataclasses.fields(ProviderSettings)}
    fields = dataclasses.fields(Settings)
    return (
        _table(field for field in fields if field.name not in outside),
        _table(field for field in fields if field.name in outside),
    )


def _table(fields: Iterable[dataclasses.Field[Any]]) -> str:
    lines = ["| variable | default | what it is for |", "|---|---|---|"]
    for field in fields:
        default = field.metadata["shown_default"]
        if default is None and field.default not in (None, "", ()):
            value = field.default
            default = f"`{','.join(value) if isinstance(value, tuple) else value}`"
        lines.append(f"| `{field.metadata['variable']}` | {default or '–'} | {field.metadata['meaning']} |")
    return "\n".join(lines)


def _reachable(host: str) -> str:
    """A name that a browser on this machine can open for the address we listen on."""
    if host in ("0.0.0.0", "::", "127.0.0.1", "::1"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
