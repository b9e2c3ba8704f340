/// How an image becomes the rectangle that training sees: scaled until it covers the target, then
/// cropped around its centre.
///
/// All sizes are in pixels, after EXIF orientation.
public struct CropGeometry: Sendable, Equatable {
  /// Size of the image as it was taken.
  public let originalWidth: Int
  /// Size of the image as it was taken.
  public let originalHeight: Int
  /// Size of the rectangle that training sees.
  public let targetWidth: Int
  /// Size of the rectangle that training sees.
  public let targetHeight: Int
  /// Size of the whole image after scaling: one side equals the target's, the other is no smaller.
  public let resizedWidth: Int
  /// Size of the whole image after scaling: one side equals the target's, the other is no smaller.
  public let resizedHeight: Int
  /// First row of the crop in the scaled image.
  public let cropTop: Int
  /// First column of the crop in the scaled image.
  public let cropLeft: Int

  /// The geometry of an image of `originalWidth` x `originalHeight` (both above 0).
  public init(originalWidth: Int, originalHeight: Int, targetWidth: Int, targetHeight: Int) {
    self.originalWidth = originalWidth
    self.originalHeight = originalHeight
    self.targetWidth = targetWidth
    self.targetHeight = targetHeight
    // Integers throughout: the covering side is exact and .5 always rounds up.
    if targetWidth * originalHeight >= targetHeight * originalWidth {
      resizedWidth = targetWidth
      resizedHeight = max(
        targetHeight, roundedQuotient(originalHeight * targetWidth, originalWidth))
    } else {
      resizedWidth = max(
        targetWidth, roundedQuotient(originalWidth * targetHeight, originalHeight))
      resizedHeight = targetHeight
    }
    cropTop = (resizedHeight - targetHeight) / 2
    cropLeft = (resizedWidth - targetWidth) / 2
  }

  /// Factor by which the image is enlarged (above 1) or reduced.
  public var scale: Double {
    max(
      Double(targetWidth) / Double(originalWidth), Double(targetHeight) / Double(originalHeight))
  }
}

private func roundedQuotient(_ dividend: Int, _ divisor: Int) -> Int {
  (2 * dividend + divisor) / (2 * divisor)
}
