"""`python -m service.probe`: exit code 0 if the service of this container is ready, else 1 and the reason.

For containers outside a cluster. The port comes from the service's own variable.
"""

import os
import sys
import urllib.error
import urllib.request

_PORTS = ("GATEWAY_PORT", "AUTH_PORT", "HEALTH_PORT")
_SECONDS = 5


def main() -> int:
    """Ask `/health/ready`."""
    port = next((os.environ[name] for name in _PORTS if os.environ.get(name)), "8080")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/health/ready", timeout=_SECONDS) as answer:
            return 0 if answer.status == 200 else 1
    except urllib.error.HTTPError as error:
        print(error.read(4096).decode(errors="replace"), file=sys.stderr)
    except OSError as error:
        print(f"port {port}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
