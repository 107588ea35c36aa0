"""`python -m libguard.cli`, for a process that has the package but not its script on PATH."""

import sys

from libguard.cli import main

sys.exit(main())
