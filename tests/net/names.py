"""Each library is met in one place of the network shell: no libevent outside loop* and http*,
no curl outside peers*. Reads `nm -u` of the archives given, member by member."""
import re
import subprocess
import sys

RULES = [
    (re.compile(r"^(ev(http|buffer|connlistener|util)_|bufferevent_|event_)"),
     re.compile(r"^(loop|http)"), "libevent"),
    (re.compile(r"^curl_"), re.compile(r"^peers"), "curl"),
]


def main():
    found = 0
    wrong = 0
    for archive in sys.argv[1:]:
        text = subprocess.run(["nm", "-A", "-u", archive], check=True, capture_output=True,
                              text=True).stdout
        for line in text.splitlines():
            where, _, symbol = line.rpartition(" ")
            unit = re.split(r"[:/]", where.split(" ")[0].rstrip(":"))[-1]
            for names, allowed, library in RULES:
                if names.match(symbol):
                    found += 1
                    if not allowed.match(unit):
                        wrong += 1
                        print(f"{unit} uses {library}: {symbol}")
    if found == 0:
        print("no name of either library was found: this test reads the wrong thing")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
