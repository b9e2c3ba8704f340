/// Dynamic loss scaling for float16, whose small gradients would become zero (Micikevicius et al.
/// 2018; torch.amp.GradScaler): the loss is multiplied, the gradients are divided again; a step
/// whose gradients overflowed is left out and the scale halved.
public struct LossScaler: Codable, Sendable, Equatable {
  /// What the loss is multiplied with.
  public private(set) var scale: Double
  private var goodSteps = 0

  private static let growthInterval = 2000

  private enum CodingKeys: String, CodingKey {
    case scale
    case goodSteps = "good_steps"
  }

  /// The scaler that PyTorch starts with.
  public init() { scale = 65536 }

  /// Takes note of whether a step's gradients were finite.
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
