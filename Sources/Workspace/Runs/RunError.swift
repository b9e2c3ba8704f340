package import Files

/// A run that a command cannot use.
package enum RunError: ReportableError, Equatable {
  /// The project folder does not exist.
  case noFolder(String)
  /// The project has no runs.
  case noRuns(file: String)
  /// There is no run to resume.
  case noneInterrupted(file: String)
  /// The recorded configuration has options that this version does not know.
  case otherVersion(run: Int64, version: String)
  /// A finished run cannot be resumed.
  case finished(run: Int64, step: Int)
  /// An unfinished run cannot be trained again.
  case unfinished(run: Int64, step: Int, steps: Int)
  /// All recorded checkpoints of the run are missing. `renamed` is a folder that has them.
  case checkpointsGone(run: Int64, step: Int, folder: String, renamed: String?)
  /// The last checkpoint of a finished run is missing.
  case lastCheckpointGone(run: Int64, step: Int, newest: Int)
  /// A checkpoint in the run's folder is that of another run. `owner` is nil for a run of the same number
  /// in another project.
  case otherRun(checkpoint: String, run: Int64, owner: Int64?)

  package var kind: ErrorKind {
    switch self {
    case .noFolder, .noRuns, .noneInterrupted, .otherVersion, .checkpointsGone, .lastCheckpointGone:
      .missingInput
    case .finished, .unfinished: .usage
    case .otherRun: .badData
    }
  }

  package var description: String {
    switch self {
    case .noFolder(let folder):
      "\(folder) does not exist, so there are no runs; give another folder with `root`, or start a run "
        + "with `subject`."
    case .noRuns(let file):
      "No run is recorded in \(file); train one first with `subject`."
    case .noneInterrupted(let file):
      "No run in \(file) was interrupted; start one with `subject`."
    case .otherVersion(let run, let version):
      "Run \(run) was recorded by version \(version) with options that this version does not know; "
        + "resume it with that version."
    case .finished(let run, let step):
      "Run \(run) is finished at step \(step); extend it with more `steps`, or start a new one with "
        + "`subject`."
    case .unfinished(let run, let step, let steps):
      "Run \(run) is at step \(step) of \(steps); finish it first with lora-train resume \(run)."
    case .checkpointsGone(let run, let step, let folder, let renamed):
      "Run \(run) has done \(step) steps, but \(folder) has no checkpoint; "
        + (renamed.map { "rename \($0), which has its checkpoints, to run-\(run)" }
          ?? "put the folder back")
        + ", or start a new run with `new`."
    case .lastCheckpointGone(let run, let step, let newest):
      "Run \(run) has lost its checkpoint of step \(step), and its newest one is of step \(newest); "
        + "train the steps since then again with lora-train resume \(run)."
    case .otherRun(let checkpoint, let run, let owner):
      "\(checkpoint) is not a checkpoint of run \(run), but one of "
        + (owner.map { "run \($0)" } ?? "another project's run \(run)")
        + "; move it out of the folder, or put the checkpoint of run \(run) back."
    }
  }
}
