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

  /// The file.
  public let url: URL
  /// Its path in the dataset folder, which no other image has.
  public let name: String
  /// Its size after EXIF orientation.
  public let size: PixelSize
  /// What may be said of it, from its caption file or elsewhere; at least one text.
  public let captions: [String]
  /// What its crop is to show; nil: nothing is said.
  public let focus: FocusPoint?
  /// How often an epoch has it.
  public let repeats: Int
  /// What weighs its loss; nil: all of it counts.
  public let mask: Mask?

  /// An image; its name is that of the file where none is given.
  public init(
    url: URL, name: String? = nil, size: PixelSize, captions: [String], focus: FocusPoint? = nil,
    repeats: Int = 1, mask: Mask? = nil
  ) {
    self.url = url
    self.name = name ?? url.lastPathComponent
    self.size = size
    self.captions = captions
    self.focus = focus
    self.repeats = repeats
    self.mask = mask
  }

  /// The first of the captions.
  public var caption: String { captions[0] }
}
