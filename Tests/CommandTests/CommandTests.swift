import Testing

/// Tests of the commands. One process for each processor runs at a time, since each test waits in a thread
/// of Swift's concurrency, and each process has one thread.
@Suite enum CommandTests {}
