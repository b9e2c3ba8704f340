import ArgumentParser

/// The progress of a tool that works layer by layer.
enum LayerProgress {
  /// Runs the work, shows its progress, and ends it with exit code 130 if the user stops it.
  static func run<Result>(
    _ work: ((_ done: Int, _ count: Int) throws -> Void) throws -> Result
  ) throws -> Result {
    let signal = StopSignal()
    let line = StatusLine()
    defer { line.end() }
    do {
      return try work { done, count in
        if signal.isRaised { throw Stopped() }
        line.show("Layer \(done) of \(count)")
      }
    } catch is Stopped {
      throw ExitCode(130)
    }
  }
}
