package import Files
import Foundation
package import RunLog
package import StableDiffusion
package import Training

/// Reads the runs of a project folder. It creates and changes no file.
///
/// If the database is missing or out of date, the run folders count: an unrecorded run is listed from its
/// folder, and a run whose process died is listed as interrupted. ``RunRepair`` writes the same into the
/// database.
package struct RunLibrary {
  package let project: ProjectFolder
  /// Differences between the database and the run folders, one sentence each.
  package let notes: [String]

  /// Whether the project folder exists.
  private let exists: Bool
  private let recorded: RunArchive?
  /// The runs that the database lacks or has out of date.
  private let found: RunLog
  private let foundIDs: Set<Int64>

  /// Reads the database and the run folders. Throws `RunLogError`, `FileAccessError.linkTarget`,
  /// `ProjectFolderError`.
  package init(_ project: ProjectFolder) throws {
    exists = try project.exists()
    self.project = project
    recorded = try RunArchive(at: project.database)
    found = try RunLog(inMemoryAt: project.database)
    let survey = RunSurvey(project: project)
    let runs = try recorded?.runs() ?? []
    // Only states: reading the tensors of every checkpoint takes too long for a list.
    let check = { (checkpoint: CheckpointFolder) in try checkpoint.verifyState() }
    let (unrecorded, problems) = try survey.unrecorded(besides: runs, check: check)
    for run in unrecorded { try run.records.enter(run.run, in: found) }
    var lost: [String] = []
    for dead in runs where survey.isDead(dead) {
      guard let recorded else { continue }
      let known = try RunRecords(of: dead.id, in: recorded)
      let (run, records, note) = survey.reconciled(dead, known: known.checkpoints, check: check)
      if let note { lost.append(note) }
      try known.enter(run, in: found)
      try records.enter(run, in: found)
    }
    foundIDs = Set(try found.runs().map(\.id))
    notes =
      problems + lost
      + unrecorded.map {
        "\($0.folder.url.relativePath) is not recorded in \(project.database.relativePath); it is "
          + "read from its folder, and the next training records it."
      }
  }

  /// All runs, oldest first.
  package func runs() throws -> [Run] {
    try merged(recorded?.runs(), found.runs(), id: \.id).map(current)
  }

  /// The summaries of all runs, oldest first.
  package func summaries() throws -> [RunSummary] {
    try merged(recorded?.summaries(), found.summaries(), id: \.run.id).map { summary in
      var summary = summary
      summary.run = current(summary.run)
      return summary
    }
  }

  /// Throws `RunError.noFolder`, `RunError.noRuns`, `RunLogError.noSuchRun`.
  package func run(_ reference: RunReference) throws -> Run {
    let runs = try runs()
    guard let latest = runs.last else {
      throw missing(.noRuns(file: project.database.relativePath))
    }
    guard let id = reference.id else { return latest }
    guard let run = runs.first(where: { $0.id == id }) else {
      throw RunLogError.noSuchRun(
        id: id, file: project.database.relativePath, existing: runs.map(\.id))
    }
    return run
  }

  /// An error for missing runs, or that for a missing project folder.
  private func missing(_ error: RunError) -> RunError {
    exists ? error : .noFolder(project.url.relativePath)
  }

  /// The latest run of a subject if it is unfinished, else nil. Throws `RunLogError`.
  package func interrupted(of subject: String) throws -> Run? {
    try runs().last { $0.subject == subject }.flatMap { $0.status == .finished ? nil : $0 }
  }

  /// The run to resume: the named one, or without a name the latest unfinished one. `latest` is the latest
  /// run if it is to be extended, else the latest unfinished one. A finished run is returned if it is to be
  /// extended, or has lost its last checkpoint. Throws `RunError`, `RunLogError.noSuchRun`.
  package func resumable(_ reference: RunReference?, extends: Bool = false) throws -> Run {
    guard let reference, extends || reference.id != nil else {
      let runs = try runs()
      if let latest = runs.last(where: { $0.status != .finished }) { return latest }
      guard extends, let latest = runs.last else {
        throw missing(.noneInterrupted(file: project.database.relativePath))
      }
      return latest
    }
    let run = try run(reference)
    guard run.status == .finished, !extends else { return run }
    let newest = project.folder(of: run).checkpoints.first?.step ?? 0
    guard newest < run.steps else { throw RunError.finished(run: run.id, step: run.step) }
    return run
  }

  /// The run with its losses, checkpoints and samples. Throws `RunLogError`.
  ///
  /// - Parameter withLosses: whether the steps are read, which takes long for a long run.
  package func detail(of run: Run, withLosses: Bool = true) throws -> RunDetail {
    var detail = try history(of: run).detail(run.id, withLosses: withLosses)
    detail.summary.run = current(detail.summary.run)
    let folder = project.folder(of: run)
    detail.missingCheckpoints = project.lostCheckpoints(
      of: run, detail.checkpoints, validation: detail.validation)
    let kept = Set(folder.checkpoints.map(\.step) + detail.missingCheckpoints)
    detail.checkpoints.removeAll { !kept.contains($0.step) }
    detail.missingSamples = detail.samples.map(\.step).filter {
      !DurableFile.exists(folder.sampleGrid(step: $0))
    }
    return detail
  }

  /// A sentence on each checkpoint of another run in a run's folder. Throws `RunLogError`.
  package func strangers(in run: Run) throws -> [String] {
    let recorded = try history(of: run).checkpoints(run.id)
    let folder = project.folder(of: run)
    return folder.checkpoints.reversed().compactMap { checkpoint in
      do {
        try folder.checkOwner(of: checkpoint, recorded: recorded)
        return nil
      } catch {
        return "\(error)"
      }
    }
  }

  /// All records of a run. Throws `RunLogError`.
  package func records(of run: Run) throws -> RunRecords {
    try RunRecords(of: run.id, in: history(of: run))
  }

  /// The checkpoint of a step, or the newest one, checked against its hashes. Throws `CheckpointError`,
  /// `RunError.otherRun` for one of another run, and `RunError.checkpointsGone` for a run that has lost all
  /// checkpoints.
  ///
  /// - Returns: the checkpoint, and a note if it is not the newest one that was recorded.
  package func checkpoint(
    _ step: Int?, of run: Run
  ) throws -> (checkpoint: CheckpointFolder, note: String?) {
    let folder = project.folder(of: run)
    let recorded = try history(of: run).checkpoints(run.id)
    let newest = recorded.last?.step
    if newest != nil, folder.checkpoints.isEmpty {
      throw RunError.missingCheckpoints(of: run, in: project)
    }
    let checkpoint = try folder.checkpoint(step: step)
    try folder.checkOwner(of: checkpoint, recorded: recorded)
    guard step == nil, let newest, newest > checkpoint.step else { return (checkpoint, nil) }
    return (
      checkpoint,
      LostCheckpoints.sentence(run.id, [newest])
        + " The one of step \(checkpoint.step) is used."
    )
  }

  /// A note if the content of a base model differs from the one that the run was trained on; nil if it
  /// is the same, or if a newer version wrote the checkpoint. Throws `CheckpointError`,
  /// `FileAccessError`, `ModelError`, `WeightsError`.
  ///
  /// - Parameter step: the step of the checkpoint that is used; nil for the newest.
  package func note(
    on model: ModelDirectory, for run: Run, step: Int?, hashes: FileHashes
  ) throws -> String? {
    let state: TrainingState
    do {
      state = try checkpoint(step, of: run).checkpoint.state()
    } catch CheckpointError.otherFormat {
      return nil
    }
    let differences = try state.identity.differences(of: model, hashes: hashes)
    guard !differences.isEmpty else { return nil }
    return "The base model is not the one that run \(run.id) was trained on "
      + "(\(listing(differences.map(\.description)))); its adapter may look different on it."
  }

  /// Checks every page of the database. Throws `RunLogError.damaged`.
  package func verify() throws { try recorded?.verify() }

  /// A run with its state at this moment.
  private func current(_ run: Run) -> Run {
    var run = run
    run.status = RunSurvey(project: project).status(of: run)
    return run
  }

  private func history(of run: Run) -> any RunHistory {
    if let recorded, !foundIDs.contains(run.id) { recorded } else { found }
  }

  private func merged<Value>(
    _ recorded: [Value]?, _ found: [Value], id: (Value) -> Int64
  ) -> [Value] {
    ((recorded ?? []).filter { !foundIDs.contains(id($0)) } + found).sorted { id($0) < id($1) }
  }
}
