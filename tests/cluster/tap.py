"""Runs the cases of one file over one cluster, and prints them as TAP.

A case is a function of the scene; its docstring is its name. After each case the scene is
checked as a whole. A case that fails costs the cluster: the tails of the members' logs are
printed, everything is ended, and the next case gets a cluster that is new.
"""

import signal
import sys
import traceback


class Skipped(Exception):
    """This machine cannot do what the case needs."""


def on_signal(number, frame):
    raise SystemExit(128 + number)


class Play:
    def __init__(self, make_scene):
        self.make_scene = make_scene
        self.scene = None
        self.failed = 0

    def run(self, case):
        """(verdict, directive, what to print below)"""
        try:
            if self.scene is None:
                self.scene = self.make_scene()
            case(self.scene)
            self.scene.check()
        except Skipped as reason:
            return "ok", f" # SKIP {reason}", ""
        except Exception as wrong:
            self.failed += 1
            below = f"{type(wrong).__name__}: {wrong}\n" + traceback.format_exc()
            if self.scene is not None:
                below += self.scene.tails()
            self.end_scene()
            return "not ok", "", below
        return "ok", "", ""

    def end_scene(self):
        scene, self.scene = self.scene, None
        if scene is not None:
            scene.close()


def play(make_scene, cases, anew=False):
    """Runs all cases and ends the process: 0 only if every one is ok. `anew`: over a cluster
    each."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    chosen = [case for case in cases if not sys.argv[2:] or case.__name__ in sys.argv[2:]]
    run = Play(make_scene)
    print(f"1..{len(chosen)}", flush=True)
    try:
        for number, case in enumerate(chosen, 1):
            verdict, directive, below = run.run(case)
            if anew:
                run.end_scene()
            name = " ".join(case.__doc__.split())
            print(f"{verdict} {number} - {name}{directive}")
            for line in below.splitlines():
                print(f"  {line}")
            sys.stdout.flush()
    finally:
        run.end_scene()
    sys.exit(1 if run.failed else 0)
