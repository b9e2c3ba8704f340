import ArgumentParser
import DreamBooth
import Failpoints
import Foundation
import NN
import RunLog
import StableDiffusion
import Torch

/// One training from the command line: finds or begins the run, keeps its records, shows progress.
struct TrainingSession {
  private let log: RunLog
  private let root: RootOption
  private let setup: TrainingSetup
  private let signal: StopSignal
  private let maxMinutes: Double?

  /// Reads and checks everything that the training needs, and says what is odd about the data.
  init(_ config: TrainingConfig, process: RunOptions, root: RootOption) throws {
    let allowedChanges = try process.allowedChanges()
    signal = StopSignal(minutes: process.maxMinutes)
    maxMinutes = process.maxMinutes
    self.root = root
    Failpoint.startUp.pass()
    var config = config
    let dataset = try Dataset.load(
      directory: URL(filePath: config.datasetPath), subject: config.subject)
    let models = BaseModels(root: root)
    let name = try config.model ?? models.standardName()
    config.model = name
    let model = try models.open(name)
    var setup = try TrainingSetup(
      config: config, dataset: dataset, model: model, caches: root.caches)
    setup.allowedChanges = allowedChanges
    self.setup = setup
    Failpoint.startUp.pass()
    for problem in setup.problems { Console.say("Note: \(problem)") }
    log = try root.runLog()
  }

  /// Goes on with the run that the same command has begun before, or begins a new one. Throws
  /// `CheckpointError` where the subject's latest run is not finished and was another training.
  func train() throws {
    if let interrupted = try ResumableRun.find(for: setup, in: log, root: root) {
      try resume(interrupted)
    } else {
      try trainAnew()
    }
  }

  /// Begins a new run, whatever there is. Throws errors of the training.
  @discardableResult
  func trainAnew() throws -> Run {
    let run = try begin()
    Failpoint.startUp.pass()
    let lock = try RunLock(run.folder(below: root))
    defer { withExtendedLifetime(lock) {} }
    Failpoint.startUp.pass()
    try train(run, setup, from: nil)
    return run
  }

  /// Trains again what a state tells of, as a new run, once it is found to be the same training.
  /// Throws `CheckpointError.differs` where it would not be.
  func trainAgain(_ run: Run, _ state: TrainingState) throws -> Run {
    let differences = try setup.differences(from: state)
    guard differences.isEmpty else {
      throw CheckpointError.differs(
        run: "Run \(run.id)", differences: differences.map(\.description))
    }
    return try trainAnew()
  }

  /// Trains an interrupted run to its end; one that has saved nothing, and was to be another
  /// training, is left behind for a new one. Throws `CheckpointError` where it would not be the same
  /// training.
  func resume(_ interrupted: Run) throws {
    let lock = try RunLock(interrupted.folder(below: root))
    defer { withExtendedLifetime(lock) {} }
    Failpoint.startUp.pass()
    for sentence in try interrupted.folder(below: root).clearLeftovers() {
      Console.say("Note: \(sentence)")
    }
    // Another process may have trained it since it was found.
    let resumable = try ResumableRun(log.run(interrupted.id), setup: setup, root: root)
    let run = resumable.run
    let setup = resumable.setup
    for problem in resumable.damages + resumable.notes { Console.say("Note: \(problem)") }
    guard let checkpoint = resumable.checkpoint else {
      // Training from nothing would in time replace them all.
      if let problem = resumable.damages.first {
        throw CheckpointError.noneWhole(run: "Run \(run.id)", problem: problem)
      }
      if resumable.differences.isEmpty {
        try beginAgain(run, setup, changes: resumable.changes)
      } else {
        try trainAnew()
      }
      return
    }
    guard resumable.differences.isEmpty else {
      throw CheckpointError.differs(
        run: "Run \(run.id)", differences: resumable.differences)
    }
    guard setup.config.steps >= checkpoint.step else {
      throw CheckpointError.stepsDone(asked: setup.config.steps, done: checkpoint.step)
    }
    if !resumable.changes.isEmpty {
      Console.say(
        "Note: run \(run.id) goes on with other than so far "
          + "(\(resumable.changes.joined(separator: "; "))), and is not exact any more.")
    }
    // A database that could not be written for a while lacks some.
    let records = RunRecords.read(
      run.folder(below: root), known: try log.checkpoints(run.id)
    ).records
    try records.enter(run, in: log)
    try goOn(
      run, setup, from: checkpoint, changes: resumable.changes,
      keepsValidation: setup.keepsValidation(of: checkpoint.state()))
  }

