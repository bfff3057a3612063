import signal, time, threading, sys
sys.path.insert(0, ".")
from tests.cli.command import serving
from tests.cli.load import Load
from tests.house import eventually
import httpx, tests.cli.load as L

def test_x(free_port, settings):
    given = {**settings, "ESTEIO_HTTP__DRAIN_NOTICE": "1"}
    notes = []
    orig = Load._once
    t0 = [0.0]
    def once(self, client):
        try:
            r = orig(self, client)
            if t0[0]: notes.append((threading.get_ident(), round(time.monotonic()-t0[0],3), "ok", r))
            return r
        except httpx.HTTPError as e:
            if len(notes)<500: notes.append((threading.get_ident(), round(time.monotonic()-t0[0],3), repr(e)))
            raise
    Load._once = once
    with serving(free_port, environment=given) as server:
        load = Load(server.url, leaves=True)
        with load.of(8):
            eventually(lambda: load.answered > 100, 20)
            t0[0] = time.monotonic()
            server.signal(signal.SIGTERM)
            server.ended()
            print("ended after", time.monotonic()-t0[0])
        bad = {n[0] for n in notes if len(n)==3}
        for b in bad:
            print([n[1:] for n in notes if n[0]==b][:12])
        print(server.text[-1500:])
        print(load.told_to_close, len(load.failures))
        assert load.failures == []
