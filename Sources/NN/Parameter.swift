public import Torch

/// A weight of a model: a shape, and values once they are loaded.
///
/// A model's tree can be built, listed and checked without memory for its weights.
public final class Parameter {
  /// The shape that a checkpoint's tensor must have.
  public let shape: [Int]

  private var value: Tensor?
  private var replacement: Tensor?
  /// Lets the pages of the file that the values are mapped from leave memory.
  private var release: (() -> Void)?

  /// A parameter without values.
  public init(_ shape: [Int]) { self.shape = shape }

  /// The values. Throws `WeightsError.notLoaded` before `bind`.
  public var tensor: Tensor {
    get throws {
      guard let value else { throw WeightsError.notLoaded(shape: shape) }
      return replacement ?? value
    }
  }

  /// Whether other values replace the parameter's own.
  var isReplaced: Bool { replacement != nil }

  /// Gives the parameter its values.
  ///
  /// - Parameter release: called when other values take their place; nil if they own their memory.
  func bind(_ tensor: Tensor, release: (() -> Void)? = nil) {
    self.release?()
    self.release = release
    value = tensor
    replacement = nil
  }

  /// Replaces the parameter's own values, which it keeps.
  func replace(with tensor: Tensor) { replacement = tensor }

  /// Restores the parameter's own values.
  func restore() { replacement = nil }
}
