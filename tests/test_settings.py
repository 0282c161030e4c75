"""Settings are read once; all that is wrong is named at once, and nothing secret is shown."""

from __future__ import annotations

import dataclasses
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tracker.settings import Settings, SettingsError, kept_secret, settings_tables

ROOT = Path(__file__).parent.parent
REAL = {
    "DATABASE_URL": "postgresql://u:pw-of-the-db@db.example:5432/tracker",
    "REDIS_URL": "rediss://:pw-of-redis@cache.example:6380/0",
    "TRACKER_SECRET": "0123456789abcdefghijklmnopqrstuvwxyz",
}


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = Settings.from_env({}, state=tmp_path / "new")
    assert settings.database_url is None
    assert settings.redis_url is None
    assert not settings.in_memory_bus
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.root_path == ""
    assert settings.visible_statuses == ("en_route", "arrived", "in_progress")
    assert settings.need_secret() == Settings.from_env({}, state=tmp_path / "new").need_secret()
    with pytest.raises(SettingsError, match="DATABASE_URL must be set"):
        settings.need_database_url()


SERVICES = {
    "COMPANY_NAME": "Riverside Homes",
    "CURRENCY": "EUR",
    "COMMISSION_BP": "3500",
    "TIME_ZONE": "Europe/Berlin",
    "QUIET_HOURS": "22:30-07:00",
    "PAYOUT_DAY": "Friday",
    "STRIPE_SECRET_KEY": "sk_test_hunter2",
    "STRIPE_WEBHOOK_SECRET": "whsec_hunter2",
    "STRIPE_API_URL": "http://127.0.0.1:12111",
    "TWILIO_ACCOUNT_SID": "AC0123456789",
    "TWILIO_AUTH_TOKEN": "token-hunter2",
    "TWILIO_FROM": "+15550123",
    "TWILIO_API_URL": "http://127.0.0.1:12112",
    "SMTP_URL": "smtps://user:hunter2@mail.example:465",
    "EMAIL_FROM": "hello@company.example",
    "VAPID_PRIVATE_KEY": "0123456789012345678901234567890123456789012",
    "VAPID_SUBJECT": "mailto:ops@company.example",
    "PUSH_HOSTS": "push.example, .notify.example",
    "MESSAGE_RETENTION_DAYS": "400",
    "EVIDENCE_FOLDER": "/var/lib/tracker/evidence",
    "EVIDENCE_S3_URL": "https://KEY:hunter2@s3.example/bucket?region=eu-west-1",
    "EVIDENCE_RETENTION_DAYS": "365",
}


def test_all_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "streets.json").write_text("{}")
    given = {
        **REAL,
        "MAP_STREETS": str(tmp_path / "streets.json"),
        "JWKS_URL": "https://id.example/.well-known/jwks.json?v=1",
        "JWT_AUDIENCE": "tracker",
        "JWT_ISSUER": "https://id.example/",
        "HOST": "0.0.0.0",
        "PORT": "9000",
        "PUBLIC_URL": "https://go.example/tracking/",
        "ALLOWED_ORIGINS": "https://app.example, https://other.example:8443/",
        "MAP_TILES_URL": "https://{s}.tiles.example/{z}/{x}/{y}{r}.png?key=k",
        "MAP_ATTRIBUTION": "© OpenStreetMap contributors",
        "DEMO_CITY": "1",
        "ROUTING_URL": "http://osrm.internal:5000",
        "ROUTING_KIND": "Valhalla",
        "TRAIL_RETENTION_DAYS": "7",
        "LINK_GRACE_HOURS": "0.5",
        "VISIBLE_STATUSES": "en_route,arrived",
        "WEB_DIST": str(tmp_path),
        "METRICS_FOLDER": str(tmp_path),
        "LOG_LEVEL": "warning",
        **SERVICES,
        "SENDGRID_API_KEY": "",  # one way to send mail is enough
        "SENDGRID_API_URL": "https://mail-api.example",
    }
    settings = Settings.from_env(given)
    assert {field.metadata["variable"] for field in dataclasses.fields(Settings)} == set(given)
    assert settings.root_path == "/tracking"
    assert settings.public_url == "https://go.example/tracking"
    assert settings.allowed_origins == ("https://app.example", "https://other.example:8443")
    assert (settings.port, settings.trail_retention_days, settings.link_grace_hours) == (9000, 7, 0.5)
    assert (settings.routing_kind, settings.log_level) == ("valhalla", "WARNING")
    assert Settings.from_env(settings.to_env()) == settings  # what workers are given is what we have


