import ArgumentParser
import DreamBooth
import Foundation
import RunLog
import StableDiffusion
import Torch

/// One training from the command line: finds or begins the run, keeps its records, shows progress.
struct TrainingSession {
  let log: RunLog
  private let root: RootOption
  private let setup: TrainingSetup

  /// Reads and checks everything that the training needs, and says what is odd about the data.
  init(_ config: TrainingConfig, root: RootOption) throws {
    self.root = root
    let dataset = try Dataset.load(
      directory: URL(filePath: config.datasetPath), subject: config.subject)
    let model = try BaseModels(root: root).open(config.model)
    setup = try TrainingSetup(config: config, dataset: dataset, model: model, caches: root.caches)
    for problem in dataset.problems + dataset.enlargements(atResolution: setup.resolution) {
      Console.say("Note: \(problem)")
    }
    log = try root.runLog()
    try RunRepair(log: log, root: root).adoptUnknownRuns()
  }

  /// Trains an interrupted run to its end, or a new one.
  func train(continuing interrupted: Run?) throws {
    var run: Run?
    var checkpoint: CheckpointFolder?
    var lock: RunLock?
    if let interrupted {
      lock = try RunLock(interrupted.folder(below: root))
      checkpoint = try newestCheckpoint(of: interrupted)
      if try checkpoint != nil || isSameTraining(interrupted) { run = interrupted }
    }
    let current: Run
    if let run {
      current = try log.resume(
        run.id, from: checkpoint?.step ?? 0, sha256: checkpoint.map { try $0.verify() },
        steps: setup.config.steps, config: setup.config.recordJSON(), version: Version.current)
      Console.say("Going on with run \(run.id) from step \(checkpoint?.step ?? 0).")
    } else {
      current = try begin()
      lock = try RunLock(current.folder(below: root))
    }
    defer { withExtendedLifetime(lock) {} }
    try train(current, from: checkpoint)
  }

  private func begin() throws -> Run {
    let config = setup.config
    return try log.begin(
      subject: config.subject, steps: config.steps, model: setup.model.url.relativePath,
      dataset: config.datasetPath, config: config.recordJSON(), version: Version.current,
      above: Int64(RunFolder.highestID(below: root.url))
    ) { RunFolder.path(subject: config.subject, id: Int($0)) }
  }

  private func train(_ run: Run, from checkpoint: CheckpointFolder?) throws {
    let signal = StopSignal()
    let recorder = RunRecorder(log: log, run: run, device: setup.device)
    let progress = ProgressDisplay(steps: setup.config.steps)
    let folder = run.folder(below: root)
    Console.say(
      "Run \(run.id): \(setup.dataset.images.count) pictures of \(run.subject), "
        + "\(setup.config.steps) steps at \(setup.resolution) px on \(setup.device), "
        + "in \(folder.url.relativePath)")
    let outcome: Trainer.Outcome
    do {
      outcome = try Trainer(setup, run: Int(run.id), folder: folder).train(
        from: checkpoint, stopped: { signal.isRaised }
      ) { event in
        recorder.record(event)
        progress.show(event)
      }
    } catch {
      progress.end()
      recorder.fail(String(describing: error))
      throw error
    }
    progress.end()
    switch outcome {
    case .finished:
      recorder.finish()
      Console.answer(try folder.checkpoint(step: setup.config.steps).adapter.relativePath)
    case .stopped(let step):
      recorder.interrupt()
      Console.say("Stopped after step \(step) and saved; the same command goes on from there.")
      throw ExitCode(130)
    }
  }

  /// The checkpoint to go on from. Throws `CheckpointError` where it would not be the same training.
  private func newestCheckpoint(of run: Run) throws -> CheckpointFolder? {
    let (checkpoint, problems) = run.folder(below: root).newestCheckpoint()
    for problem in problems { Console.say("Note: \(problem)") }
    guard let checkpoint else { return nil }
    let state = try checkpoint.state()
    let differences =
      try setup.config.differencesForbiddenOnResume(from: state.config).map(\.description)
      + setup.identity.differences(from: state.identity)
    guard differences.isEmpty else {
      throw CheckpointError.differs(run: "Run \(run.id)", differences: differences)
    }
    guard setup.config.steps >= state.step else {
      throw CheckpointError.stepsDone(asked: setup.config.steps, done: state.step)
    }
    return checkpoint
  }

  /// Whether a run that has saved nothing yet was to be this training.
  private func isSameTraining(_ run: Run) throws -> Bool {
    let recorded = try TrainingConfig(recorded: run)
    return try setup.config.differencesForbiddenOnResume(from: recorded).isEmpty
  }
}

extension TrainingConfig {
  /// The configuration that a run was recorded with. Throws `NothingFound` where it is of another
  /// version.
  init(recorded run: Run) throws {
    do {
      self = try JSONDecoder().decode(TrainingConfig.self, from: Data(run.config.utf8))
    } catch {
      throw NothingFound(
        "Run \(run.id) was recorded by version \(run.version) with options that this version does "
          + "not know; continue it with that version.")
    }
  }
}
