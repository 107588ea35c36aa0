"""Fetches libpg_query 18 by hash into the directory given as the only argument; nothing else of the archive is kept."""

import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

REQUIREMENT = "pglast==8.8 --hash=sha256:ff9998ec6bac4f30f84db6b6edb28a0fb03b1eda5c8ad211ab8362f5a08b833b\n"


def main(target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = pathlib.Path(scratch)
        (folder / "requirements.txt").write_text(REQUIREMENT)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
        pip += ["--no-binary", "pglast", "-r", str(folder / "requirements.txt"), "-d", scratch]
        subprocess.run(pip, check=True)
        with tarfile.open(next(folder.glob("pglast-*.tar.gz"))) as archive:
            # Plain files and folders that stay inside: Debian 12's Python has no extraction filter yet.
            wanted = [m for m in archive.getmembers() if "/libpg_query/" in m.name and (m.isfile() or m.isdir())]
            if any(m.name.startswith("/") or ".." in pathlib.PurePosixPath(m.name).parts for m in wanted):
                raise SystemExit("the archive holds a path that leads out of it")
            archive.extractall(folder, wanted)
        source = next(folder.glob("pglast-*/libpg_query"))
        if not target.exists():
            shutil.move(str(source), str(target))


main(pathlib.Path(sys.argv[1]))
