#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the sources against the table of src/README.md: who includes whom, which outside headers, sizes, forbidden words."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_LINES = 500
# Outside headers are named in the table; the C and C++ libraries and the kernel's need no permission.
OUTSIDE = re.compile(r"^(nlohmann|sdbus-c\+\+|systemd|tl|gtest|gmock)/|^(seccomp|dlfcn|sys/capability|sys/acl)\.h$")
FORBIDDEN_HEADERS = {"iostream", "regex", "filesystem", "thread", "future", "locale", "sstream", "fstream"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def table(text):
    """{room: (allowed rooms and headers, allowed outside headers)}, in the order of the table."""
    rooms = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 4 or cells[0] in ("room", "---"):
            continue
        rooms[cells[0]] = tuple({word.strip() for word in cells[column].split(",") if word.strip()} for column in (2, 3))
    return rooms


def inner_problem(room, header, allowed, private):
    target = header.split("/")[0]
    if target == room:
        return None
    if header in private:
        return f'"{header}" is private to its room: it brings an outside library'
    if target in allowed or header in allowed:
        return None
    return f'may not include "{header}"'


def outside_problem(path, header, allowed):
    if header in FORBIDDEN_HEADERS:
        return f"<{header}> is forbidden"
    if not OUTSIDE.match(header):
        return None
    library = header if header.endswith(".h") and "/" not in header or header.startswith("sys/") else header.split("/")[0]
    if library not in allowed:
        return f"may not include <{header}>"
    # They take longer to compile than all the rest together.
    if path.suffix == ".hpp" and library in ("nlohmann", "sdbus-c++"):
        return f"<{header}> belongs into a .cpp file"
    return None


def private_headers():
    """Headers that bring an outside library along: for their own room only."""
    for path in (ROOT / "src").rglob("*.hpp"):
        if any(OUTSIDE.match(header) and not header.startswith("tl/") for _, header in INCLUDE.findall(path.read_text())):
            yield str(path.relative_to(ROOT / "src"))


def source_problems(path, room, rules, private):
    text = path.read_text()
    allowed, outside = rules
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        yield "does not start with its license"
    lines = text.count("\n")
    if lines > MOST_LINES:
        yield f"has {lines} lines, more than {MOST_LINES}: split it"
    for kind, header in INCLUDE.findall(text):
        problem = inner_problem(room, header, allowed, private) if kind == '"' else outside_problem(path, header, outside)
        if problem:
            yield problem


def cmake_problems(room, rules):
    path = ROOT / "src" / room / "CMakeLists.txt"
    if not path.exists():
        return
    match = re.search(r"\bROOMS\s+([a-z\s]+)", path.read_text())
    linked = set(match.group(1).split()) if match else set()
    allowed = {word.split("/")[0] for word in rules[0]}
    for name in sorted(linked - allowed):
        yield f"{path.relative_to(ROOT)}: may not link {name}"


def main():
    rooms = table((ROOT / "src/README.md").read_text())
    problems = []
    known = list(rooms)
    for number, room in enumerate(known):
        for word in sorted(rooms[room][0]):
            if word.split("/")[0] not in known[:number]:
                problems.append(f"src/README.md: {room} includes {word}, which is not a room above it")
        problems += cmake_problems(room, rooms[room])
    private = set(private_headers())
    count = 0
    for path in sorted((ROOT / "src").rglob("*.[ch]pp")):
        count += 1
        name = path.relative_to(ROOT)
        room = name.parts[1] if len(name.parts) > 2 else ""
        if room and room not in rooms:
            problems.append(f"{name}: the room {room} is not in src/README.md")
            continue
        rules = rooms[room] if room else ({"cli/main.hpp", "daemon/main.hpp"}, set())
        problems += [f"{name}: {problem}" for problem in source_problems(path, room, rules, private)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"includes: {count} files, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
