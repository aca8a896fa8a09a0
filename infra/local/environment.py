"""The environment of a child: what any program needs, and its own settings. No other's secrets are in it.

The names stand here, and are not read from the services' settings: to import a service takes a command of
the local stack half a second. A test compares them.
"""

from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ANY = _names(
    """
    PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR VIRTUAL_ENV LD_LIBRARY_PATH
    SSL_CERT_FILE SSL_CERT_DIR LOCAL_DIR
    """
)
_ANY_PREFIXES = ("LC_", "PYTHON", "COV_", "COVERAGE_")
_SERVICE_PREFIXES = ("OTEL_", "IMAGEIO_FFMPEG_")

OWN = {
    "auth": _names(
        """
        ACCESS_SECONDS ADMIN_EMAIL ADMIN_PASSWORD AUTH_DIRECTORY_URL AUTH_HOST AUTH_KEY_FILE
        AUTH_KEY_PASSPHRASE AUTH_PORT EMAIL_VERIFICATION KEY_LEAD_SECONDS KEY_ROTATION_DAYS
        LOCAL_DIR LOG_LEVEL METRICS_HOST METRICS_PORT MONGODB_URL OIDC_ISSUERS PASSWORD_LENGTH
        PUBLIC_URL RABBITMQ_URL REGISTRATION SERVICE_TOKEN SESSION_DAYS
        """
    ),
    "gateway": _names(
        """
        ANSWER_IDLE_SECONDS ANSWER_MIN_RATE AUTH_URL CONNECTIONS_PER_ADDRESS CORS_ORIGINS
        DEFAULT_OPTIONS GATEWAY_HOST GATEWAY_PORT HANDOVER_SECRETS IMPORTS IMPORT_ALLOW
        IMPORT_SECONDS IMPORT_SLOTS LINK_LIFE LOCAL_STACK LOG_LEVEL
        MAX_UPLOAD_BYTES METRICS_HOST METRICS_PORT MONGODB_URL PLAIN_HTTP_COOKIES PUBLIC_URL QUOTA_ADMIN
        QUOTA_USER RABBITMQ_MANAGEMENT_URL RABBITMQ_URL RETAIN_AUDIO RETAIN_RECORD RETAIN_VIDEO
        SERVICE_TOKEN STREAM_URL SWEEP_GRACE_SECONDS SWEEP_INTERVAL_SECONDS TRUSTED_PROXIES
        UPLOAD_EXPIRES_SECONDS UPLOAD_IDLE_SECONDS UPLOAD_MIN_RATE UPLOAD_ROLES WEBHOOK_ALLOW
        """
    ),
    "converter": _names(
        """
        CONVERSION_TIMEOUT_SECONDS CONVERTER_CORES CONVERTER_SLOTS FFMPEG HEALTH_HOST HEALTH_PORT
        LOG_LEVEL MAX_AUDIO_BYTES MAX_DURATION_SECONDS MONGODB_URL RABBITMQ_URL WORK_DIR
        """
    ),
    "notifier": _names(
        """
        AUTH_URL HANDOVER_SECRETS HEALTH_HOST HEALTH_PORT LINK_LIFE LOG_LEVEL MAIL_FROM MONGODB_URL
        NOTIFIER_SLOTS PUBLIC_URL RABBITMQ_URL SERVICE_TOKEN SMTP_URL WEBHOOK_ALLOW WEBHOOK_SLOTS
        """
    ),
}
"""The variables of each service's settings."""
_OWN_PREFIXES = {"auth": ("OIDC_",)}


def of_program(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a program needs that has no settings in the environment."""
    return {name: value for name, value in environ.items() if name in _ANY or name.startswith(_ANY_PREFIXES)}


def of_service(service: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what one of our services needs."""
    prefixes = (*_SERVICE_PREFIXES, *_OWN_PREFIXES.get(service, ()))
    own = {
        name: value for name, value in environ.items() if name in OWN[service] or name.startswith(prefixes)
    }
    return of_program(environ) | own
