import Testing

/// Everything that runs the program. As many processes run at a time as there are processors, since each
/// test waits in a thread of Swift's concurrency, and each process has one thread.
@Suite enum CommandTests {}
