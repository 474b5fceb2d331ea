"""Which shared libraries programs need, found by reading ELF headers: works for a foreign architecture too, and runs nothing."""

import os
import subprocess


def dynamic(path):
    """(names of needed libraries, path of the program interpreter or None)."""
    text = subprocess.run(["readelf", "-W", "-d", "-l", path], check=True, capture_output=True, text=True).stdout
    needed, interpreter = [], None
    for line in text.splitlines():
        if "(NEEDED)" in line:
            needed.append(line.split("[", 1)[1].rstrip("]"))
        elif "Requesting program interpreter:" in line:
            interpreter = line.split(": ", 1)[1].rstrip("]")
    return needed, interpreter


def closure(programs, folders):
    """{file name: path} of every library that the programs need, and the interpreter's path in the image."""
    found, interpreter, todo = {}, None, list(programs)
    while todo:
        path = todo.pop()
        needed, wanted = dynamic(path)
        interpreter = interpreter or wanted
        for name in needed:
            if name in found:
                continue
            places = [os.path.join(folder, name) for folder in folders]
            place = next((p for p in places if os.path.exists(p)), None)
            if place is None:
                raise FileNotFoundError(f"{name}, needed by {path}, is in none of {', '.join(folders)}")
            found[name] = os.path.realpath(place)
            todo.append(place)
    return found, interpreter
