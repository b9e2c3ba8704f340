public import Torch

/// A weight of a model: its shape from the start, its values once they are loaded.
///
/// A model's tree can therefore be built, listed and checked without any memory for its weights.
public final class Parameter {
  /// The shape that a checkpoint's tensor must have.
  public let shape: [Int]

  private var value: Tensor?
  private var replacement: Tensor?

  /// A parameter without values.
  public init(_ shape: [Int]) { self.shape = shape }

  /// The values. Throws `WeightsError.notLoaded` before `bind`.
  public var tensor: Tensor {
    get throws {
      guard let value else { throw WeightsError.notLoaded(shape: shape) }
      return replacement ?? value
    }
  }

  /// Whether other values stand in for the parameter's own.
  var isReplaced: Bool { replacement != nil }

  /// Gives the parameter its values.
  func bind(_ tensor: Tensor) {
    value = tensor
    replacement = nil
  }

  /// Lets other values stand in for the parameter's own, which it keeps.
  func replace(with tensor: Tensor) { replacement = tensor }

  /// Goes back to the parameter's own values.
  func restore() { replacement = nil }
}
