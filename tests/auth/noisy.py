"""A process that logs all it can while secrets pass through it, and prints which secrets these were."""

import json
import sys

from esteio.telemetry.logs import configure
from esteio.telemetry.settings import TelemetrySettings
from tests.house import ADMIN_KEY, SECRET, Served, altered, environment, serve

PASSWORDS = ("a secret password", "another secret password", "a wrong secret password")
EMAIL = "noisy@example.org"


def secrets_of(served: Served) -> list[str]:
    """Everything that must not be seen afterwards, each of it used rightly and wrongly."""
    anonymous = served.anonymous
    wanted = {"name": "noisy", "scopes": ["pets:write"]}
    made = served.client.post("/api/v2/keys", json=wanted, headers={"Idempotency-Key": "once"})
    key = made.json()["data"]["key"]
    credentials = {"email": EMAIL, "password": PASSWORDS[0]}
    anonymous.post("/auth/register", json={**credentials, "name": "Noisy"})
    anonymous.post("/auth/login", json={"email": EMAIL, "password": PASSWORDS[2]})
    anonymous.post("/auth/login", json={"email": EMAIL, "password": PASSWORDS[2], "unknown": PASSWORDS[2]})
    anonymous.post("/auth/login", json={"email": [PASSWORDS[2]], "password": {"a": PASSWORDS[2]}})
    tokens = anonymous.post("/auth/login", json=credentials).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    change = {"password": PASSWORDS[0], "new_password": PASSWORDS[1]}
    later = anonymous.post("/auth/password", json=change, headers=bearer).json()
    renewed = anonymous.post("/auth/refresh", json={"refresh_token": later["refresh_token"]}).json()
    typo = altered(key, -1)
    for wrong in ({"X-API-Key": typo}, bearer, {"Authorization": f"Basic {typo}"}, {"X-API-Key": ADMIN_KEY + "x"}):
        anonymous.get("/auth/me", headers=wrong)
        anonymous.get(f"/api/v2/pets?key={key}&token={tokens['access_token']}", headers=wrong)
    anonymous.get(f"/{key}", headers={"Accept": "text/html", "Referer": f"https://x/?{key}"})
    served.client.post("/api/v2/keys", json={"name": "k", "scopes": ["*"], "secret": key})
    served.with_key(key).get("/api/v2/keys")
    found = [key, typo, ADMIN_KEY, SECRET, *PASSWORDS]
    for entered in (tokens, later, renewed):
        found += [entered["access_token"], entered["refresh_token"]]
    return found


if __name__ == "__main__":
    configure(TelemetrySettings(log_level="debug"))
    with serve(environment(sys.argv[1], sys.argv[2])) as served:
        told = {"secrets": secrets_of(served), "metrics": served.client.get("/metrics").text}
    print(json.dumps(told))
