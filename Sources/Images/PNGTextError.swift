public import Files

/// A file without the texts of a PNG.
public enum PNGTextError: ReportableError, Equatable {
  /// An image of another format; `file` is nil for data without a name.
  case otherFormat(file: String?, ImageFormat)

  /// The kind of error.
  public var kind: ErrorKind { .badData }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .otherFormat(let file, let format):
      let name = file ?? "The image data"
      return "\(name) is an image in \(format.rawValue), and only a PNG contains texts; "
        + "give the PNG that was drawn."
    }
  }
}
