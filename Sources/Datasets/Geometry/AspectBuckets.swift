public import Images

/// The sizes in which training sees images. They have about the same number of pixels and different
/// aspect ratios, so that little of an image is cut off, as in SDXL's own training (arXiv
/// 2307.01952, section 2.3).
public struct AspectBuckets: Sendable, Equatable {
  /// All buckets, from the narrowest to the widest; the square is always among them.
  public let sizes: [PixelSize]

  private let square: PixelSize
  private let step: Int

  /// For each side that is a multiple of `step` from `4 * step` to `2 * resolution`: the longest
  /// other side, within the same limits, that keeps the area within `resolution` squared; and the
  /// transpose. If none fits, the square is the only bucket.
  ///
  /// Both numbers are in pixels and above 0.
  public init(resolution: Int, step: Int) {
    self.init(resolution: resolution, step: step, shortest: 4 * step)
  }

  /// The buckets of a resolution in pixels, above 0. Sides are multiples of 64 from 512 on, of 32
  /// from 256 on, and of 16 below. Aspect ratios reach at least from 1:4 to 4:1.
  public init(resolution: Int) {
    let step = resolution >= 512 ? 64 : resolution >= 256 ? 32 : 16
    let half = max(1, resolution / 2 / step) * step
    self.init(resolution: resolution, step: step, shortest: min(4 * step, half))
  }

  private init(resolution: Int, step: Int, shortest: Int) {
    square = PixelSize(width: resolution, height: resolution)
    self.step = step
    var sizes: Set = [square]
    for side in stride(from: shortest, through: 2 * resolution, by: step) {
      let other = min(square.area / side, 2 * resolution) / step * step
      guard other >= shortest else { continue }
      let size = PixelSize(width: side, height: other)
      sizes.formUnion([size, size.transposed])
    }
    self.sizes = sizes.sorted {
      let (aspect, other) = ($0.width * $1.height, $1.width * $0.height)
      return aspect == other ? $0.area < $1.area : aspect < other
    }
  }

  /// One square with sides of `resolution` pixels (above 0) for every image.
  public init(square resolution: Int) {
    self.init(resolution: resolution, step: resolution)
  }

  /// The bucket of an image of `size` (both sides above 0): the one with the nearest aspect ratio,
  /// and the largest of several.
  ///
  /// Without `upscale`, an image that this would enlarge gets the largest rectangle inside it whose
  /// sides are multiples of the step and whose area is within the resolution squared. Only an image
  /// with a side below one step is still enlarged.
  public func bucket(for size: PixelSize, upscale: Bool) -> PixelSize {
    // With these ranks a transposed image has the transposed bucket.
    func distance(_ bucket: PixelSize) -> Double { aspectDistance(size, bucket) }
    func longSide(_ bucket: PixelSize) -> Int { max(bucket.width, bucket.height) }
    let nearest =
      sizes.min {
        (distance($0), -$0.area, longSide($0)) < (distance($1), -$1.area, longSide($1))
      } ?? square
    if upscale || (nearest.width <= size.width && nearest.height <= size.height) {
      return nearest
    }
    let largest = rectangles(inside: size).min {
      (-$0.area, distance($0), longSide($0)) < (-$1.area, distance($1), longSide($1))
    }
    return largest ?? nearest
  }

  /// For each width inside `size` that is a multiple of the step: the tallest allowed rectangle.
  private func rectangles(inside size: PixelSize) -> [PixelSize] {
    func limit(_ side: Int) -> Int { min(max(side, step), 2 * square.width) }
    return stride(from: step, through: limit(size.width), by: step).compactMap { width in
      let height = min(limit(size.height), square.area / width) / step * step
      return height > 0 ? PixelSize(width: width, height: height) : nil
    }
  }
}

/// The larger of two aspect ratios divided by the smaller. Its logarithm is their distance.
private func aspectDistance(_ one: PixelSize, _ other: PixelSize) -> Double {
  let products = (one.width * other.height, one.height * other.width)
  return Double(max(products.0, products.1)) / Double(min(products.0, products.1))
}

extension AspectBuckets {
  /// The buckets of a configuration at a resolution.
  public init(_ config: DatasetOptions, resolution: Int) {
    self =
      !config.buckets
      ? AspectBuckets(square: resolution)
      : config.bucketStep.map { AspectBuckets(resolution: resolution, step: $0) }
        ?? AspectBuckets(resolution: resolution)
  }
}
