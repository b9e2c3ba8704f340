/// The factor by which a JPEG is reduced in its inverse cosine transform, at a fraction of the cost
/// of full decoding. Other formats are always decoded at full scale.
public enum DCTScale: Int, Sendable, CaseIterable {
  case full = 1
  case half = 2
  case quarter = 4
  case eighth = 8

  /// The smallest scale for decoding an image of size `original` that is then resized to `resized`:
  /// both sides divide without remainder, and stay at least twice as long as the resized ones.
  ///
  /// The result is not bit for bit that of full decoding. Measured on ten photographs, sharp to the
  /// pixel (quality 95, 4:4:4 and 4:2:0), halved and then scaled by 2 (by 2.4): 45.3 dB (47.8 dB)
  /// or more, a mean difference of at most 0.9 (0.7) of 255, 99.9 % within 8 (7), the greatest 20
  /// (16) at hard edges. Pillow's LANCZOS and BICUBIC differ more on the same photographs: 41.5 dB,
  /// mean 1.4.
  public static func sufficient(for original: PixelSize, resizedTo resized: PixelSize) -> DCTScale {
    let fitting = allCases.filter { scale in
      let factor = scale.rawValue
      return original.width.isMultiple(of: factor) && original.height.isMultiple(of: factor)
        && original.width / factor >= 2 * resized.width
        && original.height / factor >= 2 * resized.height
    }
    return fitting.last ?? .full
  }
}
