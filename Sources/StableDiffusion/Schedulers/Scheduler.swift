public import Torch

/// A sampler: turns noise into a latent in steps, one prediction of the UNet at a time. Made for
/// one picture; `index` counts the predictions from 0.
///
/// Drawing may begin at a later index, with a clean latent that `addNoise` has brought to its noise
/// level, and may end before the last: a sampler knows of the past only what it was given in `step`.
public protocol Scheduler {
  /// The UNet's timestep at each index, largest first.
  var timesteps: [Float] { get }
  /// How many predictions make one step: a drawing may begin at multiples of it. The last step takes
  /// one, so that there are `order * steps - (order - 1)` timesteps.
  var order: Int { get }
  /// The standard deviation of the noise that index 0 starts from.
  var initNoiseSigma: Float { get }
  /// How much of the clean latent and of the noise there is in the latent at an index.
  func scales(at index: Int) -> (signal: Float, noise: Float)
  /// The latent `[B, C, H, W]` as the UNet wants to see it.
  func scaleModelInput(_ sample: Tensor, at index: Int) throws(TorchError) -> Tensor
  /// The latent after the step, in the type of `modelOutput`. A sampler that adds noise draws it
  /// from `generator`: the one that the initial noise came from, so that it goes on as diffusers'.
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

  /// A clean latent `[B, C, H, W]` brought to the noise level of an index, for drawing from there.
  public func addNoise(
    to sample: Tensor, noise: Tensor, at index: Int
  ) throws(TorchError) -> Tensor {
    let scales = scales(at: index)
    return try sample * Double(scales.signal) + noise * Double(scales.noise)
  }
}

extension SchedulerConfiguration {
  /// The sampler that the file names, for so many steps.
  ///
  /// Throws `SchedulerError` where there is no such sampler, or not with so many steps.
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
  /// Standard normal values of a tensor's shape, drawn in float32 on the CPU and then cast: the same
  /// for every type and device.
  func normal(like tensor: Tensor) throws(TorchError) -> Tensor {
    try normal(tensor.shape).to(tensor.dtype).to(tensor.device)
  }
}
