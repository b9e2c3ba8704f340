public import Files

/// A configuration of prior preservation that cannot be used.
public enum PriorError: ReportableError, Equatable {
  /// There is no prompt for class images to draw, or no caption for an `image` in the folder.
  case noClassPrompt(image: String?, subjectFile: String)
  /// There is neither a class word nor a class prompt for which the base model's prediction is kept.
  case noClassText(subjectFile: String)
  /// The folder with class images does not exist.
  case noFolder(String)
  /// The folder has fewer images than requested.
  case tooFew(folder: String, found: Int, requested: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .noClassPrompt, .noClassText: .usage
    case .noFolder: .missingInput
    case .tooFew: .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noClassPrompt(let image, let subjectFile):
      (image.map { "\($0) has no caption" } ?? "The class images (prior_images) have no prompt")
        + "; set `class_prompts`, or class_word in \(subjectFile)."
    case .noClassText(let subjectFile):
      "`preservation` is output, but the subject's class is not known; set class_word in \(subjectFile), or "
        + "`class_prompts`."
    case .noFolder(let path):
      "There is no folder \(path); set `prior_folder` to a folder with class images, or omit it to "
        + "draw them."
    case .tooFew(let folder, let found, let requested):
      found == 0
        ? "\(folder) contains no image; add class images, or omit `prior_folder` to "
          + "draw them."
        : "\(folder) contains \(found) images, but `prior_images` is \(requested); add images, or "
          + "set `prior_images: \(found)`."
    }
  }
}
