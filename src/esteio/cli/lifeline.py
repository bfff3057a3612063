"""How a process notices that the one that started it is gone, however that went."""

import os
import signal
import threading


def end_with(descriptor: int) -> None:
    """End this process by SIGTERM when the pipe reaches its end: nobody holds its other side any more."""

    def watch() -> None:
        try:
            while os.read(descriptor, 64):
                continue
        except OSError:
            return
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
