/// A training that cannot start or go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// The VAE gave something that is not a number for an image.
  case latentNotFinite(file: String)
  /// The loss is not a number.
  case lossNotFinite(SampleSources)
  /// The loss is a number, but its gradients are not.
  case gradientsNotFinite(SampleSources)
  /// The loss of a held-out picture is not a number.
  case heldOutNotFinite(file: String, timestep: Int, step: Int)
  /// The device that was asked for cannot be used.
  case noDevice(asked: String, cudaDevices: Int)

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .latentNotFinite(let file):
      "The latent of \(file) is not finite; remove the image, or use a VAE that does not overflow."
    case .lossNotFinite(let sources):
      "The loss of \(sources) is not finite; lower the learning rate, or train in bf16 or fp32."
    case .gradientsNotFinite(let sources):
      "The gradients of \(sources) are not finite; lower the learning rate, or train in bf16 or "
        + "fp32."
    case .heldOutNotFinite(let file, let timestep, let step):
      "The held-out loss of \(file) at timestep \(timestep) is not finite after step \(step); lower "
        + "the learning rate, or train in bf16 or fp32."
    case .noDevice(let asked, let count):
      count == 0
        ? "The device \(asked) is not available: libtorch sees no CUDA GPU; use --device cpu, or a "
          + "CUDA libtorch and driver."
        : "The device \(asked) is not available: libtorch sees \(count) CUDA "
          + "\(count == 1 ? "GPU, cuda:0" : "GPUs, cuda:0 to cuda:\(count - 1)")."
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

  mutating func add(_ batch: TrainingBatch) {
    files += batch.files
    timesteps += batch.timesteps
  }

  /// The step, and each file with its timestep.
  public var description: String {
    let samples = zip(files, timesteps).map { "\($0) at timestep \($1)" }
    return "step \(step) (\(listing(samples)))"
  }
}
