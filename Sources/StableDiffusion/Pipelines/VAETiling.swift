import Foundation
public import Torch

/// Whether the VAE works on a whole picture or on overlapping squares of it, which takes less memory
/// and gives nearly the same picture.
public enum VAETiling: String, CaseIterable, Sendable {
  /// Squares for pictures of more than four times the area that the VAE was trained for, and where
  /// the memory would not do for the whole.
  case automatic = "auto"
  case always = "on"
  case never = "off"

  /// How often larger a picture is than what the VAE was trained for, before it is done in squares.
  private static let areas = 4

  /// The choice for all pictures of a size, made now, so that they are alike whatever memory is free
  /// later. A GPU's memory decides only when it is used up.
  public func settled(
    width: Int, height: Int, for model: ModelDirectory, dtype: DType, device: Device
  ) -> VAETiling {
    if device.isCUDA { return self }
    return isNeeded(width: width, height: height, model.vae, dtype: dtype, device: device)
      ? .always : .never
  }

  /// Whether a picture is done in squares from the start.
  func isNeeded(
    width: Int, height: Int, _ configuration: VAEConfiguration, dtype: DType, device: Device
  ) -> Bool {
    let side = configuration.sampleSize
    switch self {
    case .always: return true
    case .never: return false
    case .automatic:
      if width * height > Self.areas * side * side { return true }
      // A GPU says when its memory is used up, and then there is another try.
      guard !device.isCUDA, let available = MachineMemory.available() else { return false }
      return configuration.decodingBytes(pixels: width * height, dtype: dtype) > available
    }
  }
}

extension VAEConfiguration {
  /// About the memory of decoding: what the outermost level holds at once, a resnet's input, its
  /// normed input and shortcut as wide as the level before, and two tensors of its own width.
  func decodingBytes(pixels: Int, dtype: DType) -> Int {
    let inner = blockOutChannels[min(1, blockOutChannels.count - 1)]
    return pixels * (3 * inner + 2 * blockOutChannels[0]) * dtype.itemSize
  }
}

/// The machine's own memory.
enum MachineMemory {
  /// Bytes that can be taken without swapping, as Linux counts them; nil where it does not tell.
  static func available() -> Int? {
    guard let data = FileManager.default.contents(atPath: "/proc/meminfo") else { return nil }
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("MemAvailable:") }
    return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }
      .map { $0 << 10 }
  }
}
