public import Torch

/// A sampler: turns noise into a latent in steps, one prediction of the UNet at a time. It is made
/// for one picture; `index` counts the predictions from 0.
///
/// A drawing may begin at a later index, with a clean latent that `addNoise` has brought to that
/// noise level, and it may end before the last index. The state of a sampler therefore comes from
/// `step` alone.
public protocol Scheduler {
  /// The UNet's timestep at each index, largest first.
  var timesteps: [Float] { get }
  /// Predictions for each step; a drawing may begin at multiples of it. The last step takes one,
  /// which makes `order * steps - (order - 1)` timesteps.
  var order: Int { get }
  /// The standard deviation of the initial noise at index 0.
  var initNoiseSigma: Float { get }
  /// The factors on the clean latent and on the noise in the latent at an index.
  func scales(at index: Int) -> (signal: Float, noise: Float)
  /// The UNet's input for a latent `[B, C, H, W]`.
  func scaleModelInput(_ sample: Tensor, at index: Int) throws(TorchError) -> Tensor
  /// The latent after the step, in the type of `modelOutput`. A sampler that adds noise draws it
  /// from `generator`, which has drawn the initial noise before, as in diffusers.
  mutating func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor
}

extension Scheduler {
  /// One: a step takes one prediction.
  public var order: Int { 1 }
  /// One: the latent's variance stays about the same.
  public var initNoiseSigma: Float { 1 }
  /// The latent itself.
  public func scaleModelInput(_ sample: Tensor, at index: Int) throws(TorchError) -> Tensor {
    sample
  }

  /// A clean latent `[B, C, H, W]` with noise of the level at an index, to start a drawing there.
  public func addNoise(
    to sample: Tensor, noise: Tensor, at index: Int
  ) throws(TorchError) -> Tensor {
    let scales = scales(at: index)
    return try sample * Double(scales.signal) + noise * Double(scales.noise)
  }
}

extension SchedulerConfiguration {
  /// The sampler that `className` names, for `steps` steps.
  ///
  /// Throws `SchedulerError` for an unknown name or an impossible number of steps.
  public func scheduler(steps: Int) throws(SchedulerError) -> any Scheduler {
    switch className {
    case "DDIMScheduler": try DDIMScheduler(self, steps: steps)
    case "DDPMScheduler": try DDPMScheduler(self, steps: steps)
    case "DPMSolverMultistepScheduler": try DPMSolverMultistepScheduler(self, steps: steps)
    case "EulerAncestralDiscreteScheduler": try EulerAncestralDiscreteScheduler(self, steps: steps)
    case "EulerDiscreteScheduler": try EulerDiscreteScheduler(self, steps: steps)
    case "HeunDiscreteScheduler": try HeunDiscreteScheduler(self, steps: steps)
    case "LCMScheduler": try LCMScheduler(self, steps: steps)
    case "UniPCMultistepScheduler": try UniPCMultistepScheduler(self, steps: steps)
    default: throw .unknownClass(className)
    }
  }
}

extension Generator {
  /// Standard normal values in a tensor's shape, type and device. They are drawn in float32 on the
  /// CPU and then cast, so that they are the same for every type and device.
  func normal(like tensor: Tensor) throws(TorchError) -> Tensor {
    try normal(tensor.shape).to(tensor.dtype).to(tensor.device)
  }
}
