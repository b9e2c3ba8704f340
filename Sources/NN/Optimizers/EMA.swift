import Foundation
public import Torch

/// An exponential moving average of the trained tensors after each step (diffusers.training_utils.EMAModel).
public final class EMA {
  /// How fast the average forgets.
  public struct Settings: Sendable {
    /// The most that one step keeps of the average so far.
    public var decay: Double
    /// Whether the decay rises as `1 - (1 + step / invGamma) ^ -power`, and not as
    /// `(1 + step) / (10 + step)`.
    public var warmsUp = false
    /// The inverse of the factor on the steps of the warm-up.
    public var invGamma = 1.0
    /// The exponent of the warm-up.
    public var power = 2.0 / 3

    /// The settings of a decay from 0 to 1.
    public init(decay: Double) { self.decay = decay }

    /// What the step after `updates` updates keeps of the average.
    func decay(afterUpdates updates: Int) -> Double {
      guard updates > 0 else { return 0 }
      let step = Double(updates)
      let risen = warmsUp ? 1 - pow(1 + step / invGamma, -power) : (1 + step) / (10 + step)
      return max(0, min(risen, decay))
    }
  }

  /// The averages, in the order of the trained tensors. They lie side by side in memory as the trained
  /// tensors do.
  public let averages: [Tensor]
  /// The number of updates so far.
  public private(set) var updates = 0

  private let settings: Settings
  private let trained: [Tensor]
  /// Averages and trained tensors, each joined with those that follow it in memory.
  private let runs: [(average: Tensor, trained: Tensor)]

  /// An average that begins with the tensors as they are. They must stay at their place in memory. Throws
  /// `TorchError`.
  public init(of trained: [Tensor], settings: Settings) throws {
    self.trained = try trained.map { try $0.detach() }
    self.settings = settings
    averages = try Tensor.neighbours(like: trained)
    let joined = try Tensor.joined([averages, self.trained])
    runs = zip(joined[0], joined[1]).map { ($0, $1) }
    try restart()
  }

  /// Takes the trained tensors into the average, after an optimizer step that changed them. Throws
  /// `TorchError`.
  public func update() throws {
    let share = 1 - settings.decay(afterUpdates: updates)
    for (average, trained) in runs { try average.move(towards: trained, by: share) }
    updates += 1
  }

  /// Begins again with the tensors as they are. Throws `TorchError`.
  public func restart() throws {
    try Tensor.copyEach(to: averages, from: trained)
    updates = 0
  }

  /// Continues after a number of updates, whose results were copied into ``averages``.
  public func resume(afterUpdates updates: Int) { self.updates = updates }
}
