"""How tests are run and told of: each is a generator that yields what it has shown; the first that fails ends it all."""

import signal
import sys
import time


def end_cleanly_when_told_to():
    """Whoever is told to end leaves no server behind either."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))


def pass_all(tests, subject):
    passed = 0
    for test in tests:
        started = time.monotonic()
        for what in test(subject):
            passed += 1
            print(f"{what} ... ok ({time.monotonic() - started:.1f} s)", flush=True)
            started = time.monotonic()
    print(f"test result: ok. {passed} passed; 0 failed; 0 ignored")
