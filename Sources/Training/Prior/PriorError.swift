public import Files

/// Prior preservation that cannot be had as it is asked for.
public enum PriorError: ReportableError, Equatable {
  /// Nothing says what class images show: those to be drawn, or a `picture` without a caption.
  case noClassPrompt(picture: String?, subjectFile: String)
  /// The folder with class images is not there.
  case noFolder(String)
  /// The folder holds fewer pictures than are asked for.
  case tooFew(folder: String, found: Int, asked: Int)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    switch self {
    case .noClassPrompt: .usage
    case .noFolder: .missingInput
    case .tooFew: .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noClassPrompt(let picture, let subjectFile):
      (picture.map { "\($0) has no caption, and nothing says" }
        ?? "Class images are asked for (prior_images), but nothing says")
        + " what they show; give `class_prompts`, or set class_word in \(subjectFile)."
    case .noFolder(let path):
      "There is no folder \(path); give `prior_folder` a folder with class images, or leave it out "
        + "to have them drawn."
    case .tooFew(let folder, let found, let asked):
      found == 0
        ? "\(folder) holds no .jpg or .png picture; put class images there, or leave out "
          + "`prior_folder` to have them drawn."
        : "\(folder) holds \(found) of the \(asked) class images that are asked for; add some, or "
          + "set `prior_images: \(found)` to use those that are there."
    }
  }
}
