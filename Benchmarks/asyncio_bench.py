"""The workloads of asyncio-bench on Python's own asyncio, with the same command line.

    asyncio_bench.py [--uvloop] WORKLOAD [N] [RUNS]
    asyncio_bench.py list
"""

import _thread
import asyncio
import os
import sys
import threading
import time

from asyncio_programs import PROGRAMS

WORKLOADS = {}  # name: (default n, function of n that returns nanoseconds per operation)
MANY = 200_000
new_loop = asyncio.new_event_loop


def workload(name, n=MANY):
    def register(function):
        WORKLOADS[name] = (n, function)
        return function

    return register


def on_loop(name, n=MANY):
    """Measures a coroutine function as the main task of a new loop."""

    def register(function):
        async def main(n):
            start = time.perf_counter()
            await function(n)
            return time.perf_counter() - start

        def measure(n):
            loop = new_loop()
            asyncio.set_event_loop(loop)
            try:
                return loop.run_until_complete(main(n)) / n * 1e9
            finally:
                loop.close()
                asyncio.set_event_loop(None)

        WORKLOADS[name] = (n, measure)
        return function

    return register


async def noop():
    return 1


# Callbacks and futures


@workload("callsoon")
def callsoon(n):
    loop = new_loop()
    count = 0

    def callback():
        nonlocal count
        count += 1
        if count < n:
            loop.call_soon(callback)
        else:
            loop.stop()

    loop.call_soon(callback)
    start = time.perf_counter()
    loop.run_forever()
    duration = time.perf_counter() - start
    loop.close()
    return duration / n * 1e9


@on_loop("sleep0")
async def sleep0(n):
    for _ in range(n):
        await asyncio.sleep(0)


