package import Files

/// A run that a command cannot use.
package enum RunError: ReportableError, Equatable {
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
  /// All recorded checkpoints of the run are missing.
  case checkpointsGone(run: Int64, step: Int, folder: String)

  package var kind: ErrorKind {
    switch self {
    case .noRuns, .noneInterrupted, .otherVersion, .checkpointsGone: .missingInput
    case .finished, .unfinished: .usage
    }
  }

  package var description: String {
    switch self {
    case .noRuns(let file):
      "No run is recorded in \(file); train one first with `subject`."
    case .noneInterrupted(let file):
      "No run in \(file) was interrupted; start one with `subject`."
    case .otherVersion(let run, let version):
      "Run \(run) was recorded by version \(version) with options that this version does not know; "
        + "resume it with that version."
    case .finished(let run, let step):
      "Run \(run) is finished at step \(step); start a new one with `subject`."
    case .unfinished(let run, let step, let steps):
      "Run \(run) is at step \(step) of \(steps); finish it first with lora-train resume \(run)."
    case .checkpointsGone(let run, let step, let folder):
      "Run \(run) has done \(step) steps, but \(folder) has no checkpoint; put the folder back, or "
        + "start a new run with `new`."
    }
  }
}
