import Foundation

/// The learning rate over a run, as factors on its peak. They equal those of diffusers'
/// `get_scheduler` of the same name.
public struct LearningRateSchedule: Sendable {
  /// The shape after warm-up.
  public enum Shape: String, Sendable, CaseIterable {
    /// Stays at the peak.
    case constant
    /// Half a cosine from the peak to 0.
    case cosine
    /// A straight line from the peak to 0.
    case linear
  }

  private let shape: Shape
  private let warmupSteps: Int
  private let steps: Int

  /// A schedule over `steps` steps, the first `warmupSteps` of which rise linearly from 0.
  public init(_ shape: Shape, warmupSteps: Int, steps: Int) {
    self.shape = shape
    self.warmupSteps = warmupSteps
    self.steps = steps
  }

  /// The factor on the learning rate in the step after `done` finished steps.
  public func factor(afterSteps done: Int) -> Double {
    if done < warmupSteps { return Double(done) / Double(warmupSteps) }
    let rest = Double(max(1, steps - warmupSteps))
    switch shape {
    case .constant: return 1
    case .linear: return max(0, Double(steps - done) / rest)
    case .cosine: return max(0, 0.5 * (1 + cos(.pi * Double(done - warmupSteps) / rest)))
    }
  }
}
