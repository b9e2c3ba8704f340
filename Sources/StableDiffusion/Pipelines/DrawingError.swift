public import Torch

/// Why a picture cannot be drawn.
public enum DrawingError: Error, Equatable, CustomStringConvertible {
  /// The size is not one that the VAE can make.
  case size(width: Int, height: Int, multiple: Int)
  /// The UNet overflowed.
  case latentNotFinite(seed: UInt64, dtype: DType)
  /// The VAE overflowed.
  case pictureNotFinite(dtype: DType)

  /// Throws `size` unless there is a latent of that size.
  static func checkSize(width: Int, height: Int, multiple: Int) throws(DrawingError) {
    guard width > 0, height > 0, width.isMultiple(of: multiple), height.isMultiple(of: multiple)
    else {
      throw .size(width: width, height: height, multiple: multiple)
    }
  }

  /// The reason in one sentence.
  public var description: String {
    switch self {
    case .size(let width, let height, let multiple):
      """
      A picture of \(width)x\(height) cannot be drawn; width and height must be positive multiples \
      of \(multiple).
      """
    case .latentNotFinite(let seed, let dtype):
      """
      The latent of seed \(seed) is not finite: the UNet overflowed in \(dtype.rawValue); draw in \
      bfloat16 or float32.
      """
    case .pictureNotFinite(let dtype):
      """
      The decoded picture is not finite: the VAE overflowed in \(dtype.rawValue); load it in float32.
      """
    }
  }
}
