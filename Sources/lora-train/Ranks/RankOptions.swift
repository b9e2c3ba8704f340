import ArgumentParser
import Files
import Foundation
import Ranks
import Torch

/// Options of processes that a launcher has started to work together.
struct RankOptions: ParsableArguments {
  @Option(
    help: .value(
      "Seconds in which all processes of a launcher must come. Default: 300.", "seconds"))
  var startTimeout = 300
  @Option(
    help: .value(
      "Seconds without a sign of life after which a process counts as lost and the others end. Default: 30.",
      "seconds"))
  var rankTimeout = 30

  mutating func validate() throws {
    for (name, value) in [("start", startTimeout), ("rank", rankTimeout)]
    where !(2...86_400).contains(value) {
      throw ValidationError("--\(name)-timeout is \(value), but must be 2 to 86400 seconds.")
    }
  }

  /// Meets the other ranks if a launcher has started several, and works with them. Only rank 0 prints messages,
  /// but each its own error. Throws `LaunchError`, `RankError`, and the errors of `body`.
  func run(_ body: (RankGroup?) throws -> Void) throws {
    let environment = ProcessInfo.processInfo.environment
    guard let launch = try Launch(environment: environment) else { return try body(nil) }
    let ranks = try RankGroup(
      launch,
      limits: .init(start: .seconds(startTimeout), silence: .seconds(rankTimeout))
    ) { error in
      Console.message("lora-train: \(error)")
      // The thread of the work is stuck, so nothing may be freed.
      _exit(ExitStatus(error.kind).rawValue)
    }
    if environment["OMP_NUM_THREADS"] == nil {
      Backend.threads = max(1, Backend.threads / ranks.localSize)
    }
    do {
      var streams = Console.streams
      if !ranks.isLeader { streams.messages = .nullDevice }
      try Console.$streams.withValue(streams) { try body(ranks) }
    } catch let code as ExitCode {
      ranks.finish()
      throw code
    } catch {
      ranks.leave(after: error)
      throw error
    }
    ranks.finish()
  }
}

extension RankGroup {
  /// Leaves in good order. The work is done, even if another rank has died just now.
  fileprivate func finish() {
    do {
      try leave()
    } catch {
      leave(after: error)
    }
  }
}

extension RankGroup? {
  /// Whether a signal has stopped this process, or another rank.
  func isStopped(by signal: StopSignal) -> Bool {
    guard let self else { return signal.isRaised }
    if signal.isRaised { self.requestStop() }
    return self.isStopRequested
  }

  /// Runs the drawing of this rank's pictures, and waits until all ranks have drawn theirs. Throws `Stopped` on all
  /// if one was stopped, and `RankError`. A process on its own just draws.
  func drawing(_ body: () throws -> Void) throws {
    guard let self else { return try body() }
    var isStopped = false
    do {
      try body()
    } catch is Stopped {
      isStopped = true
    }
    if try self.any(isStopped) { throw Stopped() }
  }
}
