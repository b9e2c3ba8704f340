/// Dynamic loss scaling for float16, in which small gradients would become zero (Micikevicius et
/// al. 2018, torch.amp.GradScaler). The loss is multiplied by the scale and the gradients are
/// divided by it. A step whose gradients overflow is skipped and halves the scale.
public struct LossScaler: Codable, Sendable, Equatable {
  /// The factor of the loss.
  public private(set) var scale: Double
  private var goodSteps = 0

  private static let growthInterval = 2000

  private enum CodingKeys: String, CodingKey {
    case scale
    case goodSteps = "good_steps"
  }

  /// Starts with PyTorch's initial scale.
  public init() { scale = 65536 }

  /// Updates the scale after a step.
  public mutating func update(finite: Bool) {
    guard finite else {
      scale /= 2
      goodSteps = 0
      return
    }
    goodSteps += 1
    if goodSteps == Self.growthInterval {
      scale *= 2
      goodSteps = 0
    }
  }
}
