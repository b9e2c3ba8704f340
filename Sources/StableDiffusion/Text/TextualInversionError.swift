public import Files

/// An embedding that cannot be used.
public enum TextualInversionError: ReportableError, Equatable {
  /// A word without letters.
  case noWord(String)
  /// A word that is one token of CLIP already.
  case knownWord(String)
  /// Two embeddings with the same word.
  case twice(word: String)
  /// A file without tensors that are vectors of a text encoder.
  case otherContent(file: String, names: [String])
  /// A tensor without a vector.
  case empty(file: String, name: String)
  /// A tensor that is no list of vectors.
  case shape(file: String, name: String, shape: [Int])
  /// Vectors of a width that no text encoder of the model has.
  case otherWidth(file: String, found: [Int], wanted: [Int])
  /// The text encoders have different numbers of vectors.
  case counts(file: String, [Int])
  /// Values that are infinite or not numbers.
  case notFinite(file: String, name: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .noWord, .knownWord, .twice: .usage
    case .otherContent, .empty, .shape, .otherWidth, .counts, .notFinite: .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noWord(let word):
      "An embedding cannot be called \"\(word)\", which has no letter; choose a name that prompts can "
        + "contain."
    case .knownWord(let word):
      "An embedding cannot be called \"\(word)\", since CLIP knows this word as one token and prompts "
        + "would lose it; choose another name of its file, or another trigger in subject.yaml, such as "
        + "\(word)-style."
    case .twice(let word):
      "Two embeddings are called \"\(word)\"; rename one of the files."
    case .otherContent(let file, let names):
      "\(file) is not an embedding (textual inversion): it contains \(listing(names)) instead of clip_l "
        + "and clip_g; choose an embedding for SDXL."
    case .empty(let file, let name):
      "\(file) has no vector in \(name); use a file that was saved completely."
    case .shape(let file, let name, let shape):
      "\(file) is not an embedding (textual inversion): \(name) has the shape \(shape) instead of vectors "
        + "one below the other; choose an embedding for SDXL."
    case .otherWidth(let file, let found, let wanted):
      "\(file) is an embedding of another width: its vectors have \(Self.list(found)) values, and those of "
        + "the model \(Self.list(wanted)); choose an embedding for this base model."
    case .counts(let file, let counts):
      "\(file) has \(Self.list(counts)) vectors for the two text encoders, but must have the same number "
        + "for both; use a file that was saved completely."
    case .notFinite(let file, let name):
      "\(file) has values in \(name) that are infinite or not numbers; use an undamaged file."
    }
  }

  private static func list(_ numbers: [Int]) -> String {
    numbers.map { "\($0)" }.joined(separator: " and ")
  }
}
