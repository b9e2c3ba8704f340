public import Images

/// How an image becomes the rectangle that training sees: scaled until it covers the target, then
/// cropped.
///
/// All sizes are in pixels, after EXIF orientation.
public struct CropGeometry: Sendable, Hashable {
  /// Size of the image as it was taken.
  public let original: PixelSize
  /// Size of the rectangle that training sees.
  public let target: PixelSize
  /// Size of the whole image after scaling: one side equals the target's, the other is no smaller.
  public let resized: PixelSize
  /// First row of the crop in the scaled image.
  public private(set) var cropTop: Int
  /// First column of the crop in the scaled image.
  public private(set) var cropLeft: Int

  /// The geometry of an image of size `original` (both sides above 0), cropped around its centre or,
  /// as far as its edges allow, around `focus`.
  public init(original: PixelSize, target: PixelSize, focus: FocusPoint? = nil) {
    self.original = original
    self.target = target
    // Integers throughout: the covering side is exact and .5 always rounds up.
    if target.width * original.height >= target.height * original.width {
      resized = PixelSize(
        width: target.width,
        height: max(
          target.height, roundedQuotient(original.height * target.width, original.width)))
    } else {
      resized = PixelSize(
        width: max(
          target.width, roundedQuotient(original.width * target.height, original.height)),
        height: target.height)
    }
    cropTop = offset(of: target.height, in: resized.height, around: focus?.y)
    cropLeft = offset(of: target.width, in: resized.width, around: focus?.x)
  }

  /// Factor by which the image is enlarged (above 1) or reduced.
  public var scale: Double {
    max(
      Double(target.width) / Double(original.width),
      Double(target.height) / Double(original.height))
  }

  /// The same with the crop at a place of its own in every epoch, all places equally likely.
  ///
  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - image: Number of the image in its dataset.
  public func randomlyCropped(seed: UInt64, epoch: Int, image: Int) -> CropGeometry {
    func draw(_ slack: Int, _ axis: Int) -> Int {
      CounterRandom.index(
        below: slack + 1, seed: seed, step: epoch, sample: 2 * image + axis, purpose: .crop)
    }
    var geometry = self
    geometry.cropTop = draw(resized.height - target.height, 0)
    geometry.cropLeft = draw(resized.width - target.width, 1)
    return geometry
  }

  /// The geometry that gives, of the image mirrored left to right, the mirrored crop.
  public var mirrored: CropGeometry {
    var geometry = self
    geometry.cropLeft = resized.width - target.width - cropLeft
    return geometry
  }
}

private func roundedQuotient(_ dividend: Int, _ divisor: Int) -> Int {
  (2 * dividend + divisor) / (2 * divisor)
}

/// Where `length` of `whole` pixels begin, their middle as near to `focus`, a share of the whole, as
/// possible.
private func offset(of length: Int, in whole: Int, around focus: Double?) -> Int {
  let slack = whole - length
  guard let focus else { return slack / 2 }
  // As for the centre, .5 rounds down.
  let start = (focus * Double(whole) - Double(length) / 2 - 0.5).rounded(.up)
  return Int(min(Double(slack), max(0, start)))
}
