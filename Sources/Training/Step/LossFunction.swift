import Foundation
import StableDiffusion
import Torch

/// The error of a prediction: of each value, `[B, C, h, w]` in float32.
struct LossFunction: Sendable {
  /// The squared error.
  static let l2 = LossFunction(.l2)

  private let kind: LossKind
  private let huberC: Double
  private let huberScale: Double
  private let huberSchedule: HuberSchedule

  init(
    _ kind: LossKind, huberC: Double = 0.1, huberScale: Double = 1,
    huberSchedule: HuberSchedule = .snr
  ) {
    self.kind = kind
    self.huberC = huberC
    self.huberScale = huberScale
    self.huberSchedule = huberSchedule
  }

  init(_ options: ObjectiveOptions) {
    self.init(
      options.loss, huberC: options.huberC, huberScale: options.huberScale,
      huberSchedule: options.huberSchedule)
  }

  /// The threshold between small and large errors at each timestep; nil if the kind has none.
  func thresholds(_ timesteps: [Int], _ schedule: NoiseSchedule) -> [Float]? {
    guard kind == .huber || kind == .smoothL1 else { return nil }
    return timesteps.map { timestep in
      switch huberSchedule {
      case .constant: return Float(huberC * huberScale)
      case .exponential:
        let decay = -log(huberC) / Double(schedule.count)
        return exp(Float(-decay) * Float(timestep)) * Float(huberScale)
      case .snr:
        let alpha = schedule.alphasCumprod[timestep]
        let sigma = ((1 - alpha) / alpha).squareRoot()
        return Float(1 - huberC) / ((1 + sigma) * (1 + sigma)) + Float(huberC)
      }
    }
  }

  /// The error of each value.
  ///
  /// - Parameter threshold: Those of the samples, `[B, 1, 1, 1]`; nil if the kind has none.
  func callAsFunction(
    _ prediction: Tensor, _ target: Tensor, threshold: Tensor?
  ) throws(TorchError) -> Tensor {
    let error = try prediction - target
    guard let threshold else { return kind == .l1 ? try error.abs() : try error.square() }
    let pseudo = try (error.square() + threshold.square()).sqrt() - threshold
    return kind == .huber ? try threshold * 2 * pseudo : try pseudo * 2
  }
}
