extension Asyncio {
  /// A queue between tasks, first in first out. `asyncio.Queue`.
  ///
  /// With a `maxsize`, putting into a full queue waits; getting from an empty one always does.
  ///
  /// A kind of queue of your own is a subclass that overrides ``storeItem(_:)``, ``takeItem()`` and ``storedCount``:
  /// all three if it keeps the items itself, or some to change what becomes of them on their way.
  open class Queue<Element>: CustomStringConvertible, CustomDebugStringConvertible {
    // What putting and getting touch is accessed unchecked, as `LoopState` is.

    @usableFromInline final let loop: EventLoop
    /// How many items there may be; zero or less: any number.
    public final let maxsize: Int
    /// Empty if a kind of queue keeps its items itself.
    @safe @exclusivity(unchecked) @usableFromInline final var items = Ring<Element>()
    @safe @exclusivity(unchecked) @usableFromInline final var getters = WaiterQueue()
    @safe @exclusivity(unchecked) @usableFromInline final var putters = WaiterQueue()
    @safe @exclusivity(unchecked) @usableFromInline final var unfinishedTasks = 0
    @safe @exclusivity(unchecked) @usableFromInline final var isShutDown = false
    /// Whether this is no subclass that is to be asked.
    @usableFromInline final let isPlain: Bool
    /// Set while there are no unfinished tasks.
    @usableFromInline final let finished: Event

    /// Creates an empty queue.
    /// - Parameters:
    ///   - maxsize: how many items there may be; zero or less: any number.
    ///   - loop: the loop it belongs to; by default the running one, which there must be.
    ///   - isolation: leave it out; it keeps what is made in the caller's domain.
    ///   - fileID: leave it out; the file that reports and messages name.
    ///   - line: leave it out; the line in that file.
    public convenience init(
      maxsize: Int = 0,
      loop: EventLoop? = nil,
      isolation: isolated (any Actor)? = #isolation,
      fileID: StaticString = #fileID,
      line: UInt = #line
    ) {
      self.init(maxsize: maxsize, on: EventLoop.current(loop, "Asyncio.Queue()", fileID, line))
    }

    /// Creates an empty queue: for the initialisers of subclasses. `Queue._init()`.
    /// - Parameters:
    ///   - maxsize: how many items there may be; zero or less: any number.
    ///   - loop: the loop it belongs to.
    public init(maxsize: Int, on loop: EventLoop) {
      // Apart from the other: the compiler (6.3) crashes where a subclass inherits an initialiser whose default is the
      // caller's isolation, unless that is a convenience.
      self.loop = loop
      self.maxsize = maxsize
      finished = Event(loop: loop)
      finished.set()
      isPlain = !Self.isAsked
    }

    // MARK: What the kinds of queue differ in

    /// Whether the class overrides what follows.
    class var isAsked: Bool { self != Queue<Element>.self }

    /// How many items are in the queue: for subclasses to override. `Queue._qsize()`.
    open var storedCount: Int { items.count }
    /// Puts an item where the queue keeps its items: for subclasses to override, and to be called by them only, since
    /// it wakes nobody. `Queue._put()`.
    open func storeItem(_ item: Element) { items.append(item) }
    /// Takes out the item to deliver next, of which there is one: for subclasses to override, and to be called by them
    /// only, since it wakes nobody. `Queue._get()`.
    open func takeItem() -> Element { items.removeFirst() }
    /// What the description shows: a subclass may keep its items where this does not see them.
    var itemsDescription: String { items.count == qsize ? "\(items.elements)" : "\(qsize) items" }

    // MARK: Size

    /// How many items there are. `Queue.qsize()`.
    @inlinable
    public final var qsize: Int { isPlain ? items.count : storedCount }
    /// Whether there is no item. `Queue.empty()`.
    @inlinable
    public final var isEmpty: Bool { qsize == 0 }
    /// Whether there are `maxsize` items. `Queue.full()`.
    @inlinable
    public final var isFull: Bool { maxsize > 0 && qsize >= maxsize }

    // MARK: Putting

    /// Waits until there is a free place, and adds an item. `Queue.put()`.
    /// - Throws: ``QueueShutDown`` if the queue is shut down, now or meanwhile; `CancellationError` when cancelled. The
    ///   item was not added then.
    @inlinable
    @inline(__always)
    public final func put(_ item: Element) async throws {
      if isFull || isShutDown { try await waitForPlace() }
      add(item)
    }

    @usableFromInline
    final func waitForPlace() async throws {
      while isFull, !isShutDown {
        let putter = putters.join(loop, for: self)
        do {
          try await putter.value
        } catch {
          // It was woken for a free place, which another may have now.
          if putters.giveUp(putter), !isFull { putters.admitNext() }
          throw error
        }
      }
      if isShutDown { throw QueueShutDown() }
    }

    /// Adds an item. `Queue.put_nowait()`.
    /// - Throws: ``QueueShutDown`` if the queue is shut down; ``QueueFull`` if there is no free place.
    @inlinable
    public final func putNowait(_ item: Element) throws {
      loop.assertOnLoop()
      if isFull || isShutDown { try throwNotAccepting() }
      add(item)
    }

