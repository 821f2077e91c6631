#!/usr/bin/env python3
"""An outsider's look at the API: openapi-spec-validator over the served document, then schemathesis, which makes its calls from
that document, against the real server on a simulated PSA. Both are installed into a folder of their own below target/.

    python3 tests/openapi/check.py [--cases 100] [--seed 7] [--program target/debug/mothball]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import venv
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / "target" / "openapi"
WANTED = ["schemathesis==4.32.5", "openapi-spec-validator==0.9.0"]


def install():
    if not (TOOLS / "bin" / "schemathesis").exists():
        venv.create(TOOLS, with_pip=True)
        pip = [TOOLS / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *WANTED], check=True)


class Program:
    """The program with settings, a store and a log of its own."""

    def __init__(self, path, folder, ends):
        self.path, self.folder, self.ends = path, folder, ends
        self.log = ends.enter_context(open(folder / "log", "wb"))

    def command(self, *arguments):
        return [self.path, "--config", self.folder / "config.toml", "--data-dir", self.folder / "data", *arguments]

    def start(self, *arguments):
        """Starts it, and returns the line by which it says that it is ready."""
        process = subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.ends.callback(process.wait)
        self.ends.callback(process.terminate)
        return json.loads(process.stdout.readline())

    def says(self, *arguments):
        return subprocess.run(self.command(*arguments), check=True, stdout=subprocess.PIPE, stderr=self.log, text=True).stdout.strip()


def settings(psa):
    keys = {"psa": psa["psa"], "base_url": psa["base_url"], **psa["credentials"]}
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in keys.items()]
    return (
        'default_profile = "main"\n[profiles.main]\n'
        + "".join(lines)
        + '[profiles.main.offboarded]\ninactive = true\nstatuses = ["Former Client", "Inactive"]\n'
        + '[profiles.main.webhook]\nsecret = "0123456789abcdef0123456789abcdef"\n'
    )


class Api:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, path, inputs=None):
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        data = None if inputs is None else json.dumps(inputs).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers)) as answer:
            return json.loads(answer.read())

    def prepare(self):
        """Runs in several states, so that what can be done with them is done; the ids of them, and of offboarded clients."""
        looked = self.call("/v1/runs?wait=60", {"all": True, "dry_run": True})
        clients = sorted({client["client_id"] for client in looked["clients"]})
        runs = [looked["run_id"]]
        for place, client in enumerate(clients):
            asked = {"client_id": client, "require_approval": place % 3 != 0}
            runs.append(self.call("/v1/runs?wait=60", asked)["run_id"])
        return clients, runs


def configuration(runs, token):
    """Half of the calls are about what there is."""
    return f"""
hooks = "hooks"

[auth.openapi.token]
bearer = "{token}"

[dictionaries.runs]
values = {json.dumps(runs)}

[dictionaries.profiles]
values = ["main"]

[parameters]
"path.id" = {{ dictionary = "runs", probability = 0.5 }}
"path.profile" = {{ dictionary = "profiles", probability = 0.5 }}
"body.profile" = {{ dictionary = "profiles", probability = 0.5 }}
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", default="100", help="most cases for each operation")
    arguments.add_argument("--seed", default="7")
    arguments.add_argument("--program", type=Path, help="a mothball that is built already")
    asked = arguments.parse_args()
    install()
    if asked.program is None:
        subprocess.run(["cargo", "build", "--locked", "--quiet", "--bin", "mothball"], cwd=ROOT, check=True)
    path = (asked.program or ROOT / "target" / "debug" / "mothball").resolve()
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        program = Program(path, folder, ends)
        psa = program.start("simulate", "--seed", "7", "--clients", "60", "--configurations", "300")
        (folder / "config.toml").touch(mode=0o600)
        (folder / "config.toml").write_text(settings(psa))
        token = program.says("tokens", "make", "outsider", "--scope", "read,trigger,approve")
        url = program.start("serve", "--listen", "127.0.0.1:0")["listening"]
        with urllib.request.urlopen(f"{url}/v1/openapi.json") as answer:
            (folder / "openapi.json").write_bytes(answer.read())
        if subprocess.run([TOOLS / "bin" / "openapi-spec-validator", folder / "openapi.json"]).returncode:
            sys.exit(1)
        clients, runs = Api(url, token).prepare()
        (folder / "schemathesis.toml").write_text(configuration(runs, token))
        run = [TOOLS / "bin" / "schemathesis", "--config-file", folder / "schemathesis.toml", "run"]
        more = ["--max-examples", asked.cases, "--seed", asked.seed, "--continue-on-failure", "--request-timeout", "60"]
        environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
        environment["MOTHBALL_CLIENTS"] = json.dumps(clients)
        ended = subprocess.run([*run, f"{url}/v1/openapi.json", *more], cwd=folder, env=environment)
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
