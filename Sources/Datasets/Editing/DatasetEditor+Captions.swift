package import Files
import Foundation

extension DatasetEditor {
  /// Writes the caption of an image to its `.txt` file, which comes before all other sources. Further
  /// captions, which are alternatives, and the focus point stay.
  ///
  /// - Parameter text: One line. White space at its ends is removed.
  /// - Throws: `CaptionTextError`, also for a text with line breaks, since further lines are
  ///   alternatives; `ImageNameError`, `DatasetError` for a caption file that cannot be read,
  ///   `FileAccessError`, and what ``images()`` throws.
  package func setCaption(_ text: String, of name: String) throws {
    try changing {
      let image = try changeable(name)
      let line = try CaptionText.line(text, of: image.name)
      let read = try readCaptionFiles(of: image)
      let captions = image.image?.captions ?? read.captions
      try write([line] + captions.dropFirst(), of: image, at: image.captionFile(), read)
    }
  }

  /// Writes the focus point of an image to its `.txt` file, which comes before all other sources. The
  /// caption stays, wherever it comes from: a file without one leaves it to the next source.
  ///
  /// - Parameter point: nil removes the point from the file. One in `subject.yaml` may then count.
  /// - Returns: The point that now counts.
  /// - Throws: `FocusPointError`; `ImageNameError`, `DatasetError` for a caption file that cannot be
  ///   read, `FileAccessError`, and what ``images()`` throws.
  @discardableResult
  package func setFocus(_ point: FocusPoint?, of name: String) throws -> FocusPoint? {
    try changing {
      let image = try changeable(name)
      if let point, FocusPoint([point.x, point.y]) == nil {
        throw FocusPointError.outside(image.name)
      }
      let file = try image.captionFile()
      let url = image.files.url(of: file)
      let own = image.files.captions.contains(file) ? try CaptionFile(contentsOf: url) : nil
      let captions = own?.captions ?? []
      guard point != nil || own?.focus != nil else {
        guard image.image?.focus == nil else { throw FocusPointError.elsewhere(image.name) }
        return nil
      }
      if point == nil, captions.isEmpty {
        // An empty file would be one of an empty caption.
        try DurableFile.remove(url)
        try DurableFile.syncFolder(image.files.folder)
      } else {
        try DurableFile.replace(url, with: CaptionText.data(captions, focus: point))
      }
      return try self.image(name).image?.focus
    }
  }

  /// Writes captions to the `.txt` file of an image, with the focus point of its caption files.
  func write(
    _ captions: [String], of image: EditableImage, at file: String, _ read: ImageText
  ) throws {
    try DurableFile.replace(
      image.files.url(of: file), with: CaptionText.data(captions, focus: read.focus))
  }

  /// What the caption files of an image contain, as far as they are read. Throws `DatasetError`.
  func readCaptionFiles(of image: EditableImage) throws(DatasetError) -> ImageText {
    var text = ImageText()
    for file in image.files.captions where !text.isComplete(emptyCaptions) {
      guard let read = try CaptionFile(contentsOf: image.files.url(of: file)) else { continue }
      _ = text.add(read, from: file)
    }
    return text
  }
}

/// A focus point that cannot be set or removed.
package enum FocusPointError: ReportableError, Equatable {
  /// The point is not in the image.
  case outside(String)
  /// The point is not in the image's `.txt` file.
  case elsewhere(String)

  /// The kind of error.
  package var kind: ErrorKind {
    switch self {
    case .outside, .elsewhere: .usage
    }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .outside(let image):
      "The focus point of \(image) is outside the image; give shares of its width and height from 0 "
        + "to 1."
    case .elsewhere(let image):
      "The focus point of \(image) is set by \(Subject.fileName), a table of captions or another "
        + "program's caption file, not by a .txt file; remove it there."
    }
  }
}
