package import Files
package import Training

/// A run by its number or `latest`.
package struct RunReference: Sendable {
  package static let latest = RunReference(id: nil)

  package static func number(_ id: Int64) -> RunReference { RunReference(id: id) }

  /// nil for the latest.
  package let id: Int64?

  private init(id: Int64?) { self.id = id }

  /// Throws `RunReferenceError`.
  package static func parse(_ text: String) throws -> RunReference {
    if text == "latest" { return latest }
    guard let id = Int64(text) else { throw RunReferenceError.noRun }
    return RunReference(id: id)
  }
}

/// A run or one of its checkpoints: `7`, `latest`, `7@500`, `latest@500`.
package struct CheckpointReference: Sendable {
  package static let latest = CheckpointReference(run: .latest, step: nil)

  package let run: RunReference
  /// nil without a step.
  package let step: Int?
  /// Which adapter of the checkpoint.
  package var weights = CheckpointWeights.adapter

  /// Throws `RunReferenceError`.
  package static func parse(_ text: String) throws -> CheckpointReference {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let run = try RunReference.parse(String(parts[0]))
    guard parts.count == 2 else { return CheckpointReference(run: run, step: nil) }
    guard let step = Int(parts[1]), step > 0 else { throw RunReferenceError.noStep }
    return CheckpointReference(run: run, step: step)
  }
}

/// A text that is no run or checkpoint.
package enum RunReferenceError: ReportableError {
  case noRun
  case noStep

  package var kind: ErrorKind { .usage }

  package var description: String {
    switch self {
    case .noRun: "give the number of a run, as lora-train runs lists it, or latest"
    case .noStep: "give the step of a checkpoint after the @, as in 7@500"
    }
  }
}
