public import Files

/// Why nothing can be scored.
public enum DemoScoresError: ReportableError, Equatable {
  case unknownSubject(String, known: [String])
  case noSuchFolder(String)
  case noPictures(String)
  case notATemplate(String, width: Int, height: Int)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .badData
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unknownSubject(let name, let known):
      "There is no description of how \(name) looks; the subjects that can be recognised are "
        + "\(known.joined(separator: ", "))."
    case .noSuchFolder(let path):
      "There is no folder \(path); give one with .png pictures."
    case .noPictures(let path):
      "The folder \(path) holds no .png picture; give one that does."
    case .notATemplate(let path, let width, let height):
      "\(path) has \(width) x \(height) pixels, but a template has 128 x 64; make it again with "
        + "Scripts/demo-model/subjects.py."
    }
  }
}
