package import Files

/// A place that images cannot be written to.
package enum OutputError: ReportableError, Equatable {
  /// A file of another kind.
  case notPNG(String)
  /// One file for several images.
  case single(String, count: Int)
  /// A file for a campaign.
  case notAFolder(String)
  /// There is a file that would be replaced.
  case exists(String)

  package var kind: ErrorKind {
    if case .exists = self { .cannotWrite } else { .usage }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .notPNG(let output):
      "`output` is \(output), but images are written as .png files; choose such a name."
    case .single(let output, let count):
      "`count` is \(count), so `output` must be a folder, and not \(output)."
    case .notAFolder(let output):
      "`output` is \(output), but a campaign needs a folder for its images."
    case .exists(let file):
      "\(file) is there already; choose another `output`, or use `overwrite` to replace it."
    }
  }
}
