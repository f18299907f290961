import AsyncioBridge
import Synchronization

#if os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
  /// Keeps on an exploring loop what its tasks start outside of it: `Task {}`, `Task.detached {}`, and `@MainActor`
  /// code.
  ///
  /// All of it asks for each call which loop the thread is in: nothing changes for code on other threads. What is
  /// replaced stays so; once no exploration is under way it costs one load.
  enum StrayTasks {
    /// How many explorations are under way.
    static let explorations = Atomic(0)

    /// What can be kept. The first use installs it.
    static let reach: Asyncio.Exploration.Reach = {
      var reach = Asyncio.Exploration.Reach()
      reach.sleeps = true
      reach.clocks = SwiftClocks.areVirtual
      reach.actorNames = ExploredJobs.haveKnownLayout
      guard unsafe originalCreate != nil else { return reach }
      let replacement: CreateTask = { unsafe createTask($0, $1, $2, $3, $4) }
      let sites = unsafe ImportTable.replace(
        "swift_task_create",
        with: unsafeBitCast(replacement, to: UnsafeRawPointer.self)
      ) { path in
        !path.hasSuffix("/libswift_Concurrency.so") && !path.hasSuffix("/libTesting.so")
      }
      reach.strayTasks = sites > 0
      reach.mainActor = installMainActorHooks()
      installPoolHook()
      return reach
    }()

    private static func exploredThread() -> ExploredThread? {
      explorations.load(ordering: .relaxed) == 0 ? nil : ExploredThread.current
    }

    // MARK: Tasks

    @unsafe
    private struct CreatedTask {
      var task: UnsafeMutableRawPointer?
      var context: UnsafeMutableRawPointer?
    }

    private typealias CreateTask =
      @convention(thin) (UInt, UnsafeRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?) ->
      CreatedTask

    /// The runtime's function; nil in a program that is linked statically.
    private static let originalCreate: CreateTask? = {
      guard let function = unsafe symbol("swift_task_create") else { return nil }
      return unsafe unsafeBitCast(function, to: CreateTask.self)
    }()

    /// An option of `swift_task_create`: the task executor that the task prefers and owns.
    @unsafe
    private struct ExecutorOption {
      static var ownedTaskExecutor: UInt { 6 }
      /// Kinds of options that say where the task is to run: a serial executor, a task executor, that one owned.
      static var executors: [UInt] { [1, 5, 6] }

      let flags: UInt
      let next: UnsafeRawPointer?
      let executor: UnownedTaskExecutor
    }

    private static var childTaskFlag: UInt { 0x100 }

    private static func createTask(
      _ flags: UInt,
      _ options: UnsafeRawPointer?,
      _ resultType: UnsafeRawPointer?,
      _ function: UnsafeRawPointer?,
      _ context: UnsafeRawPointer?
    ) -> CreatedTask {
      guard let originalCreate = unsafe originalCreate else {
        preconditionFailure("AsyncioTesting: no function to call")
      }
      // A child task has its parent's executor.
      guard flags & childTaskFlag == 0, let thread = exploredThread(), unsafe !namesExecutor(options) else {
        return unsafe originalCreate(flags, options, resultType, function, context)
      }
      let option = unsafe ExecutorOption(
        flags: ExecutorOption.ownedTaskExecutor,
        next: options,
        executor: thread.retainedTaskExecutor()
      )
      return unsafe withUnsafePointer(to: option) {
        unsafe originalCreate(flags, UnsafeRawPointer($0), resultType, function, context)
      }
    }

    private static func namesExecutor(_ options: UnsafeRawPointer?) -> Bool {
      var next = unsafe options
      while let option = unsafe next {
        let kind = unsafe option.load(as: UInt.self) & 0xff
        if unsafe ExecutorOption.executors.contains(kind) { return true }
        unsafe next = option.load(fromByteOffset: 8, as: UnsafeRawPointer?.self)
      }
      return false
    }

    // MARK: What leaves

    private typealias EnqueueOnPool = @convention(thin) (UnownedJob) -> Void
    private typealias EnqueueOnPoolHook = @convention(thin) (UnownedJob, EnqueueOnPool) -> Void

    /// Notes when the code of an exploring loop hands a task to Swift's pool: one that prefers no executor, as those
    /// that `Task.immediate` makes within the runtime, where nothing can be replaced.
    private static func installPoolHook() {
      guard let hook = unsafe symbol("swift_task_enqueueGlobal_hook")?.assumingMemoryBound(to: EnqueueOnPoolHook?.self),
        unsafe hook.pointee == nil
      else { return }
      unsafe hook.pointee = { job, original in
        StrayTasks.exploredThread()?.taskDidLeave()
        original(job)
      }
    }

    // MARK: The main actor

    private typealias MainExecutor = @convention(thin) () -> UnownedSerialExecutor
    private typealias MainExecutorHook = @convention(thin) (MainExecutor) -> UnownedSerialExecutor
    private typealias IsMainExecutor = @convention(thin) (UnownedSerialExecutor) -> Bool
    private typealias IsMainExecutorHook = @convention(thin) (UnownedSerialExecutor, IsMainExecutor) -> Bool

    /// Has an exploring loop stand in for the main actor's executor.
    private static func installMainActorHooks() -> Bool {
      guard
        let mainHook = unsafe symbol("swift_task_getMainExecutor_hook"),
        let isMainHook = unsafe symbol("swift_task_isMainExecutor_hook")
      else { return false }
      unsafe mainHook.assumingMemoryBound(to: MainExecutorHook?.self).pointee = { original in
        guard let thread = StrayTasks.exploredThread() else { return unsafe original() }
        thread.willUseMainActor()
        return unsafe thread.serialExecutor
      }
      unsafe isMainHook.assumingMemoryBound(to: IsMainExecutorHook?.self).pointee = { executor, original in
        guard let thread = StrayTasks.exploredThread() else { return unsafe original(executor) }
        return unsafe StrayTasks.identity(executor) == StrayTasks.identity(thread.serialExecutor)
      }
      return true
    }

    private static func identity(_ executor: UnownedSerialExecutor) -> UInt {
      unsafe unsafeBitCast(executor, to: (UInt, UInt).self).0
    }
  }
#else
  /// What is started outside of a loop's tasks can't be kept on the loop here.
  enum StrayTasks {
    static let explorations = Atomic(0)
    static var reach: Asyncio.Exploration.Reach { Asyncio.Exploration.Reach() }
  }
#endif
