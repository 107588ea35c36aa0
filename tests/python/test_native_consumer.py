"""A project of its own finds the installed library, links it, and its actions are guarded like everyone's."""

import pathlib
import shutil
import sqlite3
import subprocess

import pytest

import libguard._native as native

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDS = [ROOT / "build" / name for name in ("release", "dev", "asan")]


def run(*command: object, expect: int = 0) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == expect, f"{command[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def built() -> pathlib.Path | None:
    return next((build for build in BUILDS if list(build.glob("libguard/libguard.so*"))), None)


def working_set(folder: pathlib.Path) -> pathlib.Path:
    database = sqlite3.connect(folder / "shop.db")
    database.executescript("CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT, email TEXT);"
                           "INSERT INTO customers VALUES (1, 'Ada', 'ada@example.com');")  # fmt: skip
    database.close()
    native.write_issuer_key(str(folder / "issuer.ed25519"), str(folder / "issuer.pub"))
    (folder / "policy.cedar").write_text(
        '@id("connects") permit (principal, action == Action::"connect", resource);\n'
        '@id("reads") permit (principal, action in Action::"read", resource);\n'
    )
    config = folder / "guard.yaml"
    config.write_text(
        "version: 1\n"
        "identity:\n"
        "  providers: { local: { kind: local, key: issuer.ed25519 } }\n"
        "  accounts: { crew: { match: { provider: local, subject: crew }, local: true } }\n"
        "connections: { shop: { driver: sqlite, path: shop.db } }\n"
        "data: { pii.email: { columns: [shop/main.customers.email] } }\n"
        'policies: ["libguard:baseline", "policy.cedar"]\n'
    )
    return config


def test_a_consumer_project_builds_and_is_guarded(tmp_path: pathlib.Path) -> None:
    build = built()
    if build is None or shutil.which("cmake") is None:
        pytest.skip("no preset is built here: ./run test builds one")
    prefix = tmp_path / "prefix"
    run("cmake", "--install", build, "--prefix", prefix)
    sanitizers = "-fsanitize=address,undefined" if build.name == "asan" else ""
    # Ninja is among the packages that ./run installs; make is not.
    run("cmake", "-G", "Ninja", "-S", ROOT / "examples" / "native_service", "-B", tmp_path / "build",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_FLAGS={sanitizers}")  # fmt: skip
    run("cmake", "--build", tmp_path / "build")
    config = working_set(tmp_path)
    service = tmp_path / "build" / "native_service"
    answer = run(service, config, "shop", "crew", "SELECT name, email FROM customers WHERE id = 1")
    assert "Ada" in answer
    assert "ada@example.com" not in answer
    assert "refused" in run(service, config, "shop", "crew", "DROP TABLE customers", expect=1)


def test_the_shared_library_shows_nothing_of_the_sql_grammar() -> None:
    build = built()
    if build is None or shutil.which("nm") is None:
        pytest.skip("no preset is built here: ./run test builds one")
    library = next(build.glob("libguard/libguard.so*"))
    names = run("nm", "-D", "--defined-only", library).splitlines()
    leaked = [line for line in names if line.split()[-1] in {"palloc", "raw_parser", "base_yyparse", "pg_query_parse"}]
    assert leaked == []


def test_the_extension_is_in_the_installed_package() -> None:
    assert pathlib.Path(native.__file__).suffix == ".so"
