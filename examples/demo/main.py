"""A CrewAI crew is attacked, first unguarded, then guarded. Offline; everything is made for it and thrown away.

    python examples/demo/main.py [--interactive | --try] [--postgres]

Exits 1 when any claim that it makes was not observed.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
import warnings
from pathlib import Path

# Before CrewAI is imported: no telemetry, no tracing, no network, and no question about them on the screen.
for name, value in (
    ("CREWAI_DISABLE_TELEMETRY", "true"),
    ("CREWAI_DISABLE_TRACKING", "true"),
    ("CREWAI_TRACING_ENABLED", "false"),
    ("CREWAI_TESTING", "true"),
    ("OTEL_SDK_DISABLED", "true"),
):
    os.environ[name] = value
warnings.simplefilter("ignore")
sys.path.insert(0, str(Path(__file__).parent))

from stage import Stage  # noqa: E402

INTRO = (
    "A support crew works on a shop's database. The same crew, with the same scripted model, runs twice: with a plain "
    "SQL tool, and with libguard between the tool and the database. Every line with a check mark was just observed."
)


def main() -> int:
    arguments = _arguments()
    stage = Stage()
    # Ended from outside, it still throws everything away, a PostgreSQL included.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    try:
        code = _run(arguments, stage)
    except KeyboardInterrupt:
        stage.say("interrupted", "red")
        return 130
    except Exception as error:
        stage.say(f"The demo broke: {type(error).__name__}: {error}", "bold red")
        if os.environ.get("LIBGUARD_DEMO_TRACE"):
            raise
        return 1
    stage.console.print(f"{time.monotonic() - began:.0f} seconds.", style="dim")
    return code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run demo", description="Watch a CrewAI crew being guarded.")
    parser.add_argument("--interactive", action="store_true", help="you are the approver")
    parser.add_argument("--try", dest="try_out", action="store_true", help="type SQL as the agent")
    parser.add_argument("--postgres", action="store_true", help="on a throw-away PostgreSQL instead of SQLite")
    return parser.parse_args()


def _run(arguments: argparse.Namespace, stage: Stage) -> int:
    from world import World

    if arguments.postgres:
        from postgres_world import PostgresWorld

        made: World = PostgresWorld()
    else:
        made = World()
    with made as world:
        if arguments.try_out:
            from try_out import try_out

            return try_out(world, stage)
        stage.opening(f"libguard on {world.title}", INTRO)
        return _play(world, stage, arguments.interactive)


def _play(world: object, stage: Stage, interactive: bool) -> int:
    with stage.console.status("loading CrewAI (about ten seconds the first time)"):
        import story
    logging.disable(logging.CRITICAL)  # CrewAI logs tool failures as errors; here they are the point

    from libguard import Guard

    with Guard.open(world.config) as guard:  # type: ignore[attr-defined]
        play = story.Play(world, stage, guard, interactive)  # type: ignore[arg-type]
        for act in (*story.ACTS[:4], *_more(world), *story.ACTS[4:]):
            act(play)
    return stage.closing()


def _more(world: object) -> tuple:  # type: ignore[type-arg]
    if type(world).__name__ != "PostgresWorld":
        return ()
    from hunt import hunt_for_the_password

    return (hunt_for_the_password,)


if __name__ == "__main__":
    sys.exit(main())
