"""A PostgreSQL cluster that lives as long as this process's stdin is open. A process of its own, so that the passwords
that it makes up are never in the demo's process: what the hunt does not find there was not put there.

    python throwaway.py FOLDER      writes FOLDER/*.password (0600); prints one line of JSON when it is ready
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROLES = ("guard_reader", "guard_writer", "shop_owner")
GRANTS = """
GRANT USAGE ON SCHEMA public TO guard_reader, guard_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO guard_reader, guard_writer;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guard_writer;
"""


class Cluster:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lg", dir="/tmp"))  # short: the path of a socket has 107 bytes
        self.port = 20_000 + secrets.randbelow(40_000)
        self.as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_postgres:
            shutil.chown(self.folder, "postgres")
        self.folder.chmod(0o755)
        self.bin = _binaries()

    def run(self, *command: str, text: str | None = None) -> None:
        done = subprocess.run(
            [*self.as_postgres, *command], input=text, capture_output=True, text=True, cwd="/", timeout=60, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr[-500:]}")

    def sql(self, text: str, database: str = "postgres") -> None:
        place = ("-h", str(self.folder), "-p", str(self.port), "-U", "postgres", "-d", database)
        self.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *place, text=text)

    def start(self, folder: Path) -> None:
        data = str(self.folder / "data")
        self.run(str(self.bin / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c port={self.port} -c fsync=off"
        self.run(str(self.bin / "pg_ctl"), "-D", data, "-w", "-o", options, "-l", str(self.folder / "log"), "start")
        for role in ROLES:
            password = secrets.token_hex(16)
            self.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
            descriptor = os.open(folder / f"{role}.password", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(password)
        rules = "local all postgres trust\nlocal all all scram-sha-256\n"
        self.run("tee", f"{data}/pg_hba.conf", text=rules)
        self.run(str(self.bin / "pg_ctl"), "-D", data, "reload")
        shop = (Path(__file__).parent / "files" / "shop.sql").read_text()
        for database in ("shop", "plain"):
            self.sql(f"CREATE DATABASE {database} OWNER shop_owner")
            self.sql(f"GRANT CREATE ON SCHEMA public TO shop_owner; SET ROLE shop_owner;\n{shop}{GRANTS}", database)

    def stop(self) -> None:
        command = [
            *self.as_postgres,
            str(self.bin / "pg_ctl"),
            "-D",
            str(self.folder / "data"),
            "-m",
            "immediate",
            "stop",
        ]
        subprocess.run(command, capture_output=True, check=False, cwd="/", timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed; `./run demo --postgres` installs it")
    return found[-1].parent


def main() -> None:
    cluster = Cluster()
    try:
        cluster.start(Path(sys.argv[1]))
        print(json.dumps({"host": str(cluster.folder), "port": cluster.port}), flush=True)
        sys.stdin.read()  # ends when the demo ends, however it ends
    except KeyboardInterrupt:
        pass
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
