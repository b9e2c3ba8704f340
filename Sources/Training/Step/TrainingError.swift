public import Files

/// An error that ends a training.
public enum TrainingError: ReportableError, Equatable {
  /// The loss is not finite.
  case lossNotFinite(SampleSources)
  /// The loss is finite, but its gradients are not.
  case gradientsNotFinite(SampleSources)
  /// There is no memory to go down a rung of the memory ladder.
  case noMemory(rung: String, reason: String)
  /// The loss of a validation image is not finite.
  case validationNotFinite(file: String, timestep: Int, step: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .noMemory: .unavailable
    case .lossNotFinite, .gradientsNotFinite, .validationNotFinite: .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .lossNotFinite(let sources):
      "The loss of \(sources) is not finite; lower the learning rate, or train in bf16 or fp32."
    case .gradientsNotFinite(let sources):
      "The gradients of \(sources) are not finite; lower the learning rate, or train in bf16 or "
        + "fp32."
    case .noMemory(let rung, let reason):
      "There is not enough memory to continue with \(rung) (\(reason)); use a smaller resolution, batch "
        + "or precision."
    case .validationNotFinite(let file, let timestep, let step):
      "The validation loss of \(file) at timestep \(timestep) is not finite after step \(step); "
        + "lower the learning rate, or train in bf16 or fp32."
    }
  }
}

/// The samples of a step, for messages: `step 3 (dog.jpg at timestep 481)`.
public struct SampleSources: Sendable, Equatable, CustomStringConvertible {
  /// The step's number, from 1.
  public let step: Int
  /// Name of each sample's image.
  public private(set) var files: [String] = []
  /// Timestep of each sample.
  public private(set) var timesteps: [Int] = []

  /// Creates a step without samples.
  init(step: Int) { self.step = step }

  /// These samples and those of another pass.
  func adding(_ samples: PassSamples) -> SampleSources {
    var sources = self
    sources.files += samples.files
    sources.timesteps += samples.timesteps
    return sources
  }

  /// The step, and each file with its timestep.
  public var description: String {
    let samples = zip(files, timesteps).map { "\($0) at timestep \($1)" }
    return "step \(step) (\(listing(samples)))"
  }
}
