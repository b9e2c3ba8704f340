public import Files
import Options

/// A dataset that cannot be trained on.
public enum DatasetError: ReportableError, Equatable {
  /// The subject's folder does not exist; `existing` are the folders beside it.
  case noSuchSubject(String, path: String, existing: [String])
  /// The path is a file, not a folder.
  case notAFolder(String)
  /// A folder or file that cannot be read.
  case unreadable(String, reason: String)
  /// The folder contains no image; `unsupported` are its images of other formats, `masks` its masks.
  case empty(String, unsupported: [String], masks: [String])
  /// All images of the folder are excluded.
  case allExcluded(String, images: [String])
  /// The folder contains no image, but these folders in it do.
  case imagesInside(String, folders: [String])
  /// A caption in another encoding, most likely the one named.
  case captionNotUTF8(String, encoding: String)
  /// A text with NUL characters.
  case nulCharacters(String)
  /// A line of a caption file with an invalid focus point, or a second one.
  case noFocusPoint(String, line: Int, found: String)
  /// A line of a `metadata.jsonl` or `metadata.csv` that cannot be used.
  case brokenMetadata(String, line: Int, problem: String, remedy: String)
  /// A JSON file with captions that cannot be used.
  case brokenJSON(String, problem: String)
  /// `subject.yaml` lists a folder that does not exist, or a file.
  case noListedFolder(String, subjectFile: String)
  /// No image has a caption, but there are captions in files that are not read.
  case captionsNotRead(String, files: [String])
  /// The masks of all images are black where training sees them, and black has no weight.
  case nothingCounts(String, images: [String])
  /// Several files that cannot be used, with one sentence for each.
  case unusable(String, reasons: [String])

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .noSuchSubject, .noListedFolder, .empty, .allExcluded, .imagesInside: .missingInput
    case .unreadable: .inputOutput
    case .notAFolder, .captionNotUTF8, .nulCharacters, .captionsNotRead, .noFocusPoint,
      .brokenMetadata, .brokenJSON, .nothingCounts, .unusable:
      .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noSuchSubject(let subject, let path, let existing):
      "There is no dataset folder \(path)"
        + (existing.isEmpty ? "" : " (there are: \(listing(existing)))")
        + (nearestName(to: subject, in: existing).map { "; did you mean \"\($0)\"?" } ?? "")
        + "; to make one, put 5 to 30 images of the subject there, "
        + "each with its caption in a .txt file of the same name."
    case .notAFolder(let path):
      "\(path) is a file; give the folder that contains the images."
    case .unreadable(let path, let reason):
      "\(path) cannot be read (\(reason)); check its permissions and the disk."
    case .empty(let path, let unsupported, let masks):
      "\(path) contains no image"
        + (!unsupported.isEmpty
          ? ", only unsupported formats (\(listing(unsupported))); convert them."
          : masks.isEmpty
            ? "; put 5 to 30 images of the subject there."
            : ", only masks by their names (\(listing(masks))); if they are images, move or rename "
              + "them or give them captions, and if they are masks, put their images beside them.")
    case .allExcluded(let path, let images):
      "\(path) contains no image that is used, since exclude in its subject.yaml lists all of them "
        + "(\(listing(images))); remove some from that list, or add other images."
    case .imagesInside(let path, let folders):
      "\(path) contains no image, but its folder \(folders[0]) does; give "
        + "`dataset: \(path)/\(folders[0])`, or list it in \(path)/subject.yaml under folders."
    case .captionNotUTF8(let path, let encoding) where encoding.hasPrefix("UTF-16"):
      "\(path) is UTF-16 text; save it as UTF-8."
    case .captionNotUTF8(let path, _):
      "\(path) is not UTF-8 text; save the caption as UTF-8."
    case .nulCharacters(let path):
      "\(path) contains NUL characters, as UTF-16 text and damaged files do; save it as UTF-8."
    case .noFocusPoint(let path, let line, let found):
      "\(path) line \(line) has \"\(found)\", but a file has at most one focus point, given by its "
        + "shares of width and height from 0 to 1, such as \"focus: 0.5 0.3\"."
    case .brokenMetadata(let path, let line, let problem, let remedy):
      "\(path) line \(line) \(problem); \(remedy)."
    case .brokenJSON(let path, let problem):
      "\(path) \(problem); correct it, or remove it if it has no captions."
    case .noListedFolder(let path, let subjectFile):
      "There is no folder \(path), which \(subjectFile) lists under folders; correct its path, "
        + "which is relative to the dataset folder, or remove it from the list."
    case .captionsNotRead(let path, let files):
      "\(path) has captions in files that are not read (\(listing(files))) and no others; "
        + "\(Self.remedy(files))."
    case .nothingCounts(let path, let images):
      "All images in \(path) have masks that are black where training sees them "
        + "(\(listing(images))) and `mask_floor` is 0, so nothing would be trained; make white what "
        + "counts, raise `mask_floor`, or set `masks: false`."
    case .unusable(let path, let reasons):
      "\(path) has \(reasons.count) files that cannot be used:\n"
        + reasons.map { "  \($0)" }.joined(separator: "\n")
    }
  }

  /// What to do with captions in files that are not read.
  private static func remedy(_ files: [String]) -> String {
    let isSpelling = files.allSatisfy { file in
      ["metadata.jsonl", "metadata.csv"].contains(file.split(separator: "/").last?.lowercased())
    }
    return isSpelling
      ? "rename them to lower case"
      : "write them to .txt files, or to metadata.csv with the columns file_name and text"
  }

  /// Shell commands that fix it, in the order to run them; may be empty.
  var commands: [String] {
    switch self {
    case .captionNotUTF8(let path, let encoding):
      [ShellCommand.toUTF8(path, from: encoding)]
    default: []
    }
  }
}
