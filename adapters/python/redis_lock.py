"""redis-py's Lock behind Picklock's stdio protocol.

    picklock run oversell --lock 'stdio:python3 adapters/python/redis_lock.py'

One thread per call, because redis-py blocks. Options (`--lock-option`): `sleep`, how long redis-py waits between two tries, in
seconds (0.1); `socket_timeout` in seconds (5).
"""

import json
import os
import sys
import threading
import time

output = threading.Lock()


def say(message):
    line = (json.dumps(message) + "\n").encode()
    with output:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def error_of(error):
    return {"class": type(error).__name__, "message": str(error)}


def fail(id, error):
    """A failure of hello or open: say it, and exit with 3."""
    say({"id": id, "error": error})
    sys.stdout.flush()
    os._exit(3)


class Adapter:
    def __init__(self):
        self.client = None
        self.options = {}
        self.grants = {}
        self.cancelled = {}
        self.next_grant = 0
        self.state = threading.Lock()

    def hello(self, request):
        try:
            import redis  # noqa: F401
        except ImportError:
            fail(request["id"], {"class": "ImportError", "message": "redis-py is missing; type: python3 -m pip install redis"})
        return {
            "result": "hello",
            "protocol": 1,
            "name": "redis-py",
            "capabilities": {"extend": True, "autoExtend": False, "fencing": False},
            "topologies": ["single", "sentinel"],
            "bookkeeping": [],
        }

    def open(self, request):
        try:
            self.options = request.get("options") or {}
            self.client = connect(request["endpoints"], float(self.options.get("socket_timeout", 5)))
            self.client.ping()
        except Exception as error:
            fail(request["id"], error_of(error))
        return {"result": "opened"}

    def acquire(self, request):
        """Tries, and sleeps between the tries on an event, so that a cancel wakes it."""
        from redis.lock import Lock

        sleep = float(self.options.get("sleep", 0.1))
        give_up_at = time.monotonic() + request["waitMs"] / 1000
        with self.state:
            cancelled = self.cancelled[request["id"]]
        # thread_local off: the thread that releases is another one.
        lock = Lock(self.client, request["key"], timeout=request["ttlMs"] / 1000, thread_local=False)
        try:
            while not lock.acquire(blocking=False):
                if time.monotonic() + sleep > give_up_at or cancelled.wait(sleep):
                    return {"result": "contended", "at": now()}
        except Exception as error:
            return failed(error)
        with self.state:
            self.next_grant += 1
            grant = f"g{self.next_grant}"
            self.grants[grant] = lock
        return {"result": "granted", "grant": grant, "token": lock.local.token.decode(), "at": now()}

    def extend(self, request):
        from redis.exceptions import LockNotOwnedError

        try:
            # redis-py adds to the rest of the lease unless told to replace it.
            self.grants[request["grant"]].extend(request["ttlMs"] / 1000, replace_ttl=True)
            return {"result": "extended", "at": now()}
        except LockNotOwnedError:
            return {"result": "lost", "at": now()}
        except Exception as error:
            return failed(error)

    def release(self, request):
        from redis.exceptions import LockError

        with self.state:
            lock = self.grants.pop(request["grant"])
        try:
            lock.release()
            return {"result": "released", "at": now()}
        except LockError:
            return {"result": "not_held", "at": now()}
        except Exception as error:
            return failed(error)

    def cancel(self, request):
        with self.state:
            event = self.cancelled.get(request["target"])
        if event is not None:
            event.set()


def now():
    return str(time.monotonic_ns())


# What Redis says before it does anything (redis-py takes the word off the message of some and makes it a class).
REFUSALS = ("OOM", "READONLY", "LOADING", "BUSY", "MISCONF", "NOREPLICAS", "MASTERDOWN", "NOAUTH", "NOPERM", "CLUSTERDOWN")
REFUSAL_CLASSES = {
    "OutOfMemoryError", "ReadOnlyError", "BusyLoadingError", "NoPermissionError", "MasterDownError", "ClusterDownError",
    "AuthenticationError", "MaxConnectionsError",
}


def failed(error):
    """`unavailable` where nothing was applied for certain. A broken connection is not: redis-py may have sent before, and retries."""
    definite = type(error).__name__ in REFUSAL_CLASSES or str(error).startswith(REFUSALS)
    return {"result": "unavailable" if definite else "indeterminate", "error": error_of(error), "at": now()}


def connect(endpoints, socket_timeout):
    import redis

    password = endpoints.get("password") or None
    sentinel = endpoints.get("sentinel")
    if not sentinel:
        node = endpoints["redis"][0]
        return redis.Redis(host=node["host"], port=node["port"], password=password, socket_timeout=socket_timeout)

    nat = {address: (to["host"], to["port"]) for address, to in (sentinel.get("natMap") or {}).items()}

    class NatSentinel(redis.Sentinel):
        """The addresses that Sentinel knows are not the ones by which we reach the nodes."""

        def discover_master(self, service_name):
            host, port = super().discover_master(service_name)
            return nat.get(f"{host}:{port}", (host, port))

    sentinel_password = sentinel.get("password") or None
    return NatSentinel(
        [(node["host"], node["port"]) for node in sentinel["nodes"]],
        sentinel_kwargs={"socket_timeout": 0.5, **({"password": sentinel_password} if sentinel_password else {})},
        password=password,
        socket_timeout=socket_timeout,
    ).master_for(sentinel["name"])


def run(adapter, request):
    answer = getattr(adapter, request["op"])(request)
    with adapter.state:
        adapter.cancelled.pop(request["id"], None)
    say({"id": request["id"], **answer})


def main():
    adapter = Adapter()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        op = request["op"]
        if op == "ping":
            say({"id": request["id"], "result": "pong"})
        elif op == "cancel":
            adapter.cancel(request)
        elif op == "close":
            say({"id": request["id"], "result": "closed"})
            os._exit(0)
        elif op in ("hello", "open"):
            say({"id": request["id"], **getattr(adapter, op)(request)})
        else:
            if op == "acquire":
                with adapter.state:
                    adapter.cancelled[request["id"]] = threading.Event()
            threading.Thread(target=run, args=(adapter, request), daemon=True).start()
    # The end of stdin: our server is gone. Nothing is released.
    os._exit(0)


if __name__ == "__main__":
    main()
