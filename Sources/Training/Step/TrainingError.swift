public import Files

/// A training that cannot start or go on.
public enum TrainingError: ReportableError, Equatable {
  /// The loss is not a number.
  case lossNotFinite(SampleSources)
  /// The loss is a number, but its gradients are not.
  case gradientsNotFinite(SampleSources)
  /// The loss of a held-out picture is not a number.
  case heldOutNotFinite(file: String, timestep: Int, step: Int)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .lossNotFinite(let sources):
      "The loss of \(sources) is not finite; lower the learning rate, or train in bf16 or fp32."
    case .gradientsNotFinite(let sources):
      "The gradients of \(sources) are not finite; lower the learning rate, or train in bf16 or "
        + "fp32."
    case .heldOutNotFinite(let file, let timestep, let step):
      "The held-out loss of \(file) at timestep \(timestep) is not finite after step \(step); lower "
        + "the learning rate, or train in bf16 or fp32."
    }
  }
}

/// What a step's numbers come from, for messages: `step 3 (dog.jpg at timestep 481)`.
public struct SampleSources: Sendable, Equatable, CustomStringConvertible {
  /// Counted from 1.
  public let step: Int
  /// The file of each sample.
  public private(set) var files: [String] = []
  /// The timestep of each sample.
  public private(set) var timesteps: [Int] = []

  /// A step without samples yet.
  init(step: Int) { self.step = step }

  /// These and the samples of more batches.
  func adding(_ batches: [TrainingBatch]) -> SampleSources {
    var sources = self
    for batch in batches {
      sources.files += batch.files
      sources.timesteps += batch.timesteps
    }
    return sources
  }

  /// The step, and each file with its timestep.
  public var description: String {
    let samples = zip(files, timesteps).map { "\($0) at timestep \($1)" }
    return "step \(step) (\(listing(samples)))"
  }
}
