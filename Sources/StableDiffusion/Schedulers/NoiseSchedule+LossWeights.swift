import Foundation

extension NoiseSchedule {
  /// The highest signal-to-noise ratio of debiased estimation, as in sd-scripts.
  private static let highestSNR: Float = 1000

  /// The loss weight of a timestep by debiased estimation (Yu et al. 2023), for the prediction type:
  /// the inverse root of the signal-to-noise ratio (sd-scripts `apply_debiased_estimation`).
  public func debiasedWeight(_ timestep: Int) -> Float {
    let snr = min(snr(timestep), Self.highestSNR)
    return switch predictionType {
    case .epsilon: 1 / snr.squareRoot()
    case .vPrediction: 1 / (snr + 1)
    case .sample: snr.squareRoot()
    }
  }

  /// The loss weight of a timestep by perception-prioritized weighting with k = 1 (P2, Choi et al. 2022,
  /// equation 8), for the prediction type (OneTrainer `LossWeight.P2`).
  public func p2Weight(_ timestep: Int, gamma: Float) -> Float {
    let snr = snr(timestep)
    return switch predictionType {
    case .epsilon: pow(1 + snr, -gamma)
    case .vPrediction: pow(2 + snr, -gamma)
    case .sample: snr * pow(1 + snr, -gamma)
    }
  }
}
