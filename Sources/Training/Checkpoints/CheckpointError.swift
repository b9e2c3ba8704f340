public import Files
import Torch

/// A checkpoint that cannot be used.
public enum CheckpointError: ReportableError, Equatable {
  /// A file is missing or its hash is not that of the manifest.
  case damaged(folder: String, problem: String)
  /// The checkpoint has a format that this version does not read.
  case otherFormat(folder: String, format: Int)
  /// The run has no checkpoint of that step.
  case noSuchStep(Int, run: String, existing: [Int])
  /// The run was trained without an average of its weights.
  case noAverage(folder: String)
  /// The training would not be that of the run.
  case differs(run: String, differences: [TrainingDifference])
  /// The run has already done more steps than requested.
  case stepsDone(requested: Int, done: Int)
  /// The last steps could not be saved.
  case unsaved(run: String, step: Int, saved: Int?, reason: String)
  /// All checkpoints of a run are damaged.
  case noneWhole(run: String, problem: String)
  /// The file `history.jsonl` is missing or damaged.
  case historyDamaged(file: String, problem: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .damaged, .noneWhole, .otherFormat, .differs, .historyDamaged: .badData
    case .noSuchStep, .noAverage: .missingInput
    case .stepsDone: .usage
    case .unsaved: .inputOutput
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .damaged(let folder, let problem):
      "The checkpoint \(folder) is damaged: \(problem); use an earlier one."
    case .otherFormat(let folder, let format):
      "The checkpoint \(folder) has format \(format), which this version does not read; use the "
        + "version that wrote it."
    case .noSuchStep(let step, let run, let existing):
      existing.isEmpty
        ? "\(run) has no checkpoint yet; train it further."
        : "\(run) has no checkpoint of step \(step); choose one of "
          + existing.map(String.init).joined(separator: ", ") + "."
    case .noAverage(let folder):
      "The checkpoint \(folder) has no \(CheckpointFolder.emaName), since its run was trained without "
        + "`ema`; leave `ema` out here, or train a run with it."
    case .differs(let run, let differences):
      "\(run) cannot be resumed, because its training would change ("
        + listing(differences.map(\.description), separator: "; ") + "); undo the change, "
        + (differences.allSatisfy(\.canBeAllowed) ? "allow it with `allow_change`, " : "")
        + "or start a new run with `new`."
    case .stepsDone(let requested, let done):
      "`steps` is \(requested), but the run has already done \(done) steps; set `steps` to more, "
        + "or start a new run with `new`."
    case .unsaved(let run, let step, let saved, let reason):
      "Step \(step) of \(run) could not be saved (\(reason)); "
        + (saved.map { "lora-train resume resumes the run from step \($0)." }
          ?? "the run has no checkpoint yet, so lora-train resume starts it again.")
    case .noneWhole(let run, let problem):
      "\(run) cannot be resumed, because all its checkpoints are damaged (\(problem)); restore one "
        + "from a copy, or start a new run with `new`."
    case .historyDamaged(let file, let problem):
      "\(file) is damaged: \(problem); the run can be resumed, but losses that only this file "
        + "contains are lost."
    }
  }
}
