/// The size conditioning of SDXL: original size, crop and target size of an image, in pixels
/// (`add_time_ids`; Podell et al. 2023, section 2.2).
public struct SizeConditioning: Sendable, Equatable {
  /// Height before any resizing.
  public var originalHeight: Int
  /// Width before any resizing.
  public var originalWidth: Int
  /// Rows cropped at the top.
  public var cropTop: Int
  /// Columns cropped on the left.
  public var cropLeft: Int
  /// Height of the UNet's input, in pixels.
  public var targetHeight: Int
  /// Width of the UNet's input, in pixels.
  public var targetWidth: Int

  /// An image that has this size and was not cropped.
  public init(width: Int, height: Int) {
    originalHeight = height
    originalWidth = width
    cropTop = 0
    cropLeft = 0
    targetHeight = height
    targetWidth = width
  }

  /// The six numbers in the UNet's order.
  public var timeIds: [Float] {
    [originalHeight, originalWidth, cropTop, cropLeft, targetHeight, targetWidth].map { Float($0) }
  }
}

extension SizeConditioning {
  /// The five numbers of a refiner, with a score instead of the target size.
  public func timeIds(score: Double) -> [Float] { timeIds.dropLast(2) + [Float(score)] }
}