  /// Trains a run from nothing under its number. Its samples are removed: they may be of other
  /// prompts, or of another base model.
  private func beginAgain(_ run: Run, _ setup: TrainingSetup, changes: [String]) throws {
    let samples = run.folder(below: root).sampleGrid(step: 0).deletingLastPathComponent()
    if FileManager.default.fileExists(atPath: samples.path) {
      do {
        try FileManager.default.removeItem(at: samples)
      } catch {
        throw FileAccessError.unwritable(file: samples.relativePath, reason: error.reason)
      }
    }
    try goOn(run, setup, from: nil, changes: changes)
  }

  private func begin() throws -> Run {
    let config = setup.config
    return try log.begin(
      subject: config.subject, steps: config.steps,
      model: config.model ?? setup.model.url.relativePath,
      dataset: config.datasetPath, config: config.recordJSON(), version: Version.current,
      above: Int64(RunFolder.highestID(below: root.url))
    ) { RunFolder.path(subject: config.subject, id: Int($0)) }
  }

  /// Trains a run on, and records that once it is prepared: what ends it before then has not touched
  /// the run.
  private func goOn(
    _ run: Run, _ setup: TrainingSetup, from checkpoint: CheckpointFolder?, changes: [String],
    keepsValidation: Bool = true
  ) throws {
    let continuation = Continuation(
      step: checkpoint?.step ?? 0, sha256: try checkpoint?.verify(), version: Version.current,
      changes: checkpoint == nil ? [] : changes)
    Console.say("Going on with run \(run.id) from step \(continuation.step).")
    try train(run, setup, from: checkpoint, continuation) {
      try log.resume(
        run.id, from: continuation.step, sha256: continuation.sha256, steps: setup.config.steps,
        config: setup.config.recordJSON(), version: Version.current,
        keepsValidation: keepsValidation,
        changes: continuation.changes.isEmpty
          ? nil : continuation.changes.joined(separator: "; "))
    }
  }

  /// - Parameter resume: records, once all is prepared, that a run goes on; nil for a run that is
  ///   recorded as running already.
  private func train(
    _ run: Run, _ setup: TrainingSetup, from checkpoint: CheckpointFolder?,
    _ continuation: Continuation? = nil, resume: (() throws -> Run)? = nil
  ) throws {
    let recorder = RunRecorder(log: log, root: root, run: run, device: setup.device)
    let progress = ProgressDisplay(steps: setup.config.steps, device: setup.device)
    let folder = run.folder(below: root)
    let count = setup.dataset.images.count
    let classImages = setup.config.priorImages ?? 0
    Console.say(
      "Run \(run.id): \(count) \(count == 1 ? "picture" : "pictures") of \(run.subject)"
        + (classImages > 0 ? " and \(classImages) class images, " : ", ")
        + "\(setup.config.steps) steps at \(setup.resolution) px on \(setup.device), "
        + "in \(folder.url.relativePath)")
    Console.say(setup.exactness.description)
    var isRecorded = resume == nil
    let outcome: Trainer.Outcome
    do {
      let trainer = Trainer(setup, run: Int(run.id), folder: folder)
      let report = { (event: TrainingEvent) in
        if case .ready = event, let resume {
          recorder.run = try resume()
          isRecorded = true
        }
        recorder.record(event)
        progress.show(event)
      }
      outcome = try trainer.train(
        from: checkpoint, continuation: continuation, stopped: { signal.isRaised },
        wantsSave: { signal.takeSaveRequest() }, report: report)
    } catch {
      progress.end()
      if isRecorded { recorder.fail(String(describing: error)) }
      throw error
    }
    progress.end()
    switch outcome {
    case .finished:
      recorder.finish()
      try Console.answer(folder.checkpoint(step: setup.config.steps).adapter.relativePath)
    case .stopped(let step):
      if isRecorded { recorder.interrupt() }
      if let maxMinutes, signal.isOver {
        Console.say(
          "The \(maxMinutes.formatted(.number.grouping(.never))) minutes of --max-minutes are over."
        )
      }
      Console.say(
        step == 0
          ? "Stopped before the first step; the same command begins again."
          : "Stopped after step \(step) and saved; lora-train resume \(run.id) goes on from there.")
      throw ExitCode(130)
    }
  }
}
