import Testing

/// Tests of the commands. One command for each processor runs at a time, since each test occupies a thread
/// of Swift's concurrency, and a command computes on one thread.
@Suite enum CommandTests {}
