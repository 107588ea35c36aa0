"""The levels of docs/ARCHITECTURE.md hold in every #include line; the promises of docs/SECURITY.md name real tests."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "libguard" / "src"
PUBLIC = ROOT / "libguard" / "include" / "libguard"
THIRD_PARTY = {
    "openssl": ("openssl/",),
    "nlohmann": ("nlohmann/",),
    "sqlite3": ("sqlite3.h",),
    "pg_query": (
        "pg_query",
        "postgres.h",
        "nodes/",
        "parser/",
        "mb/",
        "catalog/",
        "utils/",
        "commands/",
        "common/",
        "access/",
        "lib/",
    ),
    "libpq": ("libpq-fe.h", "libpq/"),
    "pqxx": ("pqxx/",),
    "curl": ("curl/",),
    "yaml-cpp": ("yaml-cpp/",),
    "pybind11": ("pybind11/",),
    "fmt": ("fmt/",),
}


def levels() -> dict[str, tuple[int, set[str], set[str]]]:
    rows = {}
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    for level, module, may, third in re.findall(
        r"^\| (\d) \| (\w+) \| ([\w ]*?) ?\| ([\w\- ]*?) ?\|$", text, re.MULTILINE
    ):
        rows[module] = (int(level), set(may.split()), set(third.split()))
    return rows


def includes(path: pathlib.Path) -> list[tuple[int, str, str]]:
    found = re.finditer(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', path.read_text(errors="replace"), re.MULTILINE)
    return [(path.read_text()[: m.start()].count("\n") + 2, m.group(1), m.group(2)) for m in found]


def sources(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in {".h", ".cpp", ".c", ".inc"})


def third_party_of(include: str) -> str | None:
    for name, prefixes in THIRD_PARTY.items():
        if include.startswith(prefixes):
            return name
    return None


def module_violations(module: str, row: tuple[int, set[str], set[str]], modules: set[str]) -> list[str]:
    _, may, third = row
    wrong = []
    for path in sources(SOURCES / module):
        for line, bracket, include in includes(path):
            where = f"{path.relative_to(ROOT)}:{line}: {include}"
            other = include.split("/")[0]
            if bracket == '"' and other in modules and other != module and other not in may:
                wrong.append(f"{where} (module {module} may not include {other})")
            library = third_party_of(include) if not (other in modules or other == "libguard") else None
            if library and library not in third:
                wrong.append(f"{where} (third-party {library} does not belong in {module})")
    return wrong


def test_the_table_names_every_module() -> None:
    assert {p.name for p in SOURCES.iterdir() if p.is_dir()} | {"bindings"} == set(levels())


def test_a_module_only_names_lower_levels() -> None:
    rows = levels()
    for module, (level, may, _) in rows.items():
        for other in may - {"libguard"}:
            assert rows[other][0] < level, f"{module} (level {level}) names {other} (level {rows[other][0]})"


@pytest.mark.parametrize("module", sorted(set(levels()) - {"bindings"}))
def test_includes_go_down_only(module: str) -> None:
    rows = levels()
    assert module_violations(module, rows[module], set(rows)) == []


def test_the_check_catches_a_planted_upward_include(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "src" / "base"
    planted.mkdir(parents=True)
    (planted / "bad.cpp").write_text('#include "guard/passage.h"\n#include <pqxx/pqxx>\n')
    monkeypatch.setattr("test_architecture.SOURCES", tmp_path / "src")
    monkeypatch.setattr("test_architecture.ROOT", tmp_path)
    assert len(module_violations("base", (0, set(), set()), {"base", "guard"})) == 2


def test_public_headers_include_only_std_and_each_other() -> None:
    for path in sources(PUBLIC):
        for _, bracket, include in includes(path):
            own = bracket == '"' and include.startswith("libguard/")
            standard = bracket == "<" and re.fullmatch(r"[a-z_]+", include)
            assert own or standard, f"{path.name}: {include}"


def test_bindings_use_public_headers_only() -> None:
    for path in sources(ROOT / "bindings"):
        for _, bracket, include in includes(path):
            if bracket == '"':
                assert (
                    include.startswith("libguard/")
                    or (ROOT / "bindings" / include).exists()
                    or include == "bench_open.h"
                )
            else:
                assert include.startswith("pybind11/") or "." not in include, f"{path.name}: {include}"


def test_secrets_are_read_inside_backend_only() -> None:
    for path in sources(SOURCES):
        if path.relative_to(SOURCES).parts[0] == "backend":
            continue
        assert all(include != "backend/secret_door.h" for _, _, include in includes(path)), path


def test_the_core_package_never_imports_crewai() -> None:
    for path in (ROOT / "python" / "libguard").rglob("*.py"):
        if "crewai" in path.relative_to(ROOT / "python" / "libguard").parts:
            continue
        assert not re.search(r"^\s*(import|from) crewai", path.read_text(), re.MULTILINE), path


def test_every_promise_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "SECURITY.md").read_text()
    rows = re.findall(r"^\| (\d) \| .+? \| (.+?) \|$", text, re.MULTILINE)
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    for promise, cell in rows:
        named = re.findall(r"`([^`]+)`", cell)
        assert named, f"promise {promise} names no test"
        for name in named:
            path, _, case = name.partition("::")
            file = ROOT / "tests" / path
            assert file.exists(), f"promise {promise}: {path} does not exist"
            assert case in file.read_text(), f"promise {promise}: no test {case!r} in {path}"
