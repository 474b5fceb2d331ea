"""Runs every test of the relay and prints one total."""

import os
import sys
import unittest

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import totals


def main():
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(sys.argv[1:]) if len(sys.argv) > 1 else loader.discover(".")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    counts = totals.count(result)
    print(totals.line(counts))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
