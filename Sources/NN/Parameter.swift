public import Torch

/// A weight of a model: a shape, and values once they are loaded.
///
/// A model's tree can be built, listed and checked without memory for its weights.
public final class Parameter {
  /// The shape that a checkpoint's tensor must have.
  public let shape: [Int]

  /// The number of values.
  package var count: Int { shape.reduce(1, *) }

  private var value: Tensor?
  private var replacement: Tensor?
  private var stored: (any StoredWeight)?
  /// Whether values that are made from the stored form get their channels side by side.
  private var isChannelsLast = false
  /// Lets the pages of the file that the values are mapped from leave memory.
  private var release: (() -> Void)?

  /// A parameter without values.
  public init(_ shape: [Int]) { self.shape = shape }

  /// The values. Those of a weight in a stored form are made for each call. Throws
  /// `WeightsError.notLoaded` before `bind`, `TorchError`.
  public var tensor: Tensor {
    get throws {
      if let replacement { return replacement }
      if let stored {
        return isChannelsLast ? try stored.tensor().channelsLast() : try stored.tensor()
      }
      guard let value else { throw WeightsError.notLoaded(shape: shape) }
      return value
    }
  }

  /// Whether the values are made from a stored form.
  var isStored: Bool { stored != nil }

  /// Whether the values come to the device for each use.
  var isOffloaded: Bool { stored.map { !$0.isOnDevice } ?? false }

  /// Whether the values are pages of a file.
  var isMapped: Bool { release != nil }

  /// The type of the values; nil before they are loaded.
  package var dtype: DType? { stored?.dtype ?? value?.dtype }

  /// The device of the values; nil before they are loaded.
  package var device: Device? { stored?.device ?? value?.device }

  /// Whether other values replace the parameter's own.
  var isReplaced: Bool { replacement != nil }

  /// Gives the parameter its values.
  ///
  /// - Parameter release: called when other values take their place; nil if they own their memory.
  func bind(_ tensor: Tensor, release: (() -> Void)? = nil) {
    self.release?()
    self.release = release
    value = tensor
    stored = nil
    replacement = nil
  }

  /// Gives the parameter values in a stored form, in place of those that it has.
  func store(_ weight: any StoredWeight) {
    release?()
    release = nil
    value = nil
    stored = weight
    replacement = nil
  }

  /// Reorders `[out, in, k, k]` so that the channels of a pixel are side by side in memory.
  func setChannelsLast() throws {
    isChannelsLast = true
    if let value, stored == nil { bind(try value.channelsLast()) }
  }

  /// Replaces the parameter's own values, which it keeps.
  func replace(with tensor: Tensor) { replacement = tensor }

  /// Restores the parameter's own values.
  func restore() { replacement = nil }
}
