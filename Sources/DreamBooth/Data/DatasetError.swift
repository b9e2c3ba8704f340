/// A dataset that cannot be trained on.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
  /// The subject's folder is not there; `existing` are the folders beside it.
  case noSuchSubject(String, path: String, existing: [String])
  /// There is a file where the folder should be.
  case notAFolder(String)
  /// A folder or file that cannot be read.
  case unreadable(String, reason: String)
  /// The folder holds no image; `unsupported` are the images of other formats in it.
  case empty(String, unsupported: [String])
  /// A caption in another encoding.
  case captionNotUTF8(String)
  /// No image has a `.txt`, but captions with another extension lie there.
  case captionsNotRead(String, files: [String])

  /// One sentence: which folder or file, what was found, what to do.
  public var description: String {
    switch self {
    case .noSuchSubject(let subject, let path, let existing):
      "There is no dataset folder \(path)"
        + (existing.isEmpty ? "" : " (there are: \(listing(existing)))")
        + (nearestName(to: subject, in: existing).map { "; did you mean \"\($0)\"?" } ?? "")
        + "; to make one, put 5 to 30 .jpg or .png pictures of the subject there, "
        + "each with a caption of the same name in a .txt file."
    case .notAFolder(let path):
      "\(path) is a file: give the folder that holds the pictures."
    case .unreadable(let path, let reason):
      "\(path) cannot be read (\(reason)); check its permissions and the disk."
    case .empty(let path, let unsupported):
      "\(path) holds no .jpg or .png picture"
        + (unsupported.isEmpty
          ? ": put 5 to 30 of the subject there."
          : ", only formats that are not read (\(listing(unsupported))): convert them.")
    case .captionNotUTF8(let path):
      "\(path) is not UTF-8 text: save the caption as UTF-8."
    case .captionsNotRead(let path, let files):
      "\(path) has captions that would not be read (\(listing(files))) and no .txt: "
        + "rename them to .txt."
    }
  }
}

/// Names for a sentence, the first ten of them.
func listing(_ names: [String], separator: String = ", ") -> String {
  let shown = names.prefix(10).joined(separator: separator)
  return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
}
