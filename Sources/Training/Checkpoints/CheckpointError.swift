public import Files
import Torch

/// A checkpoint that cannot be used.
public enum CheckpointError: ReportableError, Equatable {
  /// A file is missing or not what the manifest says.
  case damaged(folder: String, problem: String)
  /// Made by a version of this program that lays checkpoints out differently.
  case otherFormat(folder: String, format: Int)
  /// The run has no checkpoint of that step.
  case noSuchStep(Int, run: String, existing: [Int])
  /// The mathematics would not be those of the run.
  case differs(run: String, differences: [String])
  /// Fewer steps are asked for than are done.
  case stepsDone(asked: Int, done: Int)
  /// What is done could not be saved.
  case unsaved(run: String, step: Int, saved: Int?, reason: String)
  /// None of a run's checkpoints is whole.
  case noneWhole(run: String, problem: String)
  /// The record of a run's losses is not what was written.
  case historyDamaged(file: String, problem: String)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    switch self {
    case .damaged, .noneWhole, .otherFormat, .differs, .historyDamaged: .badData
    case .noSuchStep: .missingInput
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
        : "\(run) has no checkpoint of step \(step); there are "
          + existing.map(String.init).joined(separator: ", ") + "."
    case .differs(let run, let differences):
      "\(run) cannot be continued, because it would not be the same training ("
        + listing(differences, separator: "; ")
        + "); undo the change, let it pass with `allow_change`, or start a new run with `new`."
    case .stepsDone(let asked, let done):
      "`steps` is \(asked), but the run has done \(done) already; give more than that, or start a "
        + "new run with `new`."
    case .unsaved(let run, let step, let saved, let reason):
      "\(run) is at step \(step), which could not be saved (\(reason)); what is saved is whole, "
        + "\(saved.map { "up to step \($0)" } ?? "but there is no checkpoint yet"), and "
        + "lora-train resume goes on from there."
    case .noneWhole(let run, let problem):
      "\(run) cannot be continued, because none of its checkpoints is whole (\(problem)); put one back "
        + "from a copy, or start a new run with `new`."
    case .historyDamaged(let file, let problem):
      "\(file) is damaged: \(problem); the run can be resumed, but losses that are in this file alone "
        + "are lost."
    }
  }
}
