import ArgumentParser
import Files
import Foundation
import RunLog
import Training
import Workspace

/// A training at the console: its progress, the signals that stop it, and how it ended.
final class ConsoleTraining {
  private let root: RootOption
  private let process: RunOptions
  private let allowedChanges: Set<String>
  private let signal: StopSignal
  private var progress: ProgressDisplay?

  /// Catches signals from now on. Throws `UsageError`.
  init(_ process: RunOptions, root: RootOption) throws {
    allowedChanges = try process.allowedChanges()
    signal = StopSignal(minutes: process.maxMinutes)
    self.process = process
    self.root = root
  }

  /// Reads and checks what a training needs.
  func session(_ config: TrainingConfig) throws -> TrainingSession {
    try TrainingSession(
      config, allowing: allowedChanges, in: root.project, report: { [self] in report($0) })
  }

  /// Trains, and prints the adapter's path. Throws `ExitCode` 130 where it was stopped.
  @discardableResult
  func train(_ body: (TrainingControl) throws -> TrainingResult) throws -> Run {
    defer { progress?.end() }
    let control = TrainingControl(
      stopped: { [signal] in signal.isRaised },
      wantsSave: { [signal] in signal.takeSaveRequest() })
    let result = try body(control)
    progress?.end()
    switch result {
    case .finished(let run, let adapter):
      try Console.answer(adapter.relativePath)
      return run
    case .stopped(let run, let step):
      if let minutes = process.maxMinutes, signal.isOver {
        Console.say("The \(minutes.short) minutes of --max-minutes are over.")
      }
      Console.say(
        step == 0
          ? "Stopped before the first step; the same command begins again."
          : "Stopped after step \(step) and saved; lora-train resume \(run.id) goes on from there.")
      throw ExitCode(130)
    }
  }

  private func report(_ event: WorkspaceEvent) {
    switch event {
    case .starting(let start):
      show(start)
      progress = ProgressDisplay(steps: start.steps, device: start.device)
    case .training(let event):
      progress?.show(event)
    case .note, .standardModel:
      progress?.end()
      Console.report(event)
    }
  }

  private func show(_ start: TrainingStart) {
    if let step = start.resumedFrom {
      Console.say("Going on with run \(start.run.id) from step \(step).")
    }
    Console.say(
      "Run \(start.run.id): \(start.images) \(start.images == 1 ? "picture" : "pictures") of "
        + start.run.subject
        + (start.classImages > 0 ? " and \(start.classImages) class images, " : ", ")
        + "\(start.steps) steps at \(start.resolution) px on \(start.device), "
        + "in \(start.folder.url.relativePath)")
    Console.say(start.exactness.description)
  }
}
