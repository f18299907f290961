/// The workloads of programs: what is built on the library, as a user of its public API would write it.
let programs = [
  cachehit, cachemiss, rwfree, rwcontended, loader, scheduler, limiterfree, limiterfull, threadqueue,
]
