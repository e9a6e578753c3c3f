"""embed.py FILE NAME: prints a C file in which NAME is the text of FILE, as a string."""

import sys

with open(sys.argv[1], "rb") as text:
    data = text.read()
print(f"extern const char {sys.argv[2]}[];\nconst char {sys.argv[2]}[] = {{")
for start in range(0, len(data), 16):
    print("    " + " ".join(f"{byte}," for byte in data[start:start + 16]))
print("    0};")
