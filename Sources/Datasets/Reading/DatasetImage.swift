public import Files
public import Foundation
public import Images

/// One image of a dataset and what it is trained with.
public struct DatasetImage: Sendable, Equatable {
  /// Where an image's mask is.
  public enum Mask: Sendable, Equatable {
    /// A file of its own, `name-mask.png`.
    case file(URL)
    /// The image's transparency.
    case alpha
  }

  /// The image file.
  public let url: URL
  /// Its path in the dataset folder, which no other image has.
  public let name: String
  /// Its size after EXIF orientation.
  public let size: PixelSize
  /// The captions from its caption file or another source; at least one.
  public let captions: [String]
  /// The point around which it is cropped; nil: its center.
  public let focus: FocusPoint?
  /// How often it is in an epoch.
  public let repeats: Int
  /// What weights its loss; nil: all of it counts.
  public let mask: Mask?
  /// The colour profile that decoding converts to sRGB; nil for sRGB or none.
  public let convertedProfile: String?

  /// An image. By default its name is that of the file.
  public init(
    url: URL, name: String? = nil, size: PixelSize, captions: [String], focus: FocusPoint? = nil,
    repeats: Int = 1, mask: Mask? = nil, convertedProfile: String? = nil
  ) {
    self.url = url
    self.name = name ?? url.lastPathComponent
    self.size = size
    self.captions = captions
    self.focus = focus
    self.repeats = repeats
    self.mask = mask
    self.convertedProfile = convertedProfile
  }

  /// The first of the captions.
  public var caption: String { captions[0] }
}

extension PixelSize {
  /// Whether a mask of this size fits an image: it has the image's shape, up to the rounding of its
  /// sides, which must not change the shape by more than a twentieth.
  func fits(_ image: PixelSize) -> Bool {
    let (one, other) = (width * image.height, height * image.width)
    let difference = abs(one - other)
    return 2 * difference <= image.width + image.height && 20 * difference <= max(one, other)
  }
}

/// A mask that does not fit its image.
public enum MaskError: ReportableError, Equatable {
  /// The mask has another shape. Sizes are after EXIF orientation.
  case otherSize(mask: String, size: PixelSize, image: String, imageSize: PixelSize)

  /// The kind of error.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .otherSize(let mask, let size, let image, let imageSize):
      "\(mask) has \(size.width) x \(size.height) pixels, but its image \(image) has "
        + "\(imageSize.width) x \(imageSize.height); save the mask in the image's size, or in its shape."
    }
  }
}
