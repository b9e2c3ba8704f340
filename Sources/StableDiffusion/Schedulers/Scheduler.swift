public import Torch

/// A sampler: turns noise into a latent in steps, one prediction of the UNet at a time. Made for
/// one picture; `index` counts the steps from 0.
public protocol Scheduler {
  /// The UNet's timestep at each step, largest first.
  var timesteps: [Float] { get }
  /// The standard deviation of the noise that step 0 starts from.
  var initNoiseSigma: Float { get }
  /// The latent `[B, C, H, W]` as the UNet wants to see it.
  func scaleModelInput(_ sample: Tensor, at index: Int) throws(TorchError) -> Tensor
  /// The latent after the step, in the type of `modelOutput`.
  mutating func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor
  ) throws(TorchError) -> Tensor
}

extension SchedulerConfiguration {
  /// The sampler that the file names, for so many steps.
  ///
  /// Throws `SchedulerError` where there is no such sampler, or not with so many steps.
  public func scheduler(steps: Int) throws(SchedulerError) -> any Scheduler {
    switch className {
    case "EulerDiscreteScheduler": try EulerDiscreteScheduler(self, steps: steps)
    default: throw .unknownClass(className)
    }
  }
}

/// Why a sampler cannot be made.
public enum SchedulerError: Error, Equatable, CustomStringConvertible {
  /// The configuration names a sampler that does not exist here.
  case unknownClass(String)
  /// More steps than the model has timesteps, or none.
  case steps(Int, limit: Int)

  /// The reason in one sentence.
  public var description: String {
    switch self {
    case .unknownClass(let name):
      """
      scheduler_config.json: the sampler \(name) is not implemented, so this model can be trained \
      (with --sample-every 0) but not drawn with; set _class_name to EulerDiscreteScheduler to \
      draw with that sampler.
      """
    case .steps(let steps, let limit):
      "A picture cannot be drawn in \(steps) steps; choose from 1 to \(limit) steps."
    }
  }
}
