package import Files
package import Images

/// A file that was added to a dataset.
package struct AddedFile: Sendable, Equatable {
  /// What a file contains.
  package enum Content: Sendable, Equatable {
    /// An image, or the mask of one, by its name.
    case image
    /// The caption of an image.
    case caption
  }

  /// Its path in the dataset folder.
  package let name: String
  /// What it contains.
  package let content: Content
  /// Whether it was there before, under this name, with the same bytes. Then nothing was written.
  package let isPresent: Bool
}

/// What may be added to a dataset.
package struct AddingLimits: Sendable, Equatable {
  /// The largest image.
  package var image: ImageLimits
  /// The most files in the dataset folder, without the folders in it.
  package var fileCount: Int

  /// Limits, each with a default.
  package init(image: ImageLimits = ImageLimits(fileBytes: 1 << 28), fileCount: Int = 5000) {
    self.image = image
    self.fileCount = fileCount
  }
}

/// A file that is not added.
package enum AddingError: ReportableError, Equatable {
  /// The file is neither an image that can be read nor a caption.
  case otherContent(String, OtherContent)
  /// The file is over the limit of bytes.
  case tooLarge(String, byteCount: Int, limit: Int)
  /// The caption is not UTF-8, or has NUL characters.
  case notUTF8(String)
  /// The dataset has as many files as it may have.
  case tooMany(String, limit: Int)

  /// The kind of error.
  package var kind: ErrorKind {
    switch self {
    case .otherContent, .tooLarge, .notUTF8: .badData
    case .tooMany: .usage
    }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .otherContent(let file, let content):
      "\(file) is neither an image that can be read nor a caption in a .txt file, its content is "
        + "\(content.rawValue); give images, and captions as .txt files."
    case .tooLarge(let file, let byteCount, let limit):
      "\(file) has \(byteCount) bytes, over the limit of \(limit); make it smaller."
    case .notUTF8(let file):
      "\(file) is not UTF-8 text; save the caption as UTF-8."
    case .tooMany(let folder, let limit):
      "\(folder) has \(limit) files already, the most that are added to a dataset; remove some, or "
        + "begin another dataset."
    }
  }
}
