public import Foundation

/// What a training tells while it runs.
public enum TrainingEvent {
  /// Caches are being filled or the model is being read: what, how many of how many.
  case preparing(String, done: Int, of: Int)
  /// Something that the user should know, in one sentence.
  case note(String)
  /// The first step is about to begin: adapted layers and trained values.
  case ready(sites: Int, parameters: Int)
  /// An optimizer step is done.
  case step(StepReport)
  /// The held-out pictures were evaluated.
  case validation(ValidationReport)
  /// A picture of a sample grid is being drawn: which of how many.
  case sampling(step: Int, picture: Int, of: Int)
  /// A sample grid is written.
  case sample(step: Int, grid: URL)
  /// A checkpoint is about to be written, in the background.
  case saving(step: Int)
  /// A checkpoint is written; `sha256` is its adapter's.
  case checkpoint(step: Int, folder: URL, sha256: String)
  /// A checkpoint could not be written, for a reason in one sentence; the training goes on, and the
  /// next attempt is in so many seconds at the latest.
  case unsaved(step: Int, reason: String, retryIn: Int)
  /// The checkpoints of these steps were removed, as the configuration asks.
  case removed(steps: [Int])
}

/// One optimizer step.
public struct StepReport: Codable, Sendable, Equatable {
  /// Counted from 1.
  public var step: Int
  /// Mean over the accumulated forward passes.
  public var loss: Double
  /// As used in this step.
  public var learningRate: Double
  /// 2-norm of the gradients before clipping; nil where float16 overflowed and the step was left
  /// out.
  public var gradNorm: Double?
  /// Seconds, samples and checkpoints excluded.
  public var seconds: Double
  /// Mean timestep of the samples.
  public var timestep: Double
  /// With class images: the part of the loss that is the subject's.
  public var instanceLoss: Double?
  /// With class images: theirs, before it is weighted.
  public var priorLoss: Double?

  private enum CodingKeys: String, CodingKey {
    case step
    case loss
    case learningRate = "learning_rate"
    case gradNorm = "grad_norm"
    case seconds
    case timestep
    case instanceLoss = "instance_loss"
    case priorLoss = "prior_loss"
  }
}