@on_loop("futpp")
async def futpp(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future


@on_loop("donecallbacks")
async def donecallbacks(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        future = loop.create_future()
        for _ in range(2):
            future.add_done_callback(lambda _: None)
        future.set_result(1)
        await asyncio.sleep(0)


# Tasks and combinators


@on_loop("spawnawait")
async def spawnawait(n):
    for _ in range(n):
        await asyncio.create_task(noop())


async def gather(n):
    await asyncio.gather(*[noop() for _ in range(n)])


for name, n in [("gather", MANY), ("gather1k", 1000), ("gather10k", 10_000), ("gather100k", 100_000), ("gather1M", 1_000_000)]:
    on_loop(name, n)(gather)


@on_loop("gatherYield")
async def gather_yield(n):
    async def body():
        await asyncio.sleep(0)

    await asyncio.gather(*[body() for _ in range(n)])


@on_loop("wait")
async def wait(n):
    await asyncio.wait([asyncio.ensure_future(noop()) for _ in range(n)])


@on_loop("ascomp", 50_000)
async def ascomp(n):
    for future in asyncio.as_completed([noop() for _ in range(n)]):
        await future


@on_loop("wfcoro", 50_000)
async def wfcoro(n):
    for _ in range(n):
        await asyncio.wait_for(noop(), 10)


@on_loop("wffut", 50_000)
async def wffut(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await asyncio.wait_for(future, 10)


@on_loop("shield", 50_000)
async def shield(n):
    for _ in range(n):
        await asyncio.shield(asyncio.create_task(noop()))


async def shields(n):
    """A chain of tasks each of which awaits a shield of the one below."""

    async def link(below):
        return await asyncio.shield(below)

    bottom = top = asyncio.get_running_loop().create_future()
    for _ in range(n):
        top = asyncio.create_task(link(top))
    await asyncio.sleep(0)
    assert len(repr(top)) < 1000
    bottom.cancel()
    await asyncio.wait([top])
    assert top.cancelled()


for name, n in [("shields10k", 10_000), ("shields100k", 100_000), ("shields1M", 1_000_000)]:
    on_loop(name, n)(shields)


@on_loop("cancel")
async def cancel(n):
    async def body():
        await asyncio.get_running_loop().create_future()

    tasks = [asyncio.create_task(body()) for _ in range(n)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert len(results) == n and isinstance(results[0], asyncio.CancelledError)


# Timers


def timers(window):
    async def run(n):
        span = window or n * 50e-9
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        count = 0

        def callback():
            nonlocal count
            count += 1
            if count == n:
                done.set_result(None)

        for index in range(n):
            loop.call_later((index * 7919 % 1000) / 1000 * span, callback)
        await done

    return run


on_loop("timers")(timers(0.01))
for name, n in [("timers1k", 1000), ("timers10k", 10_000), ("timers100k", 100_000), ("timers1M", 1_000_000)]:
    on_loop(name, n)(timers(None))


@on_loop("sleepers")
async def sleepers(n):
    await asyncio.gather(*[asyncio.sleep((index * 7919 % 1000) / 1e5) for index in range(n)])


# Queues and locks


def queue(maxsize):
    async def run(n):
        queue = asyncio.Queue(maxsize)

        async def produce():
            for item in range(n):
                await queue.put(item)

        async def consume():
            for _ in range(n):
                await queue.get()

        await asyncio.gather(produce(), consume())

    return run


on_loop("queue100")(queue(100))
on_loop("queueinf")(queue(0))


@on_loop("lock", 100_000)
async def lock(n):
    lock = asyncio.Lock()

    async def work():
        for _ in range(n // 2):
            async with lock:
                await asyncio.sleep(0)

    await asyncio.gather(work(), work())


@on_loop("ppqueue")
async def ppqueue(n):
    a, b = asyncio.Queue(), asyncio.Queue()

    async def ping():
        for index in range(n // 2):
            a.put_nowait(index)
            await b.get()

    async def pong():
        for _ in range(n // 2):
            b.put_nowait(await a.get())

    await asyncio.gather(ping(), pong())


@on_loop("ppevent")
async def ppevent(n):
    a, b = asyncio.Event(), asyncio.Event()

    async def ping():
        for _ in range(n // 2):
            a.set()
            await b.wait()
            b.clear()

    async def pong():
        for _ in range(n // 2):
            await a.wait()
            a.clear()
            b.set()

    await asyncio.gather(ping(), pong())


# Threads


@workload("tsthru")
def tsthru(n):
    loop = new_loop()
    count = 0

    def callback():
        nonlocal count
        count += 1
        if count == n:
            loop.stop()

    def submit():
        for _ in range(n):
            loop.call_soon_threadsafe(callback)

    thread = threading.Thread(target=submit)
    loop.call_soon(thread.start)
    start = time.perf_counter()
    loop.run_forever()
    duration = time.perf_counter() - start
    thread.join()
    loop.close()
    return duration / n * 1e9


@workload("tslat", 20_000)
def tslat(n):
    loop = new_loop()
    duration = 0.0

    def submit():
        nonlocal duration
        answered = _thread.allocate_lock()
        answered.acquire()
        start = time.perf_counter()
        for _ in range(n):
            loop.call_soon_threadsafe(answered.release)
            answered.acquire()
        duration = time.perf_counter() - start
        loop.call_soon_threadsafe(loop.stop)

    thread = threading.Thread(target=submit)
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()
    loop.close()
    return duration / n * 1e9


# Programs

for name, (n, function) in PROGRAMS.items():
    on_loop(name, n)(function)


# Memory


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@workload("mem")
def mem(n):
    async def body():
        await asyncio.get_running_loop().create_future()

    async def main():
        before = resident_bytes()
        tasks = [asyncio.create_task(body()) for _ in range(n)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        used = resident_bytes() - before
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return used / n

    loop = new_loop()
    try:
        return loop.run_until_complete(main())
    finally:
        loop.close()


def main(arguments):
    global new_loop
    if arguments[:1] == ["--uvloop"]:
        import uvloop

        new_loop = uvloop.new_event_loop
        del WORKLOADS["limiterfull"]  # uvloop has no virtual time
        arguments = arguments[1:]
    if not arguments or arguments[0] == "list":
        print("\n".join(WORKLOADS))
        return
    name = arguments[0]
    n, measure = WORKLOADS[name]
    n = int(arguments[1]) if len(arguments) > 1 else n
    runs = int(arguments[2]) if len(arguments) > 2 else 3
    if name == "mem":
        runs = 1
    elif runs > 0:
        measure(max(n // 10, 1000))
    print(name, *["%.1f" % measure(n) for _ in range(max(runs, 1))])


main(sys.argv[1:])
