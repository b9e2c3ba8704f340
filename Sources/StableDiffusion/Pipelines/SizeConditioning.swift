/// What SDXL is told of a picture's history, in pixels (`add_time_ids`; Podell et al. 2023,
/// section 2.2).
public struct SizeConditioning: Sendable, Equatable {
  /// Height before any resizing.
  public var originalHeight: Int
  /// Width before any resizing.
  public var originalWidth: Int
  /// Rows cut off above.
  public var cropTop: Int
  /// Columns cut off on the left.
  public var cropLeft: Int
  /// Height of what the UNet sees.
  public var targetHeight: Int
  /// Width of what the UNet sees.
  public var targetWidth: Int

  /// A picture that has this size and was not cropped.
  public init(width: Int, height: Int) {
    originalHeight = height
    originalWidth = width
    cropTop = 0
    cropLeft = 0
    targetHeight = height
    targetWidth = width
  }

  /// The six numbers in the order that the UNet reads them.
  public var timeIds: [Float] {
    [originalHeight, originalWidth, cropTop, cropLeft, targetHeight, targetWidth].map { Float($0) }
  }
}

extension SizeConditioning {
  /// The five numbers of a refiner, which is told a score and no target size.
  public func timeIds(score: Double) -> [Float] { timeIds.dropLast(2) + [Float(score)] }
}
