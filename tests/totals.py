"""How many tests of a unittest result passed, failed and were skipped."""


def count(result):
    """[passed, failed, skipped]. A test some of whose subtests failed counts once."""
    failed = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    failed |= {test.id() for test in result.unexpectedSuccesses}
    skipped = {getattr(test, "test_case", test).id() for test, _ in result.skipped} - failed
    # What failed or was skipped as a whole class was not run as a test.
    return [max(0, result.testsRun - len(failed) - len(skipped)), len(failed), len(skipped)]


def line(counts):
    return f"{counts[0]} passed, {counts[1]} failed, {counts[2]} skipped"
