public import Files
public import Images

/// A mask that does not fit its picture.
public enum MaskError: ReportableError, Equatable {
  /// Sizes are after EXIF orientation.
  case otherSize(mask: String, size: PixelSize, picture: String, pictureSize: PixelSize)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: which file, what was found, what to do.
  public var description: String {
    switch self {
    case .otherSize(let mask, let size, let picture, let pictureSize):
      "\(mask) has \(size.width) x \(size.height) pixels, but its picture \(picture) has "
        + "\(pictureSize.width) x \(pictureSize.height); save the mask in the picture's size."
    }
  }
}
