public import Files

/// Why pictures cannot be scored.
public enum DemoScoresError: ReportableError, Equatable {
  case unknownSubject(String, known: [String])
  case noSuchFolder(String)
  case noPictures(String)
  case notATemplate(String, width: Int, height: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unknownSubject(let name, let known):
      "The subject \(name) cannot be recognised; give one of \(known.joined(separator: ", "))."
    case .noSuchFolder(let path):
      "There is no folder \(path); give one with .png pictures."
    case .noPictures(let path):
      "The folder \(path) contains no .png picture; give a folder with .png pictures."
    case .notATemplate(let path, let width, let height):
      "\(path) has \(width) x \(height) pixels, but a template has 128 x 64; make it again with "
        + "Scripts/demo-model/subjects.py."
    }
  }
}
