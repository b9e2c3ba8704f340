import ArgumentParser
import DreamBooth
import Foundation
import RunLog

/// A run as users name it: `7` or `latest`.
struct RunReference {
  /// nil: the latest.
  let id: Int64?

  static let latest = RunReference(id: nil)

  /// Reads what the user typed. Throws `ValidationError`.
  static func parse(_ text: String) throws -> RunReference {
    if text == "latest" { return latest }
    guard let id = Int64(text) else {
      throw ValidationError("a run is its number, as lora-train runs lists it, or latest")
    }
    return RunReference(id: id)
  }

  /// The run's record, and the log that it is in. Throws `RunLogError`, `NothingFound`.
  func find(below root: RootOption) throws -> (run: Run, log: RunLog) {
    guard let log = try root.existingRunLog(), let latest = try log.latest() else {
      throw NothingFound(
        "No run is recorded in \(root.database.relativePath); train one first with --subject.")
    }
    return (try id.map { try log.run($0) } ?? latest, log)
  }
}

/// A run's checkpoint as users name it: `7`, `latest`, `7@500`, `latest@500`.
struct CheckpointReference {
  let run: RunReference
  /// nil: the newest.
  let step: Int?

  /// Reads what the user typed. Throws `ValidationError`.
  static func parse(_ text: String) throws -> CheckpointReference {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let run = try RunReference.parse(String(parts[0]))
    guard parts.count == 2 else { return CheckpointReference(run: run, step: nil) }
    guard let step = Int(parts[1]), step > 0 else {
      throw ValidationError("what follows the @ is the step of a checkpoint, as in 7@500")
    }
    return CheckpointReference(run: run, step: step)
  }
}

extension Run {
  /// The run's folder below a root.
  func folder(below root: RootOption) -> RunFolder { RunFolder(root.url.appending(path: path)) }
}
