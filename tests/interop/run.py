#!/usr/bin/env python3
"""Has others' JOSE libraries judge our tokens, and our command theirs.

    run.py CORPUS OSTRAKON MODULES

CORPUS writes the tokens, MODULES is a folder for npm's. What cannot be installed fails.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
AT = "2026-11-28T06:01:00Z"
PYTHON = "/usr/bin/python3"  # Debian's, which has python3-jwcrypto

# What each is, whether it is a token, and whether it passes for one where only the first good
# signature is asked for. That one is `no_crit`: a liar leaves out what makes libraries refuse.
TOKENS = {
    "all": ("all five signatures", True, False),
    "enough": ("just enough signatures", True, False),
    "few": ("one signature too few", False, False),
    "twice": ("one signer twice", False, False),
    "altered": ("an altered claim", False, False),
    "type": ("another typ in every header", False, False),
    "one_type": ("another typ in the header that is needed", False, False),
    "crit": ("an unknown word in crit", False, False),
    "no_crit": ("a signature without crit", False, True),
    "beside": ("a signer named outside what is signed", False, False),
    "other_key": ("a signature by one in the name of another", False, False),
    "stranger": ("a signature by a stranger", False, False),
    "transport_key": ("a signature by the wrong key of a member", False, False),
}


class Lines:
    """TAP, and how many were not ok."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def say(self, good, title, detail=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}", flush=True)
        if not good:
            for line in str(detail).splitlines()[:20]:
                print(f"  {line}", flush=True)


def run(words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          timeout=120, check=False, **options)


def install(modules):
    """jose as the lock file has it, once; an error, or None."""
    modules.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = modules / "installed"
    if stamp.exists() and stamp.read_bytes() == lock:
        return None
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, modules / name)
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "npm and node are not installed: deploy/packages interop"
    try:
        done = run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts",
                    "--fetch-retries=1", "--fetch-timeout=20000"], cwd=modules)
    except subprocess.TimeoutExpired:
        return "npm ci: no answer from the registry within 120 s"
    if done.returncode != 0:
        return f"npm ci: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    stamp.write_bytes(lock)
    return None


def ask(lines, library, words, **options):
    """What a library says of the tokens; {} and a failed line if it cannot be asked."""
    done = run(words, **options)
    lines.say(done.returncode == 0, f"{library} can be asked", done.stdout + done.stderr)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def compare(lines, library, said):
    for name, (title, good, fools) in TOKENS.items():
        answer = said.get(name, {"careful": "not asked", "plain": None})
        lines.say((answer["careful"] is None) == good,
                  f"{library}, counting, {'accepts' if good else 'refuses'} {title}", answer)
        lines.say((answer["plain"] is None) == fools,
                  f"{library}, used plainly, {'accepts' if fools else 'refuses'} {title}", answer)
    for name, title in (("late", "what has expired"), ("stale", "all by a stale bundle")):
        answer = said.get(name, {"careful": None})
        lines.say(answer["careful"] is not None, f"{library}, counting, refuses {title}")


def compare_ours(lines, ostrakon, directory):
    for name, (title, good, _) in TOKENS.items():
        done = run([ostrakon, "token", "verify", directory / f"{name}.json", "--bundle",
                    directory / "trust.json", "--at", AT])
        lines.say(done.returncode == (0 if good else 2),
                  f"ostrakon {'accepts' if good else 'refuses'} {title}",
                  done.stdout + done.stderr)
    for library in ("jose", "jwcrypto"):
        done = run([ostrakon, "token", "verify", directory / f"theirs_{library}.json",
                    "--bundle", directory / "trust.json", "--at", AT])
        lines.say(done.returncode == 0, f"ostrakon accepts what {library} signed",
                  done.stdout + done.stderr)


def prove(lines, ostrakon, directory):
    """The presenter's key, for one service and a short time."""
    token = directory / "all.json"
    proof = run([ostrakon, "token", "prove", token, "--key", directory / "helios.pem",
                 "--audience", "db", "--at", AT]).stdout.strip()
    for title, audience, at, code in (("for its service", "db", AT, 0),
                                      ("not for another", "cache", AT, 2),
                                      ("not a minute later", "db", "2026-11-28T06:02:00Z", 2)):
        done = run([ostrakon, "token", "verify", token, "--bundle", directory / "trust.json",
                    "--at", at, "--proof", proof, "--audience", audience])
        lines.say(done.returncode == code, f"a proof of the key is good {title}", done.stdout)
    done = run([ostrakon, "token", "prove", token, "--key", directory / "atlas.pem"])
    lines.say(done.returncode == 78, "no proof is made with another member's key", done.stdout)


def vouch(lines, ostrakon, directory):
    """An operator's signature under a bundle, for who holds none yet and has pinned him."""
    payload = json.loads((directory / "trust.json").read_text())["payload"]
    operators = json.loads(base64.urlsafe_b64decode(payload + "==="))["operators"]
    operator = base64.urlsafe_b64decode(operators[0] + "===").hex()
    made = run([ostrakon, "token", "vouch", directory / "trust.json", "--key",
                directory / "operator.pem"])
    lines.say(made.returncode == 0, "an operator vouches for a bundle", made.stderr)
    (directory / "vouched.json").write_text(made.stdout)
    for title, bundle, pinned, code in (
            ("by its operator's signature", "vouched.json", operator, 0),
            ("not without it", "trust.json", operator, 3),
            ("not by another's", "vouched.json", "9a" * 32, 3)):
        kept = directory / "kept.json"
        kept.unlink(missing_ok=True)
        done = run([ostrakon, "token", "verify", directory / "all.json", "--bundle",
                    directory / bundle, "--operator", pinned, "--keep", kept, "--at", AT])
        lines.say((done.returncode, kept.exists()) == (code, code == 0),
                  f"the first bundle is believed {title}", done.stdout + done.stderr)
    done = run([ostrakon, "token", "vouch", directory / "trust.json", "--key",
                directory / "helios.pem"])
    lines.say(done.returncode == 78, "nobody else vouches for one", done.stdout)


def main():
    corpus, ostrakon, modules = sys.argv[1], os.path.abspath(sys.argv[2]), Path(sys.argv[3])
    lines = Lines()
    with tempfile.TemporaryDirectory(prefix="ostrakon-interop-") as name:
        directory = Path(name)
        subprocess.run([corpus, directory], check=True)
        error = install(modules)
        lines.say(error is None, "npm jose can be installed", error or "")
        said = {}
        if error is None:
            for script in ("verify.mjs", "judge.mjs"):
                shutil.copy(HERE / script, modules / script)
            said = ask(lines, "jose", ["node", modules / "judge.mjs", directory, *TOKENS])
        compare(lines, "jose", said)
        said = ask(lines, "jwcrypto", [PYTHON, "-B", HERE / "judge.py", directory, *TOKENS])
        compare(lines, "jwcrypto", said)
        compare_ours(lines, ostrakon, directory)
        prove(lines, ostrakon, directory)
        vouch(lines, ostrakon, directory)
    print(f"1..{lines.count}")
    return 1 if lines.failed else 0


if __name__ == "__main__":
    sys.exit(main())
