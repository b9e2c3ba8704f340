import Foundation

/// The learning rate over a run, as factors on its peak. They equal those of diffusers'
/// `get_scheduler` of the same name; ``Shape/rex`` is that of Chen et al. 2021.
public struct LearningRateSchedule: Sendable {
  /// The shape after warm-up.
  public enum Shape: String, Sendable, CaseIterable {
    /// Stays at the peak.
    case constant
    /// Half a cosine from the peak to 0.
    case cosine
    /// Several cosines, each from the peak to 0.
    case cosineWithRestarts = "cosine-with-restarts"
    /// A straight line from the peak to 0.
    case linear
    /// A power of the remaining part, from the peak to almost 0.
    case polynomial
    /// Stays high for long and then falls steeply (Chen et al. 2021, "REX: Revisiting Budgeted Training with
    /// an Improved Schedule").
    case rex
  }

  /// The factor at which ``Shape/polynomial`` ends.
  private static let end = 1e-7

  private let shape: Shape
  private let warmupSteps: Int
  private let steps: Int
  private let cycles: Int
  private let power: Double

  /// A schedule over `steps` steps, the first `warmupSteps` of which rise linearly from 0.
  ///
  /// - Parameters:
  ///   - cycles: the number of cosines of ``Shape/cosineWithRestarts``.
  ///   - power: the exponent of ``Shape/polynomial``.
  public init(
    _ shape: Shape, warmupSteps: Int, steps: Int, cycles: Int = 1, power: Double = 1
  ) {
    self.shape = shape
    self.warmupSteps = warmupSteps
    self.steps = steps
    self.cycles = cycles
    self.power = power
  }

  /// The factor on the learning rate in the step after `done` finished steps. After the last step it stays as
  /// at its end.
  public func factor(afterSteps done: Int) -> Double {
    if done < warmupSteps { return Double(done) / Double(warmupSteps) }
    let rest = Double(max(1, steps - warmupSteps))
    let progress = Double(done - warmupSteps) / rest
    switch shape {
    case .constant: return 1
    case .linear: return max(0, Double(steps - done) / rest)
    case .cosine: return max(0, 0.5 * (1 + cos(.pi * progress)))
    case .cosineWithRestarts:
      guard progress < 1 else { return 0 }
      let part = (Double(cycles) * progress).truncatingRemainder(dividingBy: 1)
      return max(0, 0.5 * (1 + cos(.pi * part)))
    case .polynomial: return (1 - Self.end) * pow(max(0, 1 - progress), power) + Self.end
    case .rex:
      guard progress < 1 else { return 0 }
      return (1 - progress) / (1 - progress / 2)
    }
  }
}
