public import Torch

/// A weight of a model: its shape from the start, its values once they are loaded.
///
/// A model's tree can therefore be built, listed and checked without any memory for its weights.
public final class Parameter {
  /// The shape that a checkpoint's tensor must have.
  public let shape: [Int]

  private var value: Tensor?

  /// A parameter without values.
  public init(_ shape: [Int]) { self.shape = shape }

  /// The values. Throws `WeightsError.notLoaded` before `bind`.
  public var tensor: Tensor {
    get throws {
      guard let value else { throw WeightsError.notLoaded(shape: shape) }
      return value
    }
  }

  /// Gives the parameter its values.
  func bind(_ tensor: Tensor) { value = tensor }
}
