"""The commands of docs/*.md: blocks fenced as ```sh WHERE, in the order of the page.

  local     as it is, in the project's folder; needs the built program
  cluster   with real helm and kubectl, against tests/deploy/fake_api.py
  node      as root on a Debian machine: in an overlay of this one (tests/live/test_docs.py)
  build     long builds: make must know the targets
  registry  needs a registry: the program must know the command and its options"""

import glob
import os
import re

import rendering

PLACES = {"local", "cluster", "node", "build", "registry"}


def pages():
    return sorted(glob.glob(os.path.join(rendering.ROOT, "docs", "*.md")))


def blocks(page):
    """(line number, place, script) of each block of commands."""
    with open(page) as file:
        lines = file.read().split("\n")
    found, start = [], None
    for number, line in enumerate(lines, 1):
        fence = re.match(r"( *)```(.*)$", line)
        if not fence:
            continue
        if start is None:
            start = (number, len(fence.group(1)), fence.group(2).split())
        else:
            script = "\n".join(text[start[1]:] for text in lines[start[0]:number - 1])
            found.append((start[0], start[2], script))
            start = None
    for number, words, _ in found:
        if len(words) != 2 or words[0] != "sh" or words[1] not in PLACES:
            raise ValueError(f"{os.path.basename(page)}:{number}: a block must be ```sh and one of {sorted(PLACES)}")
    return [(number, words[1], script) for number, words, script in found]


def commands(script):
    """The script's commands, one a line, continued lines joined."""
    return [line.strip() for line in script.replace("\\\n", " ").split("\n") if line.strip()]
