public import Torch

/// The input of a model's first step.
public enum SamplingStart {
  /// Noise drawn from the seed.
  case noise
  /// An encoded start image, `[1, C, H, W]`, sampled and with noise added; `strength` is the share
  /// of the steps that remove it (Meng et al. 2022; diffusers `strength`).
  case encoded(DiagonalGaussian, strength: Double)
  /// The same with a finished latent, `[1, C, H, W]`, scaled as the UNet returns it.
  case finished(Tensor, strength: Double)
  /// A latent that another model has denoised up to this share of the noise levels (diffusers
  /// `denoising_start`).
  case handedOver(Tensor, at: Double)

  /// The first step that follows from it.
  var window: SamplingWindow.Start {
    switch self {
    case .noise: .beginning
    case .encoded(_, let strength), .finished(_, let strength): .strength(strength)
    case .handedOver(_, let split): .split(split)
    }
  }
}

/// The steps of a sampler that one model takes.
struct SamplingWindow {
  enum Start {
    case beginning
    case strength(Double)
    case split(Double)
  }

  let start: Start
  let end: Double?

  /// The indices of the timesteps, exactly as in diffusers: a noise level at the split or above
  /// belongs to the base. Throws `DrawingError` if no step remains.
  func range(
    of scheduler: any Scheduler, steps: Int, trainTimesteps: Int
  ) throws(DrawingError) -> Range<Int> {
    let timesteps = scheduler.timesteps
    let first = lowerBound(scheduler, steps: steps, trainTimesteps: trainTimesteps)
    let last =
      end.map { end in
        let cutoff = Self.cutoff(end, trainTimesteps: trainTimesteps)
        return timesteps.dropFirst(first).prefix { $0 >= cutoff }.endIndex
      } ?? timesteps.count
    guard first < last else {
      if case .strength(let strength) = start, first >= timesteps.count {
        throw .noSteps(option: "strength", value: strength, steps: steps)
      }
      if case .split(let split) = start {
        throw .noSteps(option: "split", value: split, steps: steps)
      }
      throw .noSteps(option: "split", value: end ?? 1, steps: steps)
    }
    return first..<last
  }

  private func lowerBound(
    _ scheduler: any Scheduler, steps: Int, trainTimesteps: Int
  ) -> Int {
    let count = scheduler.timesteps.count
    switch start {
    case .beginning:
      return 0
    case .strength(let strength):
      let taken = min(Int(Double(steps) * strength), steps)
      return min((steps - taken) * scheduler.order, taken == 0 ? count : count - 1)
    case .split(let split):
      let cutoff = Self.cutoff(split, trainTimesteps: trainTimesteps)
      let left = scheduler.timesteps.count { $0 < cutoff }
      // Heun visits every timestep but the first twice, and sampling must not begin in mid-step.
      let isInMiddle = scheduler.order == 2 && left.isMultiple(of: 2)
      return max(count - left - (isInMiddle ? 1 : 0), 0)
    }
  }

  /// The timestep at a share of the noise levels.
  private static func cutoff(_ share: Double, trainTimesteps: Int) -> Float {
    let count = Double(trainTimesteps)
    return Float((count - share * count).rounded(.toNearestOrEven))
  }
}

extension Scheduler {
  /// The number of steps that these predictions make, a partial last one included.
  func steps(in range: Range<Int>) -> Int {
    (range.upperBound + order - 1) / order - range.lowerBound / order
  }
}
