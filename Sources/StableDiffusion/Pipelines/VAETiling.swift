import Foundation
public import Torch

/// Whether the VAE works on a whole picture or on overlapping squares of it, which need less memory
/// and give nearly the same picture.
public enum VAETiling: String, CaseIterable, Sendable {
  /// Squares for pictures of more than four times the area that the VAE was trained for, and when
  /// memory is short.
  case automatic = "auto"
  case always = "on"
  case never = "off"

  /// The largest area of a whole picture, in areas that the VAE was trained for.
  private static let areas = 4

  /// The choice for all pictures of a size, made from the memory that is free now, so that all are
  /// decoded alike. On a GPU `automatic` stays, because squares are used only after memory ran out.
  public func settled(
    width: Int, height: Int, for model: ModelDirectory, dtype: DType, device: Device
  ) -> VAETiling {
    if device.isCUDA { return self }
    return isNeeded(width: width, height: height, model.vae, dtype: dtype, device: device)
      ? .always : .never
  }

  /// Whether a picture is coded in squares from the start.
  func isNeeded(
    width: Int, height: Int, _ configuration: VAEConfiguration, dtype: DType, device: Device
  ) -> Bool {
    let side = configuration.sampleSize
    switch self {
    case .always: return true
    case .never: return false
    case .automatic:
      if width * height > Self.areas * side * side { return true }
      // On a GPU, squares are tried after an out-of-memory error.
      guard !device.isCUDA, let available = MachineMemory.available() else { return false }
      return configuration.decodingBytes(pixels: width * height, dtype: dtype) > available
    }
  }
}

extension VAEConfiguration {
  /// An estimate of the memory for decoding, from the tensors of the outermost level: a resnet's
  /// input, normed input and shortcut, as wide as the level before, and two tensors of its own
  /// width.
  package func decodingBytes(pixels: Int, dtype: DType) -> Int {
    let inner = blockOutChannels[min(1, blockOutChannels.count - 1)]
    return pixels * (3 * inner + 2 * blockOutChannels[0]) * dtype.itemSize
  }

  /// An estimate of the memory for encoding: four tensors of the outermost level.
  package func encodingBytes(pixels: Int, dtype: DType) -> Int {
    pixels * 4 * blockOutChannels[0] * dtype.itemSize
  }
}
