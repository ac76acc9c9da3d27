"""A real Home Assistant with the MQTT integration, headless, for tests of the link.

usage: home_assistant.py FOLDER MQTT_PORT

Keeps everything in FOLDER. Run it with the Python of an environment that has the packages of home_assistant.txt.

Commands, one per line:  states | call DOMAIN SERVICE ENTITY | restart | quit
Prints:  ready | states JSON (by entity, with "state" and "attributes") | called | failed REASON
"""
import base64
import hashlib
import hmac
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

PATIENCE = 90
USER, SESSION, KEY = "a" * 32, "b" * 32, "c" * 128


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class HomeAssistant:
    """The program, its folder and its REST interface."""

    def __init__(self, folder, mqtt_port):
        self.folder, self.port, self.process = folder, free_port(), None
        self.configure(mqtt_port)
        self.token = self.make_token()

    def configure(self, mqtt_port):
        (self.folder / ".storage").mkdir(parents=True)
        # The frontend is one of the integrations without which Home Assistant does not start; an empty folder is enough.
        (self.folder / "frontend/hass_frontend").mkdir(parents=True)
        (self.folder / "configuration.yaml").write_text(f"""homeassistant:
  name: Test
  time_zone: UTC
  latitude: 0
  longitude: 0
  elevation: 0
  unit_system: metric
  currency: EUR
  country: DE
http:
  server_host: 127.0.0.1
  server_port: {self.port}
api:
frontend:
  development_repo: {self.folder}/frontend
logger:
  default: warning
""")
        self.store("onboarding", 4, {"done": ["user", "core_config", "analytics", "integration"]})
        self.store("auth", 1, {
            "users": [{"id": USER, "group_ids": ["system-admin"], "is_owner": True, "is_active": True, "name": "tester",
                       "system_generated": False, "local_only": False}],
            "groups": [{"id": name, "name": name} for name in ("system-admin", "system-users", "system-read-only")],
            "credentials": [],
            "refresh_tokens": [{
                "id": SESSION, "user_id": USER, "client_id": None, "client_name": "test", "client_icon": None,
                "token_type": "long_lived_access_token", "created_at": "2024-01-01T00:00:00+00:00",
                "access_token_expiration": 315360000.0, "token": "d" * 128, "jwt_key": KEY, "last_used_at": None,
                "last_used_ip": None, "expire_at": None, "credential_id": None, "version": "2024.3.3"}]})
        self.store("core.config_entries", 1, {"entries": [{
            "entry_id": "e" * 32, "version": 1, "minor_version": 1, "domain": "mqtt", "title": "mosquitto",
            "data": {"broker": "127.0.0.1", "port": mqtt_port, "discovery": True,
                     "discovery_prefix": "homeassistant"},
            "options": {}, "pref_disable_new_entities": False, "pref_disable_polling": False, "source": "user",
            "unique_id": None, "disabled_by": None}]})

    def store(self, key, version, data):
        text = json.dumps({"version": version, "minor_version": 1, "key": key, "data": data})
        (self.folder / ".storage" / key).write_text(text)

    @staticmethod
    def make_token():
        def encoded(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=")

        now = int(time.time())
        claims = json.dumps({"iss": SESSION, "iat": now - 60, "exp": now + 315360000}).encode()
        body = encoded(b'{"alg":"HS256","typ":"JWT"}') + b"." + encoded(claims)
        return (body + b"." + encoded(hmac.new(KEY.encode(), body, hashlib.sha256).digest())).decode()

    def start(self):
        program = [sys.executable, "-m", "homeassistant", "-c", str(self.folder), "--skip-pip", "--log-no-color"]
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if self.ask("/api/config")["state"] == "RUNNING":
                    return
            except (OSError, KeyError):
                pass
            time.sleep(0.1)
        raise SystemExit("Home Assistant does not start: " + (self.folder / "output").read_text()[-4000:])

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ask(self, path, data=None):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def does(self, command, *rest):
        """Carries out a command and returns what to print."""
        if command == "states":
            states = {state["entity_id"]: {key: state[key] for key in ("state", "attributes")}
                      for state in self.ask("/api/states")}
            return "states " + json.dumps(states)
        if command == "call":
            domain, service, entity = rest
            self.ask(f"/api/services/{domain}/{service}", {"entity_id": entity})
            return "called"
        if command == "restart":
            self.stop()
            self.start()
            return "ready"
        return "failed unknown command"


def main():
    home_assistant = HomeAssistant(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
    try:
        home_assistant.start()
        print("ready", flush=True)
        for line in sys.stdin:
            words = line.split()
            if words == ["quit"]:
                break
            try:
                print(home_assistant.does(*words), flush=True)
            except (urllib.error.URLError, OSError, ValueError, TypeError) as error:
                print(f"failed {error}", flush=True)
    finally:
        home_assistant.stop()


main()
