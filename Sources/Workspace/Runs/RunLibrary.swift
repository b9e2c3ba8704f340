import Foundation
package import RunLog
package import Training

/// The runs of a project folder, for looking at: nothing in the folder is made or changed.
///
/// Where the database is lost or behind, the run folders are what counts: a run that is not recorded is
/// listed as its folder has it, and one whose process died as interrupted. ``RunRepair`` writes the same
/// into the database.
package struct RunLibrary {
  package let project: ProjectFolder
  /// What the user should know of records and folders that differ, a sentence each.
  package let notes: [String]

  private let recorded: RunArchive?
  /// The runs that the database has not, or not as they are.
  private let found: RunLog
  private let foundIDs: Set<Int64>

  /// Reads which runs there are. Throws `RunLogError`.
  package init(_ project: ProjectFolder) throws {
    self.project = project
    recorded = try RunArchive(at: project.database)
    found = try RunLog(inMemoryAt: project.database)
    let survey = RunSurvey(project: project)
    let runs = try recorded?.runs() ?? []
    // The tensors of every checkpoint are too much to read for a list.
    let check = { (checkpoint: CheckpointFolder) in try checkpoint.verifyState() }
    let (unrecorded, problems) = try survey.unrecorded(besides: runs, check: check)
    for run in unrecorded { try run.records.enter(run.run, in: found) }
    for dead in runs where survey.isDead(dead) {
      guard let recorded else { continue }
      let known = try RunRecords(of: dead.id, in: recorded)
      let (run, records) = survey.reconciled(dead, known: known.checkpoints, check: check)
      try known.enter(run, in: found)
      try records.enter(run, in: found)
    }
    foundIDs = Set(try found.runs().map(\.id))
    notes =
      problems
      + unrecorded.map {
        "\($0.folder.url.relativePath) is not recorded in \(project.database.relativePath); it is "
          + "shown as its folder has it, and recorded by the next training."
      }
  }

  /// All runs, oldest first.
  package func runs() throws -> [Run] { try merged(recorded?.runs(), found.runs(), id: \.id) }

  /// All runs as `runs --json` lists them, oldest first.
  package func summaries() throws -> [RunSummary] {
    try merged(recorded?.summaries(), found.summaries(), id: \.run.id)
  }

  /// The run that is meant. Throws `RunError.noRuns`, `RunLogError.noSuchRun`.
  package func run(_ reference: RunReference) throws -> Run {
    let runs = try runs()
    guard let latest = runs.last else {
      throw RunError.noRuns(file: project.database.relativePath)
    }
    guard let id = reference.id else { return latest }
    guard let run = runs.first(where: { $0.id == id }) else {
      throw RunLogError.noSuchRun(
        id: id, file: project.database.relativePath, existing: runs.map(\.id))
    }
    return run
  }

  /// The run to resume: the one that is meant, or the latest that is not finished. Throws `RunError`,
  /// `RunLogError.noSuchRun`.
  package func resumable(_ reference: RunReference) throws -> Run {
    if reference.id == nil {
      guard let latest = try runs().last(where: { $0.status != .finished }) else {
        throw RunError.noneInterrupted(file: project.database.relativePath)
      }
      return latest
    }
    let run = try run(reference)
    guard run.status != .finished else { throw RunError.finished(run: run.id, step: run.step) }
    return run
  }

  /// A run as `show --json` shows it. Throws `RunLogError`.
  package func detail(of run: Run) throws -> RunDetail { try history(of: run).detail(run.id) }

  /// All that is recorded of a run. Throws `RunLogError`.
  package func records(of run: Run) throws -> RunRecords {
    try RunRecords(of: run.id, in: history(of: run))
  }

  /// The checkpoint of a step, or the newest, checked against its hashes. Throws `CheckpointError`, and
  /// `RunError.checkpointsGone` where a run has lost all of them.
  ///
  /// - Returns: also a sentence where the newest one is gone, and an older one is returned.
  package func checkpoint(
    _ step: Int?, of run: Run
  ) throws -> (checkpoint: CheckpointFolder, note: String?) {
    let folder = project.folder(of: run)
    let newest = try records(of: run).checkpoints.last?.step
    if newest != nil, folder.checkpoints.isEmpty {
      throw RunError.checkpointsGone(
        run: run.id, step: run.step, folder: folder.url.relativePath)
    }
    let checkpoint = try folder.checkpoint(step: step)
    guard step == nil, let newest, newest > checkpoint.step else { return (checkpoint, nil) }
    return (
      checkpoint,
      "Run \(run.id) has lost its checkpoint of step \(newest); that of step \(checkpoint.step) is "
        + "used."
    )
  }

  /// Reads every page of the database. Throws `RunLogError.damaged`.
  package func verify() throws { try recorded?.verify() }

  private func history(of run: Run) -> any RunHistory {
    if let recorded, !foundIDs.contains(run.id) { recorded } else { found }
  }

  private func merged<Value>(
    _ recorded: [Value]?, _ found: [Value], id: (Value) -> Int64
  ) -> [Value] {
    ((recorded ?? []).filter { !foundIDs.contains(id($0)) } + found).sorted { id($0) < id($1) }
  }
}