def test_everything_that_is_wrong_is_named_at_once_without_its_value() -> None:
    wrong = {
        "DATABASE_URL": "mysql://root:hunter2@db",
        "REDIS_URL": "http://hunter2",
        "TRACKER_SECRET": "hunter2",
        "JWKS_URL": "http://hunter2.example/keys",
        "PORT": "hunter2",
        "PUBLIC_URL": "https://u:hunter2@go.example",
        "ALLOWED_ORIGINS": "https://app.example/hunter2",
        "MAP_TILES_URL": "https://tiles.example/hunter2.png",
        "DEMO_CITY": "hunter2",
        "ROUTING_URL": "hunter2",
        "ROUTING_KIND": "hunter2",
        "TRAIL_RETENTION_DAYS": "0",
        "LINK_GRACE_HOURS": "nan",
        "VISIBLE_STATUSES": "hunter2",
        "LOG_LEVEL": "hunter2",
        "CURRENCY": "hunter2",
        "COMMISSION_BP": "10001",
        "TIME_ZONE": "hunter2",
        "QUIET_HOURS": "hunter2",
        "PAYOUT_DAY": "hunter2",
        "STRIPE_API_URL": "http://hunter2.example",
        "SMTP_URL": "http://hunter2",
        "EMAIL_FROM": "hunter2",
        "PUSH_HOSTS": "https://hunter2",
        "MESSAGE_RETENTION_DAYS": "29",
        "EVIDENCE_S3_URL": "https://hunter2",
        "EVIDENCE_RETENTION_DAYS": "0",
    }
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(wrong)
    message = str(refused.value)
    for variable in wrong:
        assert variable in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("PORT", value) for value in ("0", "65536", "-1", "80.0", "8O", "٨٠", "1e3", "9" * 5000)),
        *(("LINK_GRACE_HOURS", value) for value in ("-1", "inf", "1e999", "one")),
        *(
            ("PUBLIC_URL", value)
            for value in ("go.example", "ftp://x", "https://", "https://x/?a", "https://x:y")
        ),
        *(
            ("PUBLIC_URL", value)
            for value in ("https://x;script-src *", "https://[x", "https://x y", "https://x,")
        ),
        *(("MAP_TILES_URL", value) for value in ("{z}{x}{y}", "https://a; b/{z}/{x}/{y}", "data:{z}{x}{y}")),
        *(("ALLOWED_ORIGINS", value) for value in ("*", "app.example", "https://a,b", "https://a?b", "null")),
        *(("DATABASE_URL", value) for value in ("postgresql://", "db", "postgresql://h:port/x")),
        *(("REDIS_URL", value) for value in ("redis://", "cache:6379", "unix://", "memory://x")),
        *(("TRACKER_SECRET", value) for value in ("x" * 31, "x" * 64, "abc" * 20)),
        ("JWT_AUDIENCE", "a\x00b"),
        ("JWT_ISSUER", "x" * 501),
        ("WEB_DIST", "a\x00b"),
        ("MAP_STREETS", "/nowhere/streets.json"),
        ("ROUTING_KIND", "google"),
        ("VISIBLE_STATUSES", "en_route,gone"),
        ("VISIBLE_STATUSES", ","),
        *(("QUIET_HOURS", value) for value in ("21-8", "21:00", "24:00-08:00", "08:00-08:00", "on")),
        *(
            ("EVIDENCE_S3_URL", value)
            for value in ("https://s3.example/b", "http://k:s@s3.example/b", "s3://b")
        ),
        *(("EMAIL_FROM", value) for value in ("a b@c.example", "Us <a@c.example>", "a@b, c@d")),
        *(("TIME_ZONE", value) for value in ("CEST+2", "../etc/passwd", "/UTC")),
        *(("STRIPE_SECRET_KEY", value) for value in ("short", "with a space", "ключ-ключ")),
    ],
)
def test_a_wrong_value_is_refused(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env({**REAL, variable: value})


@pytest.mark.parametrize(
    "half",
    [
        {"STRIPE_SECRET_KEY": "sk_test_123"},
        {"STRIPE_WEBHOOK_SECRET": "whsec_123"},
        {"TWILIO_ACCOUNT_SID": "AC123", "TWILIO_FROM": "+15550123"},
        {"SENDGRID_API_KEY": "SG.12345"},
        {"SENDGRID_API_KEY": "SG.12345", "SMTP_URL": "smtp://mail.example", "EMAIL_FROM": "a@b.example"},
        {"VAPID_SUBJECT": "mailto:ops@company.example"},
    ],
)
def test_half_a_service_is_refused_and_says_what_is_missing(half: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"together|EMAIL_FROM must be set|set one"):
        Settings.from_env({**REAL, **half})


def test_what_is_shown_of_settings_holds_no_secret() -> None:
    assert "hunter2" not in repr(Settings.from_env({**REAL, **SERVICES}))
    shown = repr(Settings.from_env(REAL))
    assert not [
        secret for secret in ("pw-of-the-db", "pw-of-redis", REAL["TRACKER_SECRET"]) if secret in shown
    ]


def test_beside_a_database_of_ones_own_the_secret_must_be_given(tmp_path: Path) -> None:
    for secret in ({}, {"TRACKER_SECRET": ""}, {"TRACKER_SECRET": "  "}):
        with pytest.raises(SettingsError, match="TRACKER_SECRET must be set"):
            Settings.from_env({"DATABASE_URL": REAL["DATABASE_URL"], **secret}, state=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_kept_secret_is_the_owners_alone_and_the_same_for_processes_that_start_at_once(
    tmp_path: Path,
) -> None:
    state = tmp_path / ".tracker"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: kept_secret(state), range(32)))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32
    assert [path.name for path in state.iterdir()] == ["secret"]
    assert stat.S_IMODE((state / "secret").stat().st_mode) == 0o600


def test_a_damaged_secret_is_named_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    with pytest.raises(SettingsError, match="damaged") as refused:
        Settings.from_env({}, state=tmp_path)
    assert "hunter2" not in str(refused.value)
    assert (tmp_path / "secret").read_text() == "hunter2"


def test_a_public_address_names_a_host_that_can_be_opened(tmp_path: Path) -> None:
    for host, shown in (
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("10.0.0.5", "10.0.0.5"),
        ("fd00::5", "[fd00::5]"),
    ):
        settings = Settings.from_env({"HOST": host, "PORT": "81"}, state=tmp_path)
        assert settings.public_url == f"http://{shown}:81"


def test_the_readme_holds_the_table_of_settings() -> None:
    for table in settings_tables():
        assert table in (ROOT / "README.md").read_text(encoding="utf-8")
