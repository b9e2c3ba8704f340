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
  /// The folder contains no image; `unsupported` are its images of other formats.
  case empty(String, unsupported: [String])
  /// A caption in another encoding, most likely the one named.
  case captionNotUTF8(String, encoding: String)
  /// A line of a caption file with an invalid focus point, or a second one.
  case noFocusPoint(String, line: Int, found: String)
  /// A line of a `metadata.jsonl` that cannot be used.
  case brokenMetadata(String, line: Int, problem: String)
  /// `subject.yaml` lists a folder that does not exist, or a file.
  case noListedFolder(String, subjectFile: String)
  /// No image has a `.txt`, but there are captions with other extensions.
  case captionsNotRead(String, files: [String])
  /// Several files that cannot be used, with one sentence for each.
  case unusable(String, reasons: [String])

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .noSuchSubject, .noListedFolder, .empty: .missingInput
    case .unreadable: .inputOutput
    case .notAFolder, .captionNotUTF8, .captionsNotRead, .noFocusPoint, .brokenMetadata, .unusable:
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
        + "; to make one, put 5 to 30 .jpg or .png images of the subject there, "
        + "each with its caption in a .txt file of the same name."
    case .notAFolder(let path):
      "\(path) is a file; give the folder that contains the images."
    case .unreadable(let path, let reason):
      "\(path) cannot be read (\(reason)); check its permissions and the disk."
    case .empty(let path, let unsupported):
      "\(path) contains no .jpg or .png image"
        + (unsupported.isEmpty
          ? "; put 5 to 30 images of the subject there."
          : ", only unsupported formats (\(listing(unsupported))); convert them.")
    case .captionNotUTF8(let path, _):
      "\(path) is not UTF-8 text; save the caption as UTF-8."
    case .noFocusPoint(let path, let line, let found):
      "\(path) line \(line) has \"\(found)\", but a file has at most one focus point, given by its "
        + "shares of width and height from 0 to 1, such as \"focus: 0.5 0.3\"."
    case .brokenMetadata(let path, let line, let problem):
      "\(path) line \(line) \(problem); each line must be a JSON object such as "
        + #"{"file_name": "01.jpg", "text": "a photo of sks dog"}."#
    case .noListedFolder(let path, let subjectFile):
      "There is no folder \(path), which \(subjectFile) lists under folders; correct its path, "
        + "which is relative to the dataset folder, or remove it from the list."
    case .captionsNotRead(let path, let files):
      "\(path) has captions in files that are not read (\(listing(files))) and no .txt; "
        + "rename them to .txt."
    case .unusable(let path, let reasons):
      "\(path) has \(reasons.count) files that cannot be used:\n"
        + reasons.map { "  \($0)" }.joined(separator: "\n")
    }
  }

  /// Shell commands that fix it, in the order to run them; may be empty.
  var commands: [String] {
    switch self {
    case .captionNotUTF8(let path, let encoding):
      [ShellCommand.toUTF8(path, from: encoding)]
    case .captionsNotRead(let path, let files):
      files.filter { !ForeignCaptions.names.contains($0) }.map { file in
        let whole = file.hasPrefix("/") ? file : "\(path)/\(file)"
        return ShellCommand.move(whole, to: whole.pathStem + "txt")
      }
    default: []
    }
  }
}

/// Caption files in formats that are not read.
enum ForeignCaptions {
  /// Names that other programs use for them.
  static let names = ["metadata.csv", "metadata.parquet"]
}
