import ArgumentParser
import Files
import Foundation
import Ranks
import RunLog
import Training
import Workspace

/// Runs a training at the console: shows its progress and result, and catches signals.
final class ConsoleTraining {
  private let root: RootOption
  private let process: RunOptions
  private let allowedChanges: Set<String>
  private let ranks: RankGroup?
  private let signal: StopSignal
  private let profile: StepProfile?
  private var progress: ProgressDisplay?

  /// Catches signals from now on. Throws `UsageError`.
  ///
  /// - Parameter ranks: The ranks that train together; nil for a process on its own.
  init(_ process: RunOptions, root: RootOption, ranks: RankGroup? = nil) throws {
    self.ranks = ranks
    allowedChanges = try process.allowedChanges()
    profile = try StepProfile()
    signal = StopSignal(minutes: process.maxMinutes)
    self.process = process
    self.root = root
  }

  /// Reads and checks everything that a training needs, and trains: rank 0, or a process on its own, as `body`
  /// says, and the other ranks what rank 0 trains.
  func train(
    _ config: TrainingConfig, keepsSteps: Bool = false,
    _ body: (TrainingSession, TrainingControl) throws -> TrainingResult
  ) throws {
    if let ranks, !ranks.isLeader { return try follow(ranks, config, keepsSteps) }
    let session = try session(config, keepsSteps: keepsSteps)
    try train { try body(session, $0) }
  }

  /// Reads and checks everything that a training needs.
  func session(_ config: TrainingConfig, keepsSteps: Bool = false) throws -> TrainingSession {
    try TrainingSession(
      config, keepsSteps: keepsSteps, allowing: allowedChanges, ranks: ranks, in: root.project,
      report: { [self] in report($0) })
  }

  private var control: TrainingControl {
    TrainingControl(
      stopped: { [signal] in signal.isRaised },
      wantsSave: { [signal] in signal.takeSaveRequest() })
  }

  /// Trains as a rank that writes nothing. Throws `ExitCode` 130 if it was stopped.
  private func follow(
    _ ranks: RankGroup, _ config: TrainingConfig, _ keepsSteps: Bool
  ) throws {
    let session = try FollowingSession(
      config, keepsSteps: keepsSteps, allowing: allowedChanges, ranks: ranks, in: root.project,
      report: { _ in })
    if case .stopped = try session.train(control) { throw ExitCode(130) }
  }

  /// Trains and prints the adapter's path. Throws `ExitCode` 130 if it was stopped.
  @discardableResult
  func train(_ body: (TrainingControl) throws -> TrainingResult) throws -> Run {
    defer { progress?.end() }
    let result = try body(control)
    progress?.end()
    profile?.end()
    switch result {
    case .finished(let run, let adapter):
      try Console.result(adapter.relativePath)
      return run
    case .stopped(let run, let step):
      if let minutes = process.maxMinutes, signal.isOver {
        Console.message("The \(minutes.short) minutes of --max-minutes are over.")
      }
      Console.message(
        step == 0
          ? "Stopped before the first step; the same command starts the run again."
          : "Stopped after step \(step) and saved; resume with lora-train resume \(run.id).")
      throw ExitCode(130)
    }
  }

  private func report(_ event: WorkspaceEvent) {
    switch event {
    case .starting(let start):
      show(start)
      progress = ProgressDisplay(start)
    case .training(let event):
      progress?.show(event)
      if case .step(let step) = event { profile?.finished(step.step) }
    case .note, .standardModel:
      progress?.end()
      Console.report(event)
    }
  }

  private func show(_ start: TrainingStart) {
    if let step = start.resumedFrom {
      Console.message("Resuming run \(start.run.id) from step \(step).")
    }
    Console.message(
      "Run \(start.run.id): \(start.images) \(start.images == 1 ? "image" : "images") of "
        + start.run.subject
        + (start.classImages > 0 ? " and \(start.classImages) class images, " : ", ")
        + "\(start.steps) steps at \(start.resolution) px on \(start.device)"
        + (start.ranks.map { ", by \($0.size) ranks on \(listing($0.hosts))" } ?? "") + ", "
        + "in \(start.folder.url.relativePath)")
    Console.message(start.memory)
    Console.message(start.exactness.description)
  }
}