    @usableFromInline
    final func throwNotAccepting() throws {
      if isShutDown { throw QueueShutDown() }
      throw QueueFull()
    }

    @inlinable
    @inline(__always)
    final func add(_ item: Element) {
      if isPlain { items.append(item) } else { storeItem(item) }
      if unfinishedTasks == 0 { finished.clear() }
      unfinishedTasks += 1
      if !getters.isEmpty { getters.admitNext() }
    }

    // MARK: Getting

    /// Waits until there is an item, and takes it. `Queue.get()`.
    /// - Throws: ``QueueShutDown`` if the queue is shut down, now or meanwhile, and empty; `CancellationError` when
    ///   cancelled. No item was taken then.
    @inlinable
    @inline(__always)
    public final func get() async throws -> Element {
      if isEmpty { try await waitForItem() }
      return take()
    }

    @usableFromInline
    final func waitForItem() async throws {
      while isEmpty {
        if isShutDown { throw QueueShutDown() }
        let getter = getters.join(loop, for: self)
        do {
          try await getter.value
        } catch {
          // It was woken for an item, which another may have now.
          if getters.giveUp(getter), !isEmpty { getters.admitNext() }
          throw error
        }
      }
    }

    /// Takes an item. `Queue.get_nowait()`.
    /// - Throws: ``QueueShutDown`` if there is none and the queue is shut down; otherwise ``QueueEmpty`` if there is
    ///   none.
    @inlinable
    public final func getNowait() throws -> Element {
      loop.assertOnLoop()
      if isEmpty { try throwNothingToGet() }
      return take()
    }

    @usableFromInline
    final func throwNothingToGet() throws {
      if isShutDown { throw QueueShutDown() }
      throw QueueEmpty()
    }

    @inlinable
    @inline(__always)
    final func take() -> Element {
      let item = isPlain ? items.removeFirst() : takeItem()
      if !putters.isEmpty { putters.admitNext() }
      return item
    }

    // MARK: Joining

    /// Tells that the work on an item that was taken is done. `Queue.task_done()`.
    /// - Throws: ``ValueError`` if it is called more often than there were items.
    public final func taskDone() throws {
      loop.assertOnLoop()
      if unfinishedTasks <= 0 { throw ValueError("task_done() called too many times", code: .tooManyReleases) }
      unfinishedTasks -= 1
      if unfinishedTasks == 0 { finished.set() }
    }

    /// Waits until ``taskDone()`` was called for every item that was ever added. `Queue.join()`.
    /// - Throws: `CancellationError` when cancelled.
    public final func join() async throws {
      if unfinishedTasks > 0 { try await finished.wait(for: self) }
    }

    // MARK: Shutting down

    /// Takes no more items; what is in the queue can still be got. `Queue.shutdown()`.
    ///
    /// Tasks that wait to put get ``QueueShutDown``, and so do those that wait to get, since the queue is empty then.
    /// Shutting it down again is allowed.
    /// - Parameter immediate: drops the items that are in the queue, as if each had been got and done: getting throws
    ///   from now on too, and ``join()`` no longer waits for them.
    public final func shutdown(immediate: Bool = false) {
      loop.assertOnLoop()
      isShutDown = true
      if immediate {
        while !isEmpty {
          _ = takeItem()
          if unfinishedTasks > 0 { unfinishedTasks -= 1 }
        }
        if unfinishedTasks == 0 { finished.set() }
      }
      getters.admitAll()
      putters.admitAll()
    }

    // MARK: Descriptions

    /// How many tasks wait for an item, and how many for a free place.
    package final var waiterCounts: (getters: Int, putters: Int) { (getters.count, putters.count) }
    /// How many tasks wait for the end of the work on all items.
    final var joinerCount: Int { finished.waiterCount }
    /// What the call graph shows in place of the queue.
    var callGraphSource: (any CallGraphSubject)? { nil }
    /// The oldest task's wait for a free place.
    package final var firstPutter: Future<Void>? { putters.first }

    /// `<Queue maxsize=2 _queue=[1] tasks=1>`.
    public final var description: String { "<\(kindDescription) \(details)>" }
    /// The description with the object's identity.
    public final var debugDescription: String {
      "<\(kindDescription) at \(ObjectIdentifier(self).hexDescription) \(details)>"
    }

    var kindDescription: String { isPlain ? "Queue" : "\(type(of: self))" }

    private var details: String {
      var parts = ["maxsize=\(maxsize)"]
      if !isEmpty { parts.append("_queue=\(itemsDescription)") }
      if !getters.isEmpty { parts.append("_getters[\(getters.count)]") }
      if !putters.isEmpty { parts.append("_putters[\(putters.count)]") }
      if unfinishedTasks > 0 { parts.append("tasks=\(unfinishedTasks)") }
      if isShutDown { parts.append("shutdown") }
      return parts.joined(separator: " ")
    }
  }
}
