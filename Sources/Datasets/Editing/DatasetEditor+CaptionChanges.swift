package import Files

extension DatasetEditor {
  /// What an edit would change, in the order of the images. Nothing is written. Images without a caption
  /// are changed too: they get their default caption, with the edit, as their own. All alternatives of
  /// an image are changed.
  ///
  /// - Parameter names: The images; nil: all that can be used and are in the dataset folder.
  /// - Throws: `CaptionEditError.nothing`, `CaptionTextError` for a caption that would be empty or no
  ///   caption, `ImageNameError`, and what ``images()`` throws.
  package func changes(
    _ edit: CaptionEdit, of names: [String]? = nil
  ) throws -> [CaptionChange] {
    if let text = edit.text, text.allSatisfy(\.isWhitespace) { throw CaptionEditError.nothing }
    let trigger = try Subject(name: subject, directory: directory).token
    let all = try images()
    let images =
      try names?.map { try changeable($0, among: all) }
      ?? all.filter { $0.isInside && $0.image != nil }
    return try images.compactMap { image in
      let captions = try captions(of: image)
      let changed = captions.map { edit.applied(to: $0, trigger: trigger) }
      guard changed != captions else { return nil }
      let lines = try changed.map { try CaptionText.line($0, of: image.name) }
      // An image whose captions cannot be written is known before any is written.
      _ = try image.captionFile()
      return CaptionChange(
        image: image.name, before: captions.joined(separator: "\n"),
        after: lines.joined(separator: "\n"))
    }
  }

  /// Writes changes to the `.txt` files of the images. All of them are checked before the first is
  /// written. If a file cannot be written, the changes of the images before it stay.
  ///
  /// Throws `CaptionEditError.outdated` if the captions of an image are no longer those before the
  /// change, and what ``setCaption(_:of:)`` throws.
  package func apply(_ changes: [CaptionChange]) throws {
    try changing {
      let images = try images()
      let writes = try changes.map { change in
        let image = try changeable(change.image, among: images)
        guard try captions(of: image).joined(separator: "\n") == change.before else {
          throw CaptionEditError.outdated(image.name)
        }
        let lines = try change.after.split(
          omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).map { try CaptionText.line(String($0), of: image.name) }
        return (
          image: image, lines: lines, file: try image.captionFile(),
          read: try readCaptionFiles(of: image)
        )
      }
      for write in writes {
        try self.write(write.lines, of: write.image, at: write.file, write.read)
      }
    }
  }

  private func captions(of image: EditableImage) throws(ImageNameError) -> [String] {
    guard let captions = image.image?.captions else { throw .unusable(image.name) }
    return captions
  }
}

/// Captions of several images that cannot be changed.
package enum CaptionEditError: ReportableError, Equatable {
  /// There is no text to look for or to add.
  case nothing
  /// The captions of the image have changed since the preview.
  case outdated(String)

  /// The kind of error.
  package var kind: ErrorKind {
    switch self {
    case .nothing: .usage
    case .outdated: .busy
    }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .nothing: "There is no text to look for or to add; give one."
    case .outdated(let image):
      "The caption of \(image) has changed since the preview; look at the preview again."
    }
  }
}
