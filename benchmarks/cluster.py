"""A throw-away PostgreSQL cluster on a unix socket: never port 5432, never the distribution's own."""

from __future__ import annotations

import os
import pathlib
import random
import shutil
import subprocess
import tempfile
from types import TracebackType


def _binaries() -> pathlib.Path:
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    if not found:
        raise SystemExit("PostgreSQL is not installed: ./run installs it")
    return found[-1].parent


class Cluster:
    """`with Cluster() as cluster:` with roles guard_reader and guard_writer (scram, passwords in `passwords`)."""

    def __init__(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lg", dir="/tmp"))  # short: a socket path has 107 bytes
        self.port = random.randint(20000, 60000)
        self.passwords = {"guard_reader": os.urandom(12).hex(), "guard_writer": os.urandom(12).hex()}
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self.folder, "postgres")
        self.folder.chmod(0o755)

    def _run(self, *command: str, text: str | None = None) -> str:
        done = subprocess.run(
            [*self._as, *command], input=text, capture_output=True, text=True, check=False, cwd="/", timeout=120
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
        return done.stdout

    def __enter__(self) -> Cluster:
        bin_folder, data = _binaries(), str(self.folder / "data")
        self._run(str(bin_folder / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c port={self.port} -c fsync=off"
        log = str(self.folder / "log")
        self._run(str(bin_folder / "pg_ctl"), "-D", data, "-w", "-o", options, "-l", log, "start")
        for role, password in self.passwords.items():
            self.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        rules = "local all postgres trust\nlocal all all scram-sha-256\n"
        self._run("tee", f"{data}/pg_hba.conf", text=rules)
        self._run(str(bin_folder / "pg_ctl"), "-D", data, "reload")
        self.sql("CREATE DATABASE shop")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(
            [*self._as, str(_binaries() / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "stop"],
            capture_output=True, check=False, cwd="/",
        )  # fmt: skip
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text: str, database: str = "postgres") -> str:
        """As the superuser, beside the guard."""
        psql = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-p", str(self.port)]
        return self._run(*psql, "-U", "postgres", "-d", database, text=text).strip()

    def url(self, role: str, database: str = "shop") -> str:
        return f"postgresql+psycopg://{role}:{self.passwords[role]}@/{database}?host={self.folder}&port={self.port}"
