"""Run MiniStack until the process that started it is gone, however that one ended.

Started by `emulator.py` with the interpreter of `.venvs/emulator`, as leader of its own process
group. The starter holds the other end of standard input: when it exits, is killed or crashes, the
pipe closes, and the whole group (MiniStack and the functions that it runs) ends with it.
"""

import os
import signal
import sys
import threading

from ministack.app import main


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    # MiniStack reads its own arguments from here.
    sys.argv = ["ministack"]
    main()
