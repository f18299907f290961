"""Programs as they are written with Python's asyncio, and their workloads: see Sources/asyncio-bench/Programs.

What the Swift programs have, these have too, in the same order.
"""

import asyncio
import collections
import functools
import threading

PROGRAMS = {}  # name: (default n, coroutine function of n)
ROUND = 100


def program(name, n):
    def register(function):
        PROGRAMS[name] = (n, function)
        return function

    return register


# A cache


class Entry:
    def __init__(self, task):
        self.task = task
        self.expiry = None


class Cache:
    """Remembers what a coroutine function returns, for a time. Callers that ask for the same key share one call."""

    def __init__(self, load, capacity, lifetime):
        self.load = load
        self.capacity = capacity
        self.lifetime = lifetime
        self.entries = collections.OrderedDict()
        self.hits = self.misses = 0

    async def get(self, key):
        entry = self.entries.get(key)
        if entry is not None:
            self.hits += 1
            self.entries.move_to_end(key)
            if entry.task.done():
                return entry.task.result()
        else:
            self.misses += 1
            entry = self.add(key)
        return await asyncio.shield(entry.task)

    def add(self, key):
        entry = self.entries[key] = Entry(asyncio.create_task(self.load(key)))
        entry.task.add_done_callback(functools.partial(self.did_load, key, entry))
        if len(self.entries) > self.capacity:
            self.remove(next(iter(self.entries)))
        return entry

    def did_load(self, key, entry, task):
        if self.entries.get(key) is not entry:
            return
        if task.cancelled() or task.exception() is not None:
            self.remove(key)
        else:
            entry.expiry = task.get_loop().call_later(self.lifetime, self.remove, key)

    def remove(self, key):
        entry = self.entries.pop(key)
        if entry.expiry is not None:
            entry.expiry.cancel()


async def double(number):
    await asyncio.sleep(0)
    return number * 2


@program("cachehit", 200_000)
async def cachehit(n):
    cache = Cache(double, ROUND, 60)
    for key in range(ROUND):
        await cache.get(key)
    total = 0
    for index in range(n):
        total += await cache.get(index * 7 % ROUND)
    assert cache.hits == n and total > 0


