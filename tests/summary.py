"""Adds up the test cases of the C++ and Python logs given as arguments and prints one closing line."""

import pathlib
import re
import sys


def counts(log: str) -> tuple[int, int, int]:
    """(passed, failed, skipped) of doctest's and pytest's own closing lines."""
    passed = failed = skipped = 0
    for found in re.finditer(r"test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped", log):
        passed, failed, skipped = (a + int(b) for a, b in zip((passed, failed, skipped), found.groups(), strict=True))
    for word in ("passed", "failed", "skipped", "error"):
        for found in re.finditer(rf"(?:^|[ =,])(\d+) {word}s?\b(?=.* in [\d.]+s)", log, re.MULTILINE):
            number = int(found.group(1))
            passed += number if word == "passed" else 0
            failed += number if word in ("failed", "error") else 0
            skipped += number if word == "skipped" else 0
    return passed, failed, skipped


def main() -> int:
    totals = [0, 0, 0]
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        one = counts(path.read_text(errors="replace")) if path.exists() else (0, 1, 0)
        totals = [a + b for a, b in zip(totals, one, strict=True)]
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if passed > 0 and failed == 0 else 1


sys.exit(main())
