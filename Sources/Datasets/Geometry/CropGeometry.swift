public import Images

/// How an image becomes the rectangle that training sees: scaled until it covers the target, then
/// cropped.
///
/// All sizes are in pixels, after EXIF orientation.
public struct CropGeometry: Sendable, Hashable {
  /// Size of the image before scaling.
  public let original: PixelSize
  /// Size of the rectangle that training sees.
  public let target: PixelSize
  /// Size of the whole image after scaling: one side equals the target's, the other is no smaller.
  public let resized: PixelSize
  /// First row of the crop in the scaled image.
  public private(set) var cropTop: Int
  /// First column of the crop in the scaled image.
  public private(set) var cropLeft: Int

  /// The geometry of an image of size `original` (both sides above 0), cropped around its centre
  /// or, as far as its edges allow, around `focus`.
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

  /// The share of the image that the crop cuts off, from 0 to below 1.
  public var cutAway: Double { 1 - Double(target.area) / Double(resized.area) }

  /// The geometry with a random crop of an epoch. All offsets are equally likely.
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

  /// The geometry that gives the mirrored crop when the image is mirrored left to right.
  public var mirrored: CropGeometry {
    var geometry = self
    geometry.cropLeft = resized.width - target.width - cropLeft
    return geometry
  }
}

private func roundedQuotient(_ dividend: Int, _ divisor: Int) -> Int {
  (2 * dividend + divisor) / (2 * divisor)
}

/// The offset of a crop of `length` in `whole` pixels, centred as near as possible to `focus`, a
/// share of the whole; nil: the center.
private func offset(of length: Int, in whole: Int, around focus: Double?) -> Int {
  let slack = whole - length
  guard let focus else { return slack / 2 }
  // As for the centre, .5 rounds down.
  let start = (focus * Double(whole) - Double(length) / 2 - 0.5).rounded(.up)
  return Int(min(Double(slack), max(0, start)))
}

/// The point of an image around which its crop is centred, as far as the edges allow.
public struct FocusPoint: Sendable, Hashable {
  /// From the left edge, 0, to the right edge, 1, of the upright image.
  public var x: Double
  /// From the upper edge, 0, to the lower edge, 1, of the upright image.
  public var y: Double

  /// A point by its shares of width and height, each from 0 to 1.
  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }

  /// A point by a list of the two shares; nil for any other list.
  package init?(_ shares: [Double]) {
    guard shares.count == 2, shares.allSatisfy({ (0...1).contains($0) }) else { return nil }
    self.init(x: shares[0], y: shares[1])
  }
}