@program("cachemiss", 100_000)
async def cachemiss(n):
    """Ten tasks at a time ask for the same new key."""
    cache = Cache(double, ROUND, 60)
    for key in range(n // 10):
        await asyncio.gather(*[asyncio.create_task(cache.get(key)) for _ in range(10)])
    assert cache.misses == n // 10


# A read-write lock


class ReadLock:
    def __init__(self, lock):
        self.lock = lock

    async def __aenter__(self):
        await self.lock.acquire(False)

    async def __aexit__(self, *_):
        self.lock.release(False)


class WriteLock:
    def __init__(self, lock):
        self.lock = lock

    async def __aenter__(self):
        await self.lock.acquire(True)

    async def __aexit__(self, *_):
        self.lock.release(True)


class ReadWriteLock:
    """Many readers or one writer, first come first served."""

    def __init__(self):
        self.readers = 0
        self.is_writing = False
        self.waiters = collections.deque()
        self.reading = ReadLock(self)
        self.writing = WriteLock(self)

    def is_free(self, for_writer):
        return not self.is_writing and (not for_writer or self.readers == 0)

    def take(self, for_writer):
        if for_writer:
            self.is_writing = True
        else:
            self.readers += 1

    async def acquire(self, for_writer):
        if not self.waiters and self.is_free(for_writer):
            self.take(for_writer)
            return
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append((waiter, for_writer))
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self.waiters.remove((waiter, for_writer))
                self.admit()
            else:
                self.release(for_writer)
            raise

    def release(self, for_writer):
        if for_writer:
            self.is_writing = False
        else:
            self.readers -= 1
        self.admit()

    def admit(self):
        """Gives the lock to the first of those that wait, as long as it is free for them."""
        while self.waiters:
            waiter, for_writer = self.waiters[0]
            if waiter.cancelled() or not self.is_free(for_writer):
                return
            self.waiters.popleft()
            self.take(for_writer)
            waiter.set_result(None)


@program("rwfree", 200_000)
async def rwfree(n):
    lock = ReadWriteLock()
    value = 0
    for index in range(n // 2):
        async with lock.writing:
            value = index
        async with lock.reading:
            assert value == index


@program("rwcontended", 100_000)
async def rwcontended(n):
    lock = ReadWriteLock()

    async def read():
        for _ in range(n // 10):
            async with lock.reading:
                await asyncio.sleep(0)

    async def write():
        for _ in range(n // 10):
            async with lock.writing:
                await asyncio.sleep(0)

    await asyncio.gather(*[asyncio.create_task(write() if index % 5 == 0 else read()) for index in range(10)])


# A batching loader


class Loader:
    """Collects the keys that are asked for within a turn, and loads them by one call. Remembers what it has loaded."""

    def __init__(self, load_batch, max_batch):
        self.load_batch = load_batch
        self.max_batch = max_batch
        self.known = {}
        self.batch = []

    def load(self, key):
        future = self.known.get(key)
        if future is not None:
            return future
        loop = asyncio.get_running_loop()
        future = self.known[key] = loop.create_future()
        self.batch.append((key, future))
        if len(self.batch) == 1:
            loop.call_soon(self.dispatch)
        return future

    def load_many(self, keys):
        return asyncio.gather(*[self.load(key) for key in keys])

    def clear(self):
        self.known.clear()

    def dispatch(self):
        batch, self.batch = self.batch, []
        for start in range(0, len(batch), self.max_batch):
            asyncio.create_task(self.run(batch[start:start + self.max_batch]))

    async def run(self, batch):
        try:
            values = await self.load_batch([key for key, _ in batch])
        except Exception as error:
            for key, future in batch:
                self.known.pop(key, None)
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), value in zip(batch, values):
                if not future.done():
                    future.set_result(value)


@program("loader", 100_000)
async def loader(n):
    """Ten tasks at a time ask for ten keys each, half of which another has asked for too."""

    async def load(keys):
        await asyncio.sleep(0)
        return [key * 2 for key in keys]

    loader = Loader(load, 50)

    async def resolve(first):
        values = await loader.load_many(range(first, first + 10))
        assert values[9] == (first + 9) * 2

    for _ in range(n // ROUND):
        await asyncio.gather(*[asyncio.create_task(resolve(index * 5)) for index in range(10)])
        loader.clear()


# A scheduler of jobs


class Job:
    def __init__(self, coroutine):
        self.coroutine = coroutine
        self.task = None
        self.started = None

    def start(self, scheduler):
        self.task = asyncio.create_task(self.run(scheduler))
        if self.started is not None and not self.started.done():
            self.started.set_result(None)

    async def run(self, scheduler):
        try:
            return await self.coroutine
        finally:
            scheduler.did_end(self)

    async def wait(self):
        if self.task is None:
            if self.started is None:
                self.started = asyncio.get_running_loop().create_future()
            await asyncio.shield(self.started)
        return await asyncio.shield(self.task)


class Scheduler:
    """Runs jobs in tasks of their own, so many at a time. The others wait for their turn."""

    def __init__(self, limit):
        self.limit = limit
        self.active = set()
        self.pending = collections.deque()

    def spawn(self, coroutine):
        job = Job(coroutine)
        if len(self.active) < self.limit:
            self.start(job)
        else:
            self.pending.append(job)
        return job

    def start(self, job):
        self.active.add(job)
        job.start(self)

    def did_end(self, job):
        self.active.remove(job)
        if self.pending and len(self.active) < self.limit:
            self.start(self.pending.popleft())

    async def close(self):
        while self.pending:
            job = self.pending.popleft()
            job.coroutine.close()
            if job.started is not None:
                job.started.cancel()
        tasks = [job.task for job in self.active]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


@program("scheduler", 100_000)
async def scheduler(n):
    """Jobs by the thousand, a hundred of which run at a time."""
    scheduler = Scheduler(100)
    for _ in range(n // 1000):
        jobs = [scheduler.spawn(double(number)) for number in range(1000)]
        total = 0
        for job in jobs:
            total += await job.wait()
        assert total == 999_000
    await scheduler.close()


# A rate limiter


class RateLimiter:
    """A leaky bucket: what comes in leaks at a constant rate, and who finds it full waits."""

    def __init__(self, capacity, period):
        self.capacity = capacity
        self.rate = capacity / period
        self.level = 0.0
        self.updated = 0.0
        self.waiters = collections.deque()

    def take(self, loop):
        """Takes a place in the bucket, if there is one."""
        now = loop.time()
        self.level = max(0.0, self.level - (now - self.updated) * self.rate)
        self.updated = now
        if self.level + 1 > self.capacity + 1e-6:
            return False
        self.level += 1
        return True

    async def acquire(self):
        loop = asyncio.get_running_loop()
        if not self.waiters and self.take(loop):
            return
        waiter = loop.create_future()
        self.waiters.append(waiter)
        if len(self.waiters) == 1:
            self.wake_later(loop)
        await waiter

    def wake_later(self, loop):
        loop.call_later((self.level + 1 - self.capacity) / self.rate, self.wake, loop)

    def wake(self, loop):
        while self.waiters:
            if self.waiters[0].done():
                self.waiters.popleft()
            elif self.take(loop):
                self.waiters.popleft().set_result(None)
            else:
                return self.wake_later(loop)

    async def __aenter__(self):
        await self.acquire()

    async def __aexit__(self, *_):
        pass


def use_virtual_time(loop):
    """Has the loop's time stand still, but for waits, which take none."""
    now = 0.0
    select = loop._selector.select

    def advance(timeout):
        nonlocal now
        if timeout:
            now += timeout
        return select(0)

    loop.time = lambda: now
    loop._selector.select = advance


@program("limiterfree", 200_000)
async def limiterfree(n):
    limiter = RateLimiter(1e9, 1)
    count = 0
    for _ in range(n):
        async with limiter:
            count += 1


@program("limiterfull", 50_000)
async def limiterfull(n):
    """In virtual time."""
    use_virtual_time(asyncio.get_running_loop())
    limiter = RateLimiter(10, 0.01)

    async def work():
        for _ in range(n // 20):
            async with limiter:
                pass

    await asyncio.gather(*[asyncio.create_task(work()) for _ in range(20)])


# A queue from threads to tasks


class ThreadQueue:
    """A bounded queue into which threads put, and from which tasks of a loop take."""

    def __init__(self, maxsize):
        self.maxsize = maxsize
        self.loop = asyncio.get_running_loop()
        self.items = collections.deque()
        self.mutex = threading.Lock()
        self.not_full = threading.Condition(self.mutex)
        self.getters = collections.deque()

    def put(self, item):
        """Waits for a place. For threads."""
        with self.mutex:
            while len(self.items) >= self.maxsize:
                self.not_full.wait()
            self.items.append(item)
            if self.getters:
                self.loop.call_soon_threadsafe(self.wake, self.getters.popleft())

    @staticmethod
    def wake(getter):
        if not getter.done():
            getter.set_result(None)

    async def get(self):
        """Waits for an item. For tasks."""
        while True:
            with self.mutex:
                if self.items:
                    self.not_full.notify()
                    return self.items.popleft()
                getter = self.loop.create_future()
                self.getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                self.give_up(getter)
                raise

    def give_up(self, getter):
        """A task's wait has failed: if it was woken for an item, that is the next one's."""
        with self.mutex:
            if getter in self.getters:
                self.getters.remove(getter)
            elif self.items and self.getters:
                self.wake(self.getters.popleft())


@program("threadqueue", 100_000)
async def threadqueue(n):
    queue = ThreadQueue(1000)

    def produce():
        for number in range(n):
            queue.put(number)

    thread = threading.Thread(target=produce)
    thread.start()
    total = 0
    for _ in range(n):
        total += await queue.get()
    thread.join()
    assert total == n * (n - 1) // 2
